/** Differences of two states: which files, and within a file which lines, worked out when they are asked for. */
import { call, type EngineRepository } from './binding.js';
import { PackedReader } from './packed.js';
import { decodeContent, encodeText } from './text.js';
import type { Change, Glob, ObjectId, Path } from './types.js';

/** The kinds of change, in the order of their numbers in a packed answer. */
const KINDS = ['added', 'modified', 'removed', 'renamed', 'mode', 'copied'] as const;

/** What is compared, and how. */
export interface DiffOptions {
  /** Only files that these mean by their new or old path; of several, the last that matches decides, as in a .gitignore. */
  paths?: Glob[];
  /** Find renames; a number is the least similarity in percent. Default 50, as in git. */
  renames?: boolean | number;
}

/** Lines that differ, with those around them. Lines count from 1; where a side has none, its start is the line before. */
export interface Hunk {
  /** The first line on the old side. */
  oldStart: number;
  /** How many lines of the old side. */
  oldLines: number;
  /** The first line on the new side. */
  newStart: number;
  /** How many lines of the new side. */
  newLines: number;
  /** Each line, with the newline that ends it: `' '` is on both sides, `'-'` on the old, `'+'` on the new. */
  lines: { kind: ' ' | '+' | '-'; text: string }[];
}

/** @internal What is known of a file that differs before anybody looks into it. */
export interface ChangedSides {
  kind: Change['kind'];
  path: Path;
  from?: Path;
  oldMode?: number | undefined;
  newMode?: number | undefined;
  oldId?: ObjectId | undefined;
  newId?: ObjectId | undefined;
  similarity?: number;
}

/** One file that differs. */
export class FileDiff implements Change {
  /** Where the file is; for a removed one, where it was. */
  readonly path: Path;
  /** What happened to it. */
  readonly kind: Change['kind'];
  /** Where it was, for a renamed file. */
  readonly from?: Path;
  /** The id of the old content; none where the file is new. */
  readonly oldId?: ObjectId;
  /** The id of the new content; none where the file is gone. */
  readonly newId?: ObjectId;
  /** Modes as git's octal text, '100644'. */
  readonly oldMode?: string;
  /** The new mode, likewise. */
  readonly newMode?: string;
  /** How much of a renamed file stayed, in percent. */
  readonly similarity?: number;
  readonly #engine: () => EngineRepository;
  #binary: boolean | undefined;

  /** @internal `engine` is asked for when somebody looks into the file. */
  constructor(engine: () => EngineRepository, { kind, path, from, oldMode, newMode, oldId, newId, similarity }: ChangedSides) {
    this.#engine = engine;
    this.kind = kind;
    this.path = path;
    if (from) this.from = from;
    if (oldId !== undefined) this.oldId = oldId;
    if (newId !== undefined) this.newId = newId;
    if (oldMode) this.oldMode = modeText(oldMode);
    if (newMode) this.newMode = modeText(newMode);
    if (kind === 'renamed') this.similarity = similarity ?? 0;
  }

  /** Whether either side is no text: then there are no hunks. */
  get binary(): boolean {
    return this.#binary ??= call(() => this.#engine().isBinary(this.#side(this.oldId, this.oldMode), this.#side(this.newId, this.newMode)));
  }

  /** The changed lines with `context` unchanged ones around them. */
  hunks(context = 3): Hunk[] {
    const bytes = call(() => this.#engine().hunks(this.#side(this.oldId, this.oldMode), this.#side(this.newId, this.newMode), context));
    const packed = new PackedReader(bytes);
    return packed.list(() => ({
      oldStart: packed.u32(),
      oldLines: packed.u32(),
      newStart: packed.u32(),
      newLines: packed.u32(),
      lines: packed.list(() => ({ kind: String.fromCharCode(packed.u8()) as ' ' | '+' | '-', text: decodeContent(packed.bytes()) })),
    }));
  }

  /** The patch text that `git apply` takes. */
  unified(context = 3): string {
    return decodeContent(this.patch(context));
  }

  /** The patch as bytes, exact for files that are not UTF-8. */
  patch(context = 3): Uint8Array {
    const { path, from = path, oldId = '', newId = '', similarity = 0 } = this;
    return call(() => this.#engine().patch(
      encodePair(from, path), oldId, newId, parseInt(this.oldMode ?? '0', 8), parseInt(this.newMode ?? '0', 8), similarity, context,
    ));
  }

  /** A submodule has no content here. */
  #side(id: ObjectId | undefined, mode: string | undefined): string {
    return mode === '160000' ? '' : id ?? '';
  }
}

/** A mode as git writes it. */
function modeText(bits: number): string {
  return bits === 0o100644 ? '100644' : bits.toString(8).padStart(6, '0');
}

function encodePair(from: Path, to: Path): Uint8Array {
  return encodeText(`${from}\0${to}`);
}

/** @internal All files of a packed answer. */
export function fileDiffs(engine: EngineRepository, bytes: Uint8Array): FileDiff[] {
  const packed = new PackedReader(bytes);
  return packed.list(() => new FileDiff(() => engine, {
    kind: KINDS[packed.u8()] as Change['kind'], path: packed.text(), from: packed.text(), oldMode: packed.u32(), newMode: packed.u32(),
    oldId: packed.id(), newId: packed.id(), similarity: packed.u8(),
  }));
}
