/** Which reality serves a key; the engine decides. */
import { call } from './binding.js';
import { PackedWriter } from './packed.js';
import type { Repository } from './repository.js';
import { encodeText } from './text.js';

/** The name of the reality that serves `key`. */
export function assign(repository: Repository, key: string, weights: Record<string, number>, salt: string): string {
  const names = Object.keys(weights);
  const packed = new PackedWriter();
  names.forEach((name) => packed.bytes(encodeText(name)));
  const figures = Float64Array.from(Object.values(weights));
  return names[call(() => repository.engine.assign(encodeText(key), encodeText(salt), packed.finish(), figures))]!;
}
