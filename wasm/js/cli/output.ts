/** Text for people: nothing in it controls a terminal; paths as git quotes them. */
import { type BytePath, shown } from '../worktree/path.js';
import type { ObjectDatabase } from '../worktree/objects.js';

const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const ESCAPES: Record<string, string> = { '\x07': '\\a', '\b': '\\b', '\t': '\\t', '\n': '\\n', '\v': '\\v', '\f': '\\f', '\r': '\\r', '"': '\\"', '\\': '\\\\' };
const SHORT_ID_DIGITS = 7;

/** Text of somebody else: what would steer a terminal, or turn the order of letters around, is shown as its code. */
export function safe(text: string): string {
  return text.replace(CONTROL, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  }).replace(/[\udc80-\udcff](?<![\ud800-\udbff].)/g, (byte) => `\\x${(byte.charCodeAt(0) - 0xdc00).toString(16)}`);
}

/** Text on one line. */
export function safeLine(text: string): string {
  return safe(text).replace(/[\t\n]/g, ' ');
}

/** A path as git's porcelain prints it: in quotes where it holds a character that is not plain. */
export function quoted(path: BytePath, spacesToo = false): string {
  if (!/[\x00-\x1f"\\\x7f-\xff]/.test(path)) return spacesToo && path.includes(' ') ? `"${path}"` : path;
  const text = path.replace(/[\x00-\x1f"\\\x7f-\xff]/g, (byte) => ESCAPES[byte] ?? `\\${byte.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return `"${text}"`;
}

/** A path for people. */
export function named(path: BytePath): string {
  return safe(shown(path)).replace(/[\t\n]/g, (character) => ESCAPES[character]!);
}

/** The first digits of an id that name no other object. */
export function shortId(objects: ObjectDatabase, id: string): string {
  let digits = SHORT_ID_DIGITS;
  const others = objects.startingWith(id.slice(0, digits));
  while (digits < id.length && others.filter((other) => other.startsWith(id.slice(0, digits))).length > 1) digits++;
  return id.slice(0, digits);
}

/** Colours, where a terminal shows them and nobody said no. */
export function paint(text: string, colour: 'red' | 'green' | 'yellow' | 'cyan' | 'bold'): string {
  if (!process.stdout.isTTY || process.env['NO_COLOR']) return text;
  const code = { red: 31, green: 32, yellow: 33, cyan: 36, bold: 1 }[colour];
  return `\x1b[${code}m${text}\x1b[m`;
}
