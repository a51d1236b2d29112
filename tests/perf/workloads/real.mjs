// Workloads on a real repository: its pack, its history, its changes, its merges.
import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { dispose, openWith, repositoryWith } from '../engines/govc.mjs';
import * as isomorphic from '../engines/isomorphic.mjs';
import { git, gitLines, gitText, scratch } from '../engines/native.mjs';
import { digest } from '../inputs.mjs';
import { timed } from '../measure.mjs';

/** A pack without an index: take it in, read the head. */
export function importPack(input) {
  return {
    id: 'W4', title: `import of a pack of ${(input.bytes.length / 1e6).toFixed(1)} MB, read the head`, count: 1, per: 'import',
    engines: {
      'govc': async () => {
        const { ms, value } = await timed(async () => {
          const repository = await repositoryWith(input.bytes, input.head);
          return { repository, tree: repository.at('main').commit.tree };
        });
        dispose(value.repository);
        return { ms, check: value.tree };
      },
      'isomorphic-git': async () => {
        const { ms, value } = await timed(async () => {
          const place = await isomorphic.repositoryWith(input.bytes, input.head);
          return isomorphic.treeOf(place, input.head);
        });
        return { ms, check: value };
      },
      'native git': async () => {
        const path = join(scratch, 'index-pack.idx');
        const { ms, value } = await timed(() => {
          git(input.folder, ['index-pack', '--threads=1', '-o', path, input.path]);
          return gitText(input.folder, ['rev-parse', 'HEAD^{tree}']);
        });
        rmSync(path, { force: true });
        rmSync(path.replace(/idx$/, 'rev'), { force: true });
        return { ms, check: value };
      },
    },
  };
}

/** A pack with its index: open it, read the head. */
export function open(input) {
  return {
    id: 'W4-open', title: 'open the same pack with its index, read the head', count: 1, per: 'open',
    engines: {
      'govc': async () => {
        const { ms, value } = await timed(async () => {
          const repository = await openWith(input.bytes, input.index, input.head);
          return { repository, tree: repository.at('main').commit.tree };
        });
        dispose(value.repository);
        return { ms, check: value.tree };
      },
      'isomorphic-git': async () => {
        const { ms, value } = await timed(async () => {
          const place = await isomorphic.repositoryWith(input.bytes, input.head, input.index);
          return isomorphic.treeOf({ ...place, cache: {} }, input.head);
        });
        return { ms, check: value };
      },
      'native git': async () => {
        const { ms, value } = await timed(() => gitText(input.folder, ['rev-parse', 'HEAD^{tree}']));
        return { ms, check: value };
      },
    },
  };
}

/** All commits from the head: a repository's first walk, or its second. */
export function walk(input, base, time) {
  const walks = (run) => async () => {
    const state = await run.prepare();
    for (let earlier = 1; earlier < time; earlier++) await run.walk(state);
    const { ms, value } = await timed(() => run.walk(state));
    run.end?.(state);
    return { ms, check: digest([...new Set(value)].sort()) };
  };
  const native = (folder) => walks({ prepare: () => {}, walk: () => gitLines(folder, ['rev-list', 'HEAD']) });
  return {
    id: `W5-${time}`, title: `${time === 1 ? 'first' : 'second'} walk of ${input.commits.toLocaleString('en')} commits`,
    count: 1, per: 'walk',
    engines: {
      'govc': walks({
        prepare: () => repositoryWith(input.bytes, input.head),
        walk: (repository) => Array.from(repository.log(), (commit) => commit.id),
        end: dispose,
      }),
      'isomorphic-git': walks({
        prepare: () => isomorphic.cloned(base),
        walk: async (place) => (await isomorphic.git.log({ ...place, ref: 'main' })).map(({ oid }) => oid),
      }),
      'native git': native(input.folder),
      'native git/commit-graph': native(input.graphed),
    },
  };
}

