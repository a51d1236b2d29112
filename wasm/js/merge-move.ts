/** What a merge would do, before it does it: for validators to look at, and for a resolver to decide. */
import { call, type EngineRepository } from './binding.js';
import { Commit } from './commit.js';
import { mergeFlags, type MergeOptions, type MergeResult, readConflicts, resolutions } from './merge.js';
import { PackedReader } from './packed.js';
import type { Repository } from './repository.js';
import type { ObjectId } from './types.js';

/** @internal The result of a merge from the engine's answer. */
export function mergeResult(engine: EngineRepository, bytes: Uint8Array): MergeResult {
  const packed = new PackedReader(bytes);
  const [clean, fastForward, tree] = [packed.u8() === 1, packed.u8() === 1, packed.someId()];
  const commit = packed.id();
  const conflicts = readConflicts(packed);
  return { clean, tree, fastForward, conflicts, ...(commit && { commit: new Commit(engine, commit) }) };
}

/** @internal Where a merge would take a reality: along to `source`, or to a merged state; nowhere, where it is there or would conflict. */
export function mergeMove(
  repository: Repository, target: Uint8Array, source: ObjectId, label: Uint8Array, decided: Uint8Array, options: MergeOptions,
): { base: ObjectId | undefined; state: ObjectId | undefined } {
  const { engine } = repository;
  const base = call(() => engine.head(target));
  const common = base === undefined ? undefined : repository.mergeBase(base, source);
  if (base === undefined || common === base && options.fastForward !== 'never') return { base, state: source };
  if (common === call(() => engine.peelToCommit(source))) return { base, state: undefined };
  const { clean, tree } = preview(engine, base, source, target, label, decided, options);
  return { base, state: clean ? tree : undefined };
}

/** @internal What the resolver decides of what merging `source` into `target` leaves open. */
export function decide(engine: EngineRepository, target: Uint8Array, source: ObjectId, label: Uint8Array, options: MergeOptions): Uint8Array {
  const { resolver } = options;
  const ours = call(() => engine.head(target));
  if (resolver === undefined || ours === undefined) return new Uint8Array();
  return resolutions(resolver, preview(engine, ours, source, target, label, new Uint8Array(), options).conflicts, engine);
}

function preview(
  engine: EngineRepository, ours: ObjectId, theirs: ObjectId, target: Uint8Array, label: Uint8Array, decided: Uint8Array, options: MergeOptions,
): MergeResult {
  const labels = new Uint8Array([...target, 0, ...label]);
  return mergeResult(engine, call(() => engine.mergeTree(ours, theirs, mergeFlags(options), labels, decided, false)));
}
