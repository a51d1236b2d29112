/** Merging: what was decided, what stayed open, and who decides it. */
import { call, type EngineRepository } from './binding.js';
import { contentBytes } from './content.js';
import { GovcError } from './errors.js';
import { type Format, FORMATS, loadedFormats } from './formats/port.js';
import { PackedReader, PackedWriter } from './packed.js';
import type { Commit } from './commit.js';
import { encodeText } from './text.js';
import type { Content, ObjectId, Path } from './types.js';

/**
 * What a conflict is about. 'rename/add': a renamed file meets another; 'file location': a file was added to a directory
 * that the other side renamed; 'directory rename': where a renamed directory went is unclear.
 */
export type ConflictKind =
  | 'content' | 'add/add' | 'modify/delete' | 'rename/rename' | 'rename/delete' | 'directory/file' | 'mode' | 'submodule'
  | 'rename/add' | 'file location' | 'directory rename';

/** A path that both sides changed in ways that do not fit together. */
export interface Conflict {
  /** Where the result has it. */
  path: Path;
  /** What does not fit together. */
  kind: ConflictKind;
  /** The content that both sides began with; none where there was none. */
  base?: ObjectId;
  /** Our side's content; none where it was removed. */
  ours?: ObjectId;
  /** Their side's content; none where it was removed. */
  theirs?: ObjectId;
}

/** Per path: return content, or undefined to leave the conflict standing. */
export interface ConflictResolver {
  /** Decides one conflict. `read` gives the content of a side, undefined where it has none. */
  resolve(conflict: Conflict & { read(side: 'base' | 'ours' | 'theirs'): Uint8Array | undefined }): Content | undefined;
}

/** How two histories are merged, and what is done where they conflict. */
export interface MergeOptions {
  /** Which side wins where lines conflict; 'union' keeps both. Default 'merge': neither, they conflict. */
  strategy?: 'merge' | 'ours' | 'theirs' | 'union';
  /** Follow renames; a number is the least similarity in percent. Default 50, as in git. */
  renames?: boolean | number;
  /** 'record' stages a conflicted merge in the reality, to be resolved and committed there. Default 'throw'. */
  conflicts?: 'throw' | 'record';
  /** Is asked for each conflict before it stands. */
  resolver?: ConflictResolver;
  /** Whether a reality that has nothing of its own just moves: 'allow' (default), 'never' (a merge commit all the same), 'only' (anything else throws). */
  fastForward?: 'allow' | 'never' | 'only';
  /**
   * Whether `.gitattributes` of our side say how files are merged. Default true; for `mergeTree` false, as with
   * `git merge-tree` on a bare repository: give true to see what `merge` would do.
   */
  attributes?: boolean;
  /** The merge commit's message. Default: git's. */
  message?: string;
}

/** What a merge came to. */
export interface MergeResult {
  /** Whether there is no conflict. */
  clean: boolean;
  /** The merged tree; where it is not clean, conflicted files hold git's markers. */
  tree: ObjectId;
  /** Where the reality stands now; none where nothing moved. */
  commit?: Commit;
  /** Whether the reality moved without a merge commit. */
  fastForward: boolean;
  /** What does not fit together. */
  conflicts: Conflict[];
}

const STRATEGIES = ['merge', 'ours', 'theirs', 'union'] as const;
const FAST_FORWARDS = ['allow', 'never', 'only'] as const;

/** The bytes that `wasm/src/merge.rs` reads as options. */
export function mergeFlags(options: MergeOptions): Uint8Array {
  const { strategy = 'merge', renames = true, conflicts = 'throw', fastForward = 'allow' } = options;
  return Uint8Array.of(
    choice(STRATEGIES, strategy, 'strategy'),
    similarity(renames),
    conflicts === 'record' ? 1 : 0,
    choice(FAST_FORWARDS, fastForward, 'fastForward'),
    options.attributes === false ? 1 : 0,
  );
}

/** 0 for no renames, else the least similarity in percent. */
export function similarity(renames: boolean | number): number {
  if (typeof renames === 'boolean') return renames ? 50 : 0;
  if (Number.isInteger(renames) && renames >= 1 && renames <= 100) return renames;
  throw new GovcError('InvalidArgument', `renames is ${renames}: give true, false or 1 to 100 percent`, { renames });
}

function choice(allowed: readonly string[], value: string, name: string): number {
  const at = allowed.indexOf(value);
  if (at < 0) throw new GovcError('InvalidArgument', `${name} is '${value}': give one of ${allowed.join(', ')}`, { [name]: value });
  return at;
}

/** Conflicts of a packed answer. */
export function conflictsOf(bytes: Uint8Array): Conflict[] {
  return readConflicts(new PackedReader(bytes));
}

/** Conflicts from here in a packed answer. */
export function readConflicts(packed: PackedReader): Conflict[] {
  return packed.list(() => {
    const conflict: Conflict = { kind: packed.text() as ConflictKind, path: packed.text() };
    const [base, ours, theirs] = [packed.id(), packed.id(), packed.id()];
    if (base !== undefined) conflict.base = base;
    if (ours !== undefined) conflict.ours = ours;
    if (theirs !== undefined) conflict.theirs = theirs;
    return conflict;
  });
}

/** @internal What a resolver decides, packed for the engine; what it leaves open is not in it. */
export function resolutions(resolver: ConflictResolver, conflicts: Conflict[], engine: EngineRepository): Uint8Array {
  const decided: [Path, Uint8Array][] = [];
  for (const conflict of conflicts) {
    const read = (side: 'base' | 'ours' | 'theirs') => {
      const id = conflict[side];
      return id === undefined ? undefined : call(() => engine.readBlob(id));
    };
    const content = resolver.resolve({ ...conflict, read });
    if (content !== undefined) decided.push([conflict.path, contentBytes(content, conflict.path)]);
  }
  const out = new PackedWriter();
  for (const [path, content] of decided) {
    out.bytes(encodeText(path));
    out.bytes(content);
  }
  return out.finish();
}

/** @internal The drivers of `.gitattributes` beside git's own: `merge=json`, `yaml`, `toml`, also as `govc-json` and so on. */
export const mergeDrivers = {
  knows: (driver: string): boolean => driverFormat(driver) !== undefined,
  merge(driver: string, base: Uint8Array, ours: Uint8Array, theirs: Uint8Array, lines: Uint8Array | undefined, favor: number): Uint8Array | undefined {
    return loadedFormats()?.merge(driverFormat(driver)!, base, ours, theirs, lines, favor);
  },
};

function driverFormat(driver: string): Format | undefined {
  return FORMATS.find((format) => driver === format || driver === `govc-${format}`);
}
