/** Single refs of a git directory: what they lead to, and HEAD. */
import { GovcError } from '../errors.js';
import { type Layout, refPath } from '../storage/git-directory/layout.js';
import { PackedRefs } from '../storage/git-directory/packed-refs.js';
import { isRefName, readLoose } from '../storage/git-directory/refs.js';

/** Refs that lead to refs; git's own bound. */
const SYMBOLIC_DEPTH_MAX = 5;

/** What HEAD says: the branch that is checked out, and its commit where it has one. */
export interface Head { branch?: string; commit?: string }

/** What the ref itself says: an id or `ref: NAME`. */
export async function readRef(layout: Layout, name: string): Promise<string | undefined> {
  return await readLoose(refPath(layout, name)) ?? (await PackedRefs.read(layout.packedRefs)).get(name);
}

/** The id that a ref leads to, or undefined. */
export async function refId(layout: Layout, name: string): Promise<string | undefined> {
  let target = await readRef(layout, name);
  for (let depth = 0; target?.startsWith('ref: '); depth++) {
    if (depth === SYMBOLIC_DEPTH_MAX) throw new GovcError('Storage', `'${name}' leads to refs that lead to refs without an end`, { ref: name });
    target = await readRef(layout, target.slice('ref: '.length));
  }
  return target;
}

/** Where HEAD is. */
export async function readHead(layout: Layout): Promise<Head> {
  const target = await readRef(layout, 'HEAD');
  if (target === undefined) throw new GovcError('Storage', 'HEAD is missing or broken: write "ref: refs/heads/main" to it', { ref: 'HEAD' });
  if (!target.startsWith('ref: ')) return { commit: target };
  const branch = target.slice('ref: '.length);
  const commit = await refId(layout, branch);
  return { branch, ...(commit && { commit }) };
}

/** The full name of a branch. Throws InvalidName where git would not take it. */
export function branchRef(name: string): string {
  return checkedRef(`refs/heads/${name}`, name);
}

/** The full name of a tag. */
export function tagRef(name: string): string {
  return checkedRef(`refs/tags/${name}`, name);
}

function checkedRef(ref: string, name: string): string {
  if (isRefName(ref) && !name.startsWith('-') && name !== 'HEAD') return ref;
  throw new GovcError('InvalidName', `'${name}' is no name that git gives a branch or tag`, { name });
}
