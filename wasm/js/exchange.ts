/** Packs in. Loaded when asked for. */
import { call, deferredEngine, type EnginePackImport } from './binding.js';
import { GovcError } from './errors.js';
import { PackedWriter } from './packed.js';
import { inSlices, throwIfAborted } from './progress.js';
import type { Repository } from './repository.js';
import { encodeText } from './text.js';
import type { ObjectId, Progressive } from './types.js';

/** A pack, whole or as it arrives. */
export type PackBytes = Uint8Array | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/** What a pack brought. */
export interface ImportResult {
  /** How many objects it holds. */
  objects: number;
  /** How many bytes it has. */
  bytes: number;
}

/** Bytes that are unfolded before progress is told. */
const STEP_BYTES = 4 << 20;

/** Takes in a pack, then moves the refs; nothing is visible before, and nothing stays where it fails. */
export async function importPack(
  repository: Repository, pack: PackBytes, refs: Record<string, ObjectId>, options: Progressive,
): Promise<ImportResult> {
  await deferredEngine();
  const { engine } = repository;
  const receiver = call((module) => new module.PackImport(engine));
  try {
    return await takeIn(repository, receiver, pack, refs, options);
  } finally {
    receiver.free();
  }
}

async function takeIn(
  repository: Repository, receiver: EnginePackImport, pack: PackBytes, refs: Record<string, ObjectId>, options: Progressive,
): Promise<ImportResult> {
  let bytes = 0;
  for await (const chunk of chunksOf(pack)) {
    throwIfAborted(options.signal);
    call(() => receiver.push(chunk));
    bytes += chunk.length;
    options.onProgress?.({ phase: 'receive', done: bytes });
  }
  call(() => receiver.end());
  await inSlices('resolve', options, () => {
    const [done = 0, total = 0, finished = 0] = call(() => receiver.step(repository.engine, STEP_BYTES));
    return { done, total, finished: finished === 1 };
  });
  const packed = packedRefs(refs);
  call(() => repository.engine.admitImport(receiver));
  try {
    for (const [name, id] of Object.entries(refs)) enforceBranch(repository, name.startsWith('refs/') || name === 'HEAD' ? name : `refs/heads/${name}`, id);
    return { objects: call(() => repository.engine.finishImport(packed, repository.now())), bytes };
  } catch (thrown) {
    call(() => repository.engine.dropNewestPack());
    throw thrown;
  }
}

/** @internal Refuses that a ref of a reality goes to a commit that the repository's validators do not want. Other refs are free. */
export function enforceBranch(repository: Repository, name: string, after: ObjectId): void {
  if (repository.validators.length === 0 || !name.startsWith('refs/heads/')) return;
  const { engine } = repository;
  const head = call(() => engine.checkedHead(encodeText(name.slice('refs/heads/'.length))));
  repository.enforceNew(after, head ?? repository.main.head);
}

function packedRefs(refs: Record<string, ObjectId>): Uint8Array {
  const out = new PackedWriter();
  for (const [name, id] of Object.entries(refs)) {
    if (typeof id !== 'string') throw new GovcError('InvalidArgument', `ref '${name}' needs an id of 40 hex digits`, { name });
    out.bytes(encodeText(name));
    out.bytes(encodeText(id));
  }
  return out.finish();
}

async function* chunksOf(pack: PackBytes): AsyncIterable<Uint8Array> {
  if (pack instanceof Uint8Array) {
    yield pack;
  } else if (Symbol.asyncIterator in pack) {
    yield* pack;
  } else {
    // Safari's ReadableStream is no async iterable.
    const reader = (pack as ReadableStream<Uint8Array>).getReader();
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
    } finally {
      reader.releaseLock();
    }
  }
}
