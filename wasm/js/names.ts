/** Names on their way to the engine. */
import { GovcError } from './errors.js';
import { Reality } from './reality.js';
import { encodeText } from './text.js';
import type { Revision } from './types.js';

/** The name of a reality that is given as itself or by name. */
export function nameOf(reality: Reality | string): string {
  return typeof reality === 'string' ? reality : reality.name;
}

/** Names as the engine takes several. */
export function lines(names: string[]): Uint8Array {
  const broken = names.find((name) => String(name).includes('\n'));
  if (broken !== undefined) throw new GovcError('InvalidName', 'the name of a reality holds no newline', { name: broken });
  return encodeText(names.join('\n'));
}

/** What conflict markers call a side. */
export function labelOf(revision: Revision): string {
  if (typeof revision === 'string') return revision.replace(/^refs\/heads\//, '');
  return revision instanceof Reality ? revision.name : revision.id;
}
