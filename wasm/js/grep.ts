/** Lines that a pattern finds, in a state or over a range of history. Loaded when it is asked for. */
import { call } from './binding.js';
import { Commit } from './commit.js';
import { GovcError } from './errors.js';
import { PackedReader } from './packed.js';
import { breath, SLICE_MS, throwIfAborted } from './progress.js';
import type { Repository } from './repository.js';
import { decodeContent, decodeText, encodeText } from './text.js';
import type { Glob, LogOptions, ObjectId, Path, Revision } from './types.js';

/** Where to search, and what counts as found. */
export interface GrepOptions {
  /** Where to search. Default: main, as committed. */
  revision?: Revision;
  /** A range of history instead, as `log` takes it: each commit of it is searched, each content once. */
  revisions?: LogOptions;
  /** Only files that these mean, as in a `.gitignore`. */
  paths?: Glob[];
  /** Capital and small letters are the same. Default false. */
  ignoreCase?: boolean;
  /** Whether a string is text as it stands (the default) or the source of a regular expression. */
  fixed?: boolean;
  /** Only matches of whole words. */
  word?: boolean;
  /** The lines that do not match. */
  invert?: boolean;
  /** At most this many lines of each file. */
  maxPerFile?: number;
  /** Stops the search. */
  signal?: AbortSignal;
}

/** A line that was found. */
export interface GrepMatch {
  /** The commit that was searched; undefined where a tree was. */
  commit?: Commit;
  /** The file. */
  path: Path;
  /** From 1. */
  line: number;
  /** Without the newline that ends it. */
  text: string;
}

type Line = Pick<GrepMatch, 'line' | 'text'>;

/** Bytes in which a NUL makes a file binary, as in git. */
const BINARY_BYTES = 8_000;
/** Lines that are searched between two looks at the clock. */
const LINES_A_TIME = 1_000;
/** Most contents whose lines are remembered, for the other commits that have them. */
const REMEMBERED_MAX = 100_000;

/** The lines that `pattern` finds, commit by commit, in the order of the paths. */
export async function* grep(repository: Repository, pattern: string | RegExp, options: GrepOptions): AsyncGenerator<GrepMatch, void, undefined> {
  const search = new Search(repository, pattern, options);
  const { revision = repository.main, revisions } = options;
  if (revisions === undefined) {
    const id = repository.resolve(revision);
    const commit = call(() => repository.engine.peelToCommit(id));
    yield* search.state(id, commit === undefined ? undefined : new Commit(repository.engine, commit));
    return;
  }
  for (const commit of repository.log(revisions)) yield* search.state(commit.id, commit);
}

class Search {
  readonly #repository: Repository;
  readonly #paths: Uint8Array;
  readonly #expression: RegExp;
  readonly #invert: boolean;
  readonly #most: number;
  readonly #signal: AbortSignal | undefined;
  /** By content; those without a line are most. */
  readonly #found = new Map<ObjectId, readonly Line[]>();
  #started = performance.now();

  constructor(repository: Repository, pattern: string | RegExp, options: GrepOptions) {
    const { paths = [], invert = false, maxPerFile = Infinity, signal } = options;
    if (!(maxPerFile > 0)) throw new GovcError('InvalidArgument', `maxPerFile is ${maxPerFile}: give a number from 1`, { maxPerFile });
    this.#repository = repository;
    this.#paths = encodeText(paths.join('\0'));
    this.#expression = expressionOf(pattern, options);
    this.#invert = invert;
    this.#most = maxPerFile;
    this.#signal = signal;
  }

  async *state(id: ObjectId, commit: Commit | undefined): AsyncGenerator<GrepMatch, void, undefined> {
    const { engine } = this.#repository;
    const packed = new PackedReader(call(() => engine.filesAt(id, this.#paths)));
    await this.#breath();
    for (let left = packed.u32(); left > 0; left--) {
      const [path, blob] = [packed.bytes(), packed.someId()];
      let lines = this.#found.get(blob);
      if (lines === undefined) {
        lines = await this.#lines(call(() => engine.readBlob(blob)));
        if (this.#found.size < REMEMBERED_MAX) this.#found.set(blob, lines);
      }
      if (lines.length === 0) continue;
      const name = decodeText(path);
      for (const { line, text } of lines) yield { ...(commit && { commit }), path: name, line, text };
    }
  }

  /** The lines of a content. */
  async #lines(content: Uint8Array): Promise<readonly Line[]> {
    await this.#breath();
    if (content.subarray(0, BINARY_BYTES).includes(0)) return NONE;
    const all = decodeContent(content);
    const lines: Line[] = [];
    for (let at = 0, line = 1; at < all.length && lines.length < this.#most; line++) {
      const newline = all.indexOf('\n', at);
      const end = newline < 0 ? all.length : newline;
      const text = all.slice(at, end);
      if (this.#expression.test(text) !== this.#invert) lines.push({ line, text });
      if (line % LINES_A_TIME === 0) await this.#breath();
      at = end + 1;
    }
    return lines.length === 0 ? NONE : lines;
  }

  /** Lets the page breathe when it is time, and stops when it is asked to. */
  async #breath(): Promise<void> {
    throwIfAborted(this.#signal);
    if (performance.now() - this.#started < SLICE_MS) return;
    await breath();
    throwIfAborted(this.#signal);
    this.#started = performance.now();
  }
}

const NONE: readonly Line[] = [];

/** What is looked for in each line. */
function expressionOf(pattern: string | RegExp, { ignoreCase, fixed = true, word }: GrepOptions): RegExp {
  const isText = typeof pattern === 'string';
  const source = !isText ? pattern.source : fixed ? pattern.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&') : pattern;
  const flags = isText ? '' : pattern.flags.replace(/[gy]/g, '');
  try {
    const whole = word ? `(?<![\\w])(?:${source})(?![\\w])` : source;
    return new RegExp(whole, ignoreCase && !flags.includes('i') ? `${flags}i` : flags);
  } catch (cause) {
    throw new GovcError('InvalidArgument', `no regular expression: ${(cause as Error).message}`, { pattern: source }, { cause });
  }
}