/** The files that differ between neighbours of the first-parent history. */
export function diffs(input, base) {
  const pairs = input.firstParents.slice(1).map((parent, at) => [parent, input.firstParents[at]]);
  let repository;
  return {
    id: 'W6', title: `${pairs.length} tree diffs of neighbouring commits`, count: pairs.length, per: 'diff',
    end: () => repository && dispose(repository),
    engines: {
      'govc': async () => {
        if (repository) dispose(repository);
        repository = await repositoryWith(input.bytes, input.head);
        const history = [...repository.log({ firstParent: true, limit: pairs.length + 1 })];
        const { ms, value } = await timed(() => pairs.map((_, at) => repository.diff(history[at + 1], history[at], { renames: false })));
        return { ms, check: digest(value.map((diff) => diff.map(({ path }) => path).sort().join())) };
      },
      'isomorphic-git': async () => {
        const place = isomorphic.cloned(base);
        const { ms, value } = await timed(async () => {
          const changes = [];
          for (const [parent, commit] of pairs) {
            changes.push(await isomorphic.changedPaths(place, await isomorphic.treeOf(place, parent), await isomorphic.treeOf(place, commit)));
          }
          return changes;
        });
        return { ms, check: digest(value.map((paths) => paths.sort().join())) };
      },
      'native git': async () => {
        const lines = pairs.map(([parent, commit]) => `${commit} ${parent}\n`).join('');
        const { ms, value } = await timed(() => git(input.folder, ['diff-tree', '--stdin', '-r', '-z', '--no-renames', '--always'], lines));
        return { ms, check: digest(rawChanges(value)) };
      },
    },
  };
}

/** Paths of each commit in what `git diff-tree --stdin -r -z` printed. */
function rawChanges(bytes) {
  const commits = [];
  const fields = bytes.toString().split('\0').slice(0, -1);
  for (let at = 0; at < fields.length; at++) {
    if (fields[at].startsWith(':')) commits.at(-1).push(fields[++at]);
    else commits.push([]);
  }
  return commits.map((paths) => paths.sort().join());
}

/** Merges of real history, replayed; trees of conflicted ones are compared too, markers and all. */
export function merges(input, base) {
  const lines = input.merges.map((pair) => `${pair.join(' ')}\n`).join('');
  const native = () => git(input.folder, ['merge-tree', '--write-tree', '--no-messages', '--name-only', '--stdin'], lines);
  const expected = nativeMerges(native());
  return {
    id: 'W7', title: `${input.merges.length} three-way merges`, count: input.merges.length, per: 'merge',
    engines: {
      'govc': async () => {
        const repository = await repositoryWith(input.bytes, input.head);
        const { ms, value } = await timed(() => input.merges.map(([ours, theirs]) => repository.mergeTree(ours, theirs)));
        dispose(repository);
        return { ms, check: digest(value.map(({ clean, tree }) => `${clean ? 1 : 0} ${tree}`)) };
      },
      'isomorphic-git': async () => {
        const { ms, value } = await isomorphicMerges(isomorphic.cloned(base), input.merges);
        // It writes no tree where there are conflicts: there only that there are some is compared.
        return { ms, check: digest(value.map((tree, at) => (tree === undefined ? expected[at].replace(/^./, '0') : `1 ${tree}`))) };
      },
      'native git': async () => {
        const { ms, value } = await timed(native);
        return { ms, check: digest(nativeMerges(value)) };
      },
    },
  };
}

/** The tree of each merge, or undefined where it conflicts. */
async function isomorphicMerges(place, pairs) {
  for (const [number, [ours, theirs]] of pairs.entries()) {
    await isomorphic.git.writeRef({ ...place, ref: `refs/heads/ours-${number}`, value: ours });
    await isomorphic.git.writeRef({ ...place, ref: `refs/heads/theirs-${number}`, value: theirs });
  }
  const author = { name: 'bench', email: 'bench@localhost' };
  return timed(async () => {
    const trees = [];
    for (const number of pairs.keys()) {
      const merge = { ours: `ours-${number}`, theirs: `theirs-${number}`, dryRun: true, author, message: 'merge' };
      trees.push(await isomorphic.git.merge({ ...place, ...merge }).then((merged) => treeOfMerge(place, merged), conflicted));
    }
    return trees;
  });
}

/** A fast-forward comes without a tree. */
function treeOfMerge(place, { tree, oid }) {
  return tree ?? isomorphic.treeOf(place, oid);
}

function conflicted(error) {
  if (error.code === 'MergeConflictError' || error.code === 'MergeNotSupportedError') return undefined;
  throw error;
}

/** `1 TREE` for each clean merge and `0 TREE` for each other in what `git merge-tree --stdin` printed. */
function nativeMerges(bytes) {
  return bytes.toString().split('\0\0').filter((record) => record !== '').map((record) => {
    const [clean, tree] = record.split('\0');
    return `${clean} ${tree}`;
  });
}
