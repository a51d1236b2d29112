/** Git objects without a repository. */
import { call } from './binding.js';

/** 40 lower-case hex digits: the id that git itself gives the same object. */
export type ObjectId = string;

/** Git's four kinds of object. */
export type ObjectKind = 'blob' | 'tree' | 'commit' | 'tag';

/** The id that git gives an object of this kind and content; what `git hash-object -t kind` prints. */
export function hashObject(kind: ObjectKind, content: string | Uint8Array): ObjectId {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return call((engine) => engine.hashObject(kind, bytes));
}
