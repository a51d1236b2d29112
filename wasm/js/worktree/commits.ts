/** Commits as bytes: what one says, and how a new one is written. */
import { GovcError } from '../errors.js';
import { encodeText } from '../text.js';
import type { ObjectDatabase } from './objects.js';
import type { WorkTree } from './work-tree.js';

/** Header lines of a commit that are looked at. */
const PARENTS_MAX = 100_000;

/** What a commit stands on, and who made it. */
export interface CommitHeader { tree: string; parents: string[]; author: string; committer: string; message: string }

/** Reads a commit. Its message is UTF-8 here, whatever it says. */
export function readCommit(objects: ObjectDatabase, id: string): CommitHeader {
  const bytes = objects.readKind(id, 'commit');
  const end = bytes.indexOf('\n\n');
  const lines = bytes.toString('utf8', 0, end < 0 ? bytes.length : end).split('\n');
  const values = (name: string) => lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
  const [tree] = values('tree');
  if (tree === undefined) throw new GovcError('CorruptObject', `commit ${id} names no tree`, { id });
  const message = end < 0 ? '' : bytes.toString('utf8', end + 2);
  return { tree, parents: values('parent').slice(0, PARENTS_MAX), author: values('author')[0] ?? '', committer: values('committer')[0] ?? '', message };
}

/** The bytes of a commit. */
export function commitBytes(header: CommitHeader): Uint8Array {
  const { tree, parents, author, committer, message } = header;
  const lines = [`tree ${tree}`, ...parents.map((parent) => `parent ${parent}`), `author ${author}`, `committer ${committer}`];
  return encodeText(`${lines.join('\n')}\n\n${message}`);
}

/** A message as git keeps it: no space at the ends of lines, no empty lines around it, one between paragraphs. */
export function cleanMessage(message: string): string {
  const lines = message.split('\n').map((line) => line.replace(/[ \t\r\v\f]+$/, ''));
  const text = lines.join('\n').replace(/^\n+|\n+$/g, '').replace(/\n{3,}/g, '\n\n');
  return text === '' ? '' : `${text}\n`;
}

/** The first line of a message. */
export function subject(message: string): string {
  return (message.trim().split('\n\n', 1)[0] ?? '').replaceAll('\n', ' ');
}

/** Who acts, as git's identity line: from the environment, else from the configuration. Throws NotFound where nobody is named. */
export function identity(tree: WorkTree, role: 'author' | 'committer', now = Date.now()): string {
  const { environment, config } = tree;
  const upper = role.toUpperCase();
  const name = environment[`GIT_${upper}_NAME`] ?? config.get(`${role}.name`) ?? config.get('user.name');
  const email = environment[`GIT_${upper}_EMAIL`] ?? config.get(`${role}.email`) ?? config.get('user.email') ?? environment['EMAIL'];
  if (!name || email === undefined) {
    const missing = name ? 'user.email' : 'user.name';
    throw new GovcError('NotFound', `who makes this commit? Run: git config --global ${missing} "..."`, { setting: missing });
  }
  return `${cleaned(name)} <${cleaned(email)}> ${dateOf(environment[`GIT_${upper}_DATE`], now)}`;
}

/** Without what would end the name or the address, and without dots and the like around it. */
function cleaned(text: string): string {
  return text.replace(/[<>\n\0]/g, '').replace(/^[\x00-\x20.,:;"\\']+|[\x00-\x20.,:;"\\']+$/g, '');
}

/** Seconds and zone of a date as GIT_AUTHOR_DATE gives it, or of this moment. */
export function dateOf(text: string | undefined, now: number): string {
  if (text === undefined || text === '') return `${Math.floor(now / 1000)} ${zone(-new Date(now).getTimezoneOffset())}`;
  const raw = /^@?(\d{1,12})(?: ([-+]\d{4}))?$/.exec(text.trim());
  if (raw !== null && (text.includes('@') || raw[1]!.length > 8)) return `${raw[1]} ${raw[2] ?? '+0000'}`;
  const time = Date.parse(text);
  if (Number.isNaN(time)) {
    throw new GovcError('InvalidArgument', `'${text}' is no date that is understood: give '@SECONDS +ZONE' or ISO 8601`, { date: text });
  }
  const named = /(Z|[-+]\d{2}:?\d{2})\s*$/.exec(text)?.[1];
  const shown = named === undefined ? zone(-new Date(time).getTimezoneOffset()) : named === 'Z' ? '+0000' : named.replace(':', '');
  return `${Math.floor(time / 1000)} ${shown}`;
}

/** A zone as git writes it: +0130. */
export function zone(minutes: number): string {
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${minutes < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}${String(rest).padStart(2, '0')}`;
}

/** An identity line's parts. */
export function readIdentity(line: string): { name: string; email: string; seconds: number; zone: string } {
  const [, name = '', email = '', seconds = '0', zone = '+0000'] = /^(.*?) ?<([^>]*)>(?: (-?\d+)(?: ([-+]\d{4}))?)?/s.exec(line) ?? [];
  return { name, email, seconds: Number(seconds), zone };
}
