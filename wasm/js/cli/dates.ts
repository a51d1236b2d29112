/** Moments as people write them. */
import { UsageError } from './verb.js';

const UNITS_MS: Record<string, number> = { second: 1e3, minute: 6e4, hour: 36e5, day: 864e5, week: 7 * 864e5, month: 30 * 864e5, year: 365 * 864e5 };

/** A moment in milliseconds: ISO 8601, a time of today (03:42), 'yesterday', '2 hours ago'. */
export function moment(text: string, now = Date.now()): number | undefined {
  const relative = /^(\d+)[ .](second|minute|hour|day|week|month|year)s?[ .]ago$/i.exec(text);
  if (relative !== null) return now - Number(relative[1]) * UNITS_MS[relative[2]!.toLowerCase()]!;
  if (text === 'now') return now;
  if (text === 'yesterday') return now - UNITS_MS['day']!;
  const time = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text);
  if (time !== null) {
    const today = new Date(now);
    today.setHours(Number(time[1]), Number(time[2]), Number(time[3] ?? 0), 999);
    // A time that is yet to come was meant of the day before.
    return today.getTime() > now ? today.getTime() - UNITS_MS['day']! : today.getTime();
  }
  // A commit's id, or the name of a branch, is no date.
  if (!/^\d{4}-\d{2}(?:-\d{2})?(?:[ T].*)?$|^[A-Z][a-z]{2}, |^@\d+$/.test(text)) return undefined;
  const parsed = text.startsWith('@') ? Number(text.slice(1)) * 1000 : Date.parse(text);
  return Number.isNaN(parsed) ? undefined : parsed;
}

/** As `moment`, where nothing else can be meant. */
export function momentOf(text: string, option: string): Date {
  const found = moment(text);
  if (found === undefined) throw new UsageError(`'${text}' is no date for ${option}: give 2026-01-31, 2026-01-31T03:42, 03:42, yesterday or '2 days ago'`);
  return new Date(found);
}
