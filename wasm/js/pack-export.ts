/** Packs out. */
import { call } from './binding.js';
import type { Repository } from './repository.js';
import type { Revision } from './types.js';

/** A pack of what `wants` (by default all refs) reach and `haves` do not. */
export function exportPack(repository: Repository, wants: Revision[] | undefined, haves: Revision[]): Uint8Array {
  const ids = (revisions: Revision[]) => revisions.map((revision) => repository.resolve(revision)).join('');
  const { engine } = repository;
  const writer = call((module) => new module.PackExport(engine, wants === undefined ? undefined : ids(wants), ids(haves)));
  try {
    return drained(() => writer.next(engine));
  } finally {
    writer.free();
  }
}

/** All chunks of a source that ends with undefined, in one piece. */
function drained(next: () => Uint8Array | undefined): Uint8Array<ArrayBuffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (let chunk = call(next); chunk !== undefined; chunk = call(next)) {
    chunks.push(chunk);
    length += chunk.length;
  }
  const out = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    out.set(chunk, at);
    at += chunk.length;
  }
  return out;
}
