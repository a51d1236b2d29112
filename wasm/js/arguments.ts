/** Arguments in the form in which the engine takes them. */
import type { Limits } from './types.js';

/** Limits in the order of `decode::limits` in wasm/src; 0 stands for the default. */
export function limitFigures(limits: Partial<Limits>): Float64Array {
  const { maxObjectBytes = 0, maxDeltaDepth = 0, maxPackObjects = 0, maxMemoryBytes = 0, maxOperations = 0 } = limits;
  return Float64Array.of(maxObjectBytes, maxDeltaDepth, maxPackObjects, maxMemoryBytes, maxOperations);
}
