/** Checks a repository as git fsck does, in slices. */
import { call, deferredEngine } from './binding.js';
import { PackedReader } from './packed.js';
import { inSlices } from './progress.js';
import type { Repository } from './repository.js';
import type { ObjectId, Progressive } from './types.js';

/** What is wrong with a repository. */
export interface VerifyReport {
  /** How many objects were checked. */
  objects: number;
  /** What was found, as `git fsck --strict` finds it. */
  problems: {
    /** The object; all zeros where it is a ref that is wrong. */
    id: ObjectId;
    /** The ref, where it is one that is wrong. */
    ref?: string;
    message: string;
    /** Git's name for the problem, as in `fsck.<rule>`. */
    rule: string;
    severity: 'error' | 'warning' | 'info';
  }[];
}

const SEVERITIES = ['error', 'warning', 'info'] as const;
const STEP_OBJECTS = 200;

/** Checks every object, link and ref. */
export async function verify(repository: Repository, options: Progressive): Promise<VerifyReport> {
  await deferredEngine();
  const verification = call((module) => new module.Verification(repository.engine));
  try {
    let objects = 0;
    await inSlices('verify', options, () => {
      const [done = 0, total = 0, finished = 0] = call(() => verification.step(repository.engine, STEP_OBJECTS));
      objects = done;
      return { done, total, finished: finished === 1 };
    });
    const packed = new PackedReader(call(() => verification.problems()));
    const problems = packed.list(() => {
      const [id, ref, severity, rule, message] = [packed.someId(), packed.text(), packed.u8(), packed.text(), packed.text()];
      return { id, severity: SEVERITIES[severity]!, rule, message, ...(ref && { ref }) };
    });
    return { objects, problems };
  } finally {
    verification.free();
  }
}
