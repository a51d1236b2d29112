/**
 * Bytes of a file on their way into the repository and out: line ends. What would need a program, or an encoding, is
 * refused with its reason: no content is ever wrong without a word.
 */
import { GovcError } from '../errors.js';
import { type Config, flag } from '../storage/git-directory/config.js';
import type { Attributes } from './attributes.js';
import { type BytePath, shown } from './path.js';

const CR = 0x0d;
const LF = 0x0a;
/** What ends a text file of MS-DOS. */
const SUBSTITUTE = 0x1a;

/** What happens to line ends; `guess` where a file may turn out to be binary. */
export interface Conversion { text: boolean; guess: boolean; crlf: boolean; ident: boolean }

/** What happens to the file at `path`. Throws Rejected where that is not supported here. */
export function conversionOf(path: BytePath, attributes: Attributes, config: Config): Conversion {
  const refuse = (reason: string, what: string) =>
    new GovcError('Rejected', `'${shown(path)}' ${reason}`, { path: shown(path), attribute: what });
  const { filter, eol } = attributes;
  const encoding = attributes['working-tree-encoding'];
  if (typeof filter === 'string' && ['clean', 'smudge', 'process'].some((step) => config.has(`filter.${filter}.${step}`))) {
    throw refuse(`goes through the filter '${filter}', a program that govc does not run: use git for this file`, 'filter');
  }
  if (typeof encoding === 'string' && !/^utf-?8$/i.test(encoding)) {
    throw refuse(`is kept as ${encoding} in the work tree, which govc does not convert: use git for this file`, 'working-tree-encoding');
  }
  const text = attributes['text'] === undefined ? fromCrlf(attributes['crlf']) : attributes['text'];
  return { ...lineEnds(text, attributes['crlf'] === 'input' && attributes['text'] === undefined ? 'lf' : eol, config), ident: attributes['ident'] === true };
}

/** The older attribute `crlf`. */
function fromCrlf(crlf: Attributes[string]): Attributes[string] {
  return crlf === 'input' ? true : typeof crlf === 'string' && crlf !== 'auto' ? undefined : crlf;
}

function lineEnds(text: Attributes[string], eol: Attributes[string], config: Config): Omit<Conversion, 'ident'> {
  const setting = config.get('core.autocrlf')?.toLowerCase();
  const autocrlf = setting === 'input' ? 'input' : flag(config, 'core.autocrlf') === true;
  const native = config.get('core.eol')?.toLowerCase();
  const usual = autocrlf === true || autocrlf === false && (native === 'crlf' || native !== 'lf' && process.platform === 'win32');
  if (text === false) return { text: false, guess: false, crlf: false };
  const wanted = eol === 'crlf' ? true : eol === 'lf' ? false : undefined;
  if (text === 'auto') return { text: true, guess: true, crlf: wanted ?? usual };
  if (text === true || wanted !== undefined) return { text: true, guess: false, crlf: wanted ?? usual };
  return autocrlf === false ? { text: false, guess: false, crlf: false } : { text: true, guess: true, crlf: autocrlf === true };
}

/** The content as the repository keeps it. `kept` gives what the index has of the file. */
export function toRepository(path: BytePath, content: Buffer, conversion: Conversion, kept: () => Buffer | undefined): Buffer {
  if (conversion.ident && /\$Id(?::[^\n$]*)?\$/.test(content.toString('latin1'))) throw identRefused(path);
  if (!conversion.text || !content.includes(CR)) return content;
  const found = countLineEnds(content);
  if (found.both === 0) return content;
  if (conversion.guess && (isBinary(found) || hasCrlf(kept()))) return content;
  return withoutCr(content);
}

/** The content as the work tree has it. */
export function toWorkTree(path: BytePath, content: Buffer, conversion: Conversion): Buffer {
  if (conversion.ident && /\$Id(?::[^\n$]*)?\$/.test(content.toString('latin1'))) throw identRefused(path);
  if (!conversion.text || !conversion.crlf) return content;
  const found = countLineEnds(content);
  if (found.lf === 0) return content;
  if (conversion.guess && (found.cr > 0 || found.both > 0 || isBinary(found))) return content;
  return withCr(content, found.lf);
}

function identRefused(path: BytePath): GovcError {
  return new GovcError('Rejected', `'${shown(path)}' has the attribute 'ident' and holds $Id$, which govc does not expand: use git for this file`, {
    path: shown(path), attribute: 'ident',
  });
}

interface Counts { cr: number; lf: number; both: number; nul: number; printable: number; other: number }

/** What git looks at to tell text from the rest. `cr` and `lf` are those that stand alone. */
function countLineEnds(content: Buffer): Counts {
  const counts: Counts = { cr: 0, lf: 0, both: 0, nul: 0, printable: 0, other: 0 };
  for (let at = 0; at < content.length; at++) {
    const byte = content[at]!;
    if (byte === CR) {
      if (content[at + 1] === LF) {
        counts.both++;
        at++;
      } else counts.cr++;
    } else if (byte === LF) counts.lf++;
    else if (byte === 0) counts.nul++;
    else if (byte === 0x7f || byte < 0x20 && ![0x08, 0x09, 0x1b, 0x0c].includes(byte)) counts.other++;
    else counts.printable++;
  }
  if (content.at(-1) === SUBSTITUTE) counts.other--;
  counts.other += counts.nul;
  return counts;
}

function isBinary({ cr, nul, printable, other }: Counts): boolean {
  return cr > 0 || nul > 0 || Math.floor(printable / 128) < other;
}

function hasCrlf(content: Buffer | undefined): boolean {
  if (content === undefined) return false;
  const found = countLineEnds(content);
  return found.both > 0 && !isBinary(found);
}

function withoutCr(content: Buffer): Buffer {
  const out = Buffer.allocUnsafe(content.length);
  let filled = 0;
  for (let at = 0; at < content.length; at++) {
    if (content[at] === CR && content[at + 1] === LF) continue;
    out[filled++] = content[at]!;
  }
  return out.subarray(0, filled);
}

function withCr(content: Buffer, alone: number): Buffer {
  const out = Buffer.allocUnsafe(content.length + alone);
  let filled = 0;
  for (let at = 0; at < content.length; at++) {
    const byte = content[at]!;
    if (byte === LF && (at === 0 || content[at - 1] !== CR)) out[filled++] = CR;
    out[filled++] = byte;
  }
  return out.subarray(0, filled);
}
