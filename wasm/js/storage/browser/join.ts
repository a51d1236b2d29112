/** Few packs out of many: which are joined, so that no object is copied often, and how. */
import { call, deferredEngine } from '../../binding.js';
import type { StorageBatch } from '../storage.js';
import type { StoredPack } from './generation.js';

/** More packs than these are joined. */
export const PACKS_MAX = 16;
/** Packs of more bytes than these stay as they are: joining holds up the thread. */
export const JOINED_BYTES_MAX = 32 << 20;

/**
 * The smallest packs, up to one that outweighs all smaller ones twice; none where there are few. So an object is copied
 * about as often as the logarithm of the number of packs says.
 */
export function packsToJoin(packs: readonly StoredPack[]): StoredPack[] {
  const bySize = packs.filter(({ packBytes }) => packBytes <= JOINED_BYTES_MAX).sort((a, b) => a.packBytes - b.packBytes);
  if (bySize.length <= PACKS_MAX) return [];
  let [count, bytes] = [0, 0];
  while (count < bySize.length && (count < 2 || bySize[count]!.packBytes < 2 * bytes)) bytes += bySize[count++]!.packBytes;
  return bySize.slice(0, count);
}

/** One pack of what several hold. */
export async function joinPacks(packs: { bytes: Uint8Array; index: Uint8Array }[]): Promise<NonNullable<StorageBatch['pack']>> {
  await deferredEngine();
  const repository = call((module) => new module.Repository(new TextEncoder().encode('main'), new Uint8Array(), new Float64Array(4)));
  try {
    for (const { bytes, index } of packs) call(() => repository.loadPack(bytes, index));
    const joined = call((module) => module.PendingBatch.joinedPacks(repository));
    try {
      return { bytes: call(() => joined.pack()), index: call(() => joined.index()), checksum: call(() => joined.checksum()) };
    } finally {
      joined.free();
    }
  } finally {
    repository.free();
  }
}
