/** Reflogs read back: what a ref was at a moment. */
import { readFileSync } from 'node:fs';

import { GovcError } from '../errors.js';
import { failedBecause } from '../storage/git-directory/files.js';
import type { Layout } from '../storage/git-directory/layout.js';
import { logPath } from '../storage/git-directory/reflog.js';
import { readIdentity } from './commits.js';

/** A larger log is not read, in bytes. */
const BYTES_MAX = 256 << 20;

/** A move of a ref. */
export interface Move { before: string; after: string; by: string; seconds: number; message: string }

/** The moves of a ref, the newest first. */
export class Reflog {
  readonly moves: readonly Move[];

  constructor(moves: readonly Move[]) {
    this.moves = moves;
  }

  /** The id `count` moves ago, or at a date; undefined where the log does not go back so far. */
  at(selector: string): string | undefined {
    if (/^\d{1,8}$/.test(selector)) {
      const count = Number(selector);
      return this.moves[count]?.after ?? (count > 0 && count === this.moves.length ? known(this.moves[count - 1]!.before) : undefined);
    }
    const time = Date.parse(selector);
    if (Number.isNaN(time)) throw new GovcError('InvalidArgument', `'${selector}' is neither a number nor a date such as 2026-01-31T03:42Z`, { selector });
    return this.atTime(time);
  }

  /** What the ref was at a moment, in milliseconds. */
  atTime(time: number): string | undefined {
    return known(this.moves.find(({ seconds }) => seconds * 1000 <= time)?.after);
  }
}

function known(id: string | undefined): string | undefined {
  return id === undefined || /^0+$/.test(id) ? undefined : id;
}

/** The reflog of a ref; empty where it has none. Lines that are broken are passed over. */
export function readReflog(layout: Layout, name: string): Reflog {
  let text: Buffer;
  try {
    text = readFileSync(logPath(layout, name));
  } catch (thrown) {
    if (failedBecause(thrown, 'ENOENT', 'ENOTDIR', 'EISDIR')) return new Reflog([]);
    throw thrown;
  }
  if (text.length > BYTES_MAX) throw new GovcError('LimitExceeded', `the reflog of '${name}' has ${text.length} bytes: ${BYTES_MAX} are read at most`, { ref: name });
  const moves = text.toString('utf8').split('\n').flatMap((line) => {
    const [, before, after, by, , message = ''] = /^([0-9a-f]{40}) ([0-9a-f]{40}) ([^\t]*)(\t(.*))?$/.exec(line) ?? [];
    return before === undefined ? [] : [{ before, after: after!, by: by!, seconds: readIdentity(by!).seconds, message }];
  });
  return new Reflog(moves.reverse());
}
