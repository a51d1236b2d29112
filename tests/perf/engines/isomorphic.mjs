// isomorphic-git over a map: repositories, and the tree edits and comparisons that its users write by hand.
import git from 'isomorphic-git';

import { MapFs } from './map-fs.mjs';

export { git };

const person = { name: 'bench', email: 'bench@localhost', timestamp: 1700000000, timezoneOffset: 0 };

/** A repository that holds this pack, with main at `head`. */
export async function repositoryWith(pack, head, index) {
  const fs = new MapFs();
  const place = { fs, gitdir: '/repo', dir: '/' };
  await git.init({ ...place, bare: true, defaultBranch: 'main' });
  for (const folder of ['/repo/objects/pack', '/repo/refs/heads']) await fs.mkdir(folder).catch(() => {});
  await fs.writeFile('/repo/objects/pack/pack-input.pack', pack);
  if (index === undefined) await git.indexPack({ ...place, dir: '/repo', filepath: 'objects/pack/pack-input.pack' });
  else await fs.writeFile('/repo/objects/pack/pack-input.idx', index);
  await fs.writeFile('/repo/refs/heads/main', `${head}\n`);
  return place;
}

/** The same with the head's commit as a loose object, too: git.branch() would parse the index anew to see that it is there. */
export async function repositoryForForks(pack, head) {
  const place = await repositoryWith(pack, head);
  const { commit } = await git.readCommit({ ...place, oid: head });
  await git.writeCommit({ ...place, commit });
  return place;
}

/** The same repository over a copy of its files, with an empty cache. */
export function cloned({ fs, ...rest }) {
  return { ...rest, fs: fs.clone(), cache: {} };
}

/** Writes a tree where one path has new content; its id. */
export async function editedTree(place, tree, [name, ...rest], content) {
  const { tree: entries } = await git.readTree({ ...place, oid: tree });
  const at = entries.findIndex((entry) => entry.path === name);
  const oid = rest.length > 0
    ? await editedTree(place, entries[at].oid, rest, content)
    : await git.writeBlob({ ...place, blob: content });
  const edited = entries.map((entry, position) => (position === at ? { ...entry, oid } : entry));
  return git.writeTree({ ...place, tree: edited });
}

/** Commits a tree on a branch. */
export async function commitTree(place, branch, tree, parent, message) {
  const commit = { message: `${message}\n`, tree, parent: [parent], author: person, committer: person };
  const oid = await git.writeCommit({ ...place, commit });
  await git.writeRef({ ...place, ref: `refs/heads/${branch}`, value: oid, force: true });
  return oid;
}

/** The tree of a commit. */
export async function treeOf(place, commit) {
  return (await git.readCommit({ ...place, oid: commit })).commit.tree;
}

/** Paths that differ between two trees; equal subtrees are not read. */
export async function changedPaths(place, before, after, prefix = '', found = []) {
  const read = async (oid) => {
    if (oid === undefined) return new Map();
    const { tree } = await git.readTree({ ...place, oid });
    return new Map(tree.map((entry) => [entry.path, entry]));
  };
  const [old, young] = [await read(before), await read(after)];
  for (const name of new Set([...old.keys(), ...young.keys()])) {
    const [a, b] = [old.get(name), young.get(name)];
    if (a?.oid === b?.oid && a?.mode === b?.mode) continue;
    const [aTree, bTree] = [a?.type === 'tree', b?.type === 'tree'];
    if ((a && !aTree) || (b && !bTree)) found.push(prefix + name);
    if (aTree || bTree) {
      await changedPaths(place, aTree ? a.oid : undefined, bTree ? b.oid : undefined, `${prefix}${name}/`, found);
    }
  }
  return found;
}
