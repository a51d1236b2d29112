/** Git objects without a repository. */
import { call } from './binding.js';
import { encodeContent } from './text.js';
import type { ObjectId } from './types.js';

/** Git's four kinds of object. */
export type ObjectKind = 'blob' | 'tree' | 'commit' | 'tag';

/** The id that git gives an object of this kind and content; what `git hash-object -t kind` prints. */
export function hashObject(kind: ObjectKind, content: string | Uint8Array): ObjectId {
  const bytes = typeof content === 'string' ? encodeContent(content) : content;
  return call((engine) => engine.hashObject(kind, bytes));
}
