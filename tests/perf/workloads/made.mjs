// Workloads on a made repository of 10,000 files: forks, commits, realities with a change each.
import { setImmediate as breath } from 'node:timers/promises';

import { hashObject, onGovc } from '../engines/govc.mjs';
import * as isomorphic from '../engines/isomorphic.mjs';
import { copyOf, git, gitLines, gitText, removeFolder } from '../engines/native.mjs';
import { FILES, commitHead, dataOf, digest, pathOf } from '../inputs.mjs';
import { timed } from '../measure.mjs';

const COMMITS = 1_000;
const REALITIES = 1_000;
const SUBSCRIPTIONS = 1_000;

/** Runs `operation` on a fresh copy of the input for native git. */
async function onNative(input, operation) {
  const folder = copyOf(input.folder);
  try {
    return await operation(folder);
  } finally {
    removeFolder(folder);
  }
}

/** Forks of main, by one call or by one call each. */
export async function forks(input, base, count) {
  const names = Array.from({ length: count }, (_, number) => `try-${number}`);
  const govc = (fork) => () => onGovc(input, async (repository) => {
    const { ms } = await timed(() => fork(repository));
    const all = repository.listRealities('try-*');
    return { ms, check: [all.length, all.at(-1).head] };
  });
  const reality = (repository) => {
    const { main } = repository;
    for (const name of names) main.fork(name);
  };
  return {
    id: `W1-${count}`, title: `${count.toLocaleString('en')} realities forked from one commit`, count, per: 'fork',
    engines: {
      'govc': govc((repository) => repository.realities(names)),
      'govc/fork()': govc(reality),
      'isomorphic-git': async () => {
        const place = isomorphic.cloned(base);
        const { ms } = await timed(async () => {
          for (const ref of names) await isomorphic.git.branch({ ...place, ref, object: input.head });
        });
        const branches = (await isomorphic.git.listBranches(place)).filter((name) => name.startsWith('try-'));
        return { ms, check: [branches.length, await isomorphic.git.resolveRef({ ...place, ref: branches.at(-1) })] };
      },
      'native git': () => onNative(input, async (folder) => {
        const commands = names.map((name) => `create refs/heads/${name} ${input.head}\n`).join('');
        const { ms } = await timed(() => git(folder, ['update-ref', '--stdin'], commands));
        const all = gitLines(folder, ['for-each-ref', '--format=%(objectname)', 'refs/heads/try-*']);
        return { ms, check: [all.length, all.at(-1)] };
      }),
    },
  };
}

/** Commits of one file each, one after the other; the last tree is compared. */
export function commits(input, base) {
  const changes = Array.from({ length: COMMITS }, (_, number) => [pathOf((number * 7919) % FILES), `change ${number}\n`]);
  return {
    id: 'W2', title: '1,000 commits of one file in a tree of 10,000', count: COMMITS, per: 'commit',
    engines: {
      'govc': () => onGovc(input, async (repository) => {
        const { main } = repository;
        const { ms } = await timed(() => {
          for (const [path, content] of changes) {
            main.write(path, content);
            main.commit('change');
          }
        });
        return { ms, check: repository.resolve('main') };
      }),
      'isomorphic-git': async () => {
        const place = isomorphic.cloned(base);
        let [parent, tree] = [input.head, await isomorphic.treeOf(place, input.head)];
        const { ms } = await timed(async () => {
          for (const [path, content] of changes) {
            tree = await isomorphic.editedTree(place, tree, path.split('/'), Buffer.from(content));
            parent = await isomorphic.commitTree(place, 'main', tree, parent, 'change');
          }
        });
        return { ms, check: parent };
      },
      'native git': () => onNative(input, async (folder) => {
        const lines = changes.flatMap(([path, content], number) => [
          ...commitHead('refs/heads/main', 'change'), ...(number === 0 ? ['from refs/heads/main^0'] : []),
          `M 100644 inline ${path}`, ...dataOf(content),
        ]);
        const { ms } = await timed(() => git(folder, ['fast-import', '--quiet'], `${lines.join('\n')}\n`));
        return { ms, check: gitText(folder, ['rev-parse', 'main']) };
      }),
    },
  };
}

/** Commits while subscriptions with patterns of their own wait for files, beside commits that nobody waits for. */
export function events(input) {
  const commitAll = ({ main }) => {
    for (let number = 0; number < COMMITS; number++) {
      main.write(pathOf((number * 7919) % FILES), `change ${number}\n`);
      main.commit('change');
    }
  };
  const watched = (count) => () => onGovc(input, async (repository) => {
    const all = Array.from({ length: count }, (_, number) => repository.on(`area${number}/**/*.md`, () => {}));
    const { ms } = await timed(async () => {
      commitAll(repository);
      while (all.some(({ behind }) => behind > 0)) await breath();
    });
    return { ms, check: repository.resolve('main') };
  });
  return {
    id: 'W10', title: `1,000 commits as in W2, and ${SUBSCRIPTIONS.toLocaleString('en')} subscriptions by glob`, count: COMMITS, per: 'commit',
    engines: {
      'govc': watched(SUBSCRIPTIONS),
      'govc/nobody subscribed': watched(0),
      'govc/hashing its trees': () => onGovc(input, async (repository) => {
        // The root, an area and a part: 20 and 20 folders, and 25 files.
        const trees = [20 * 33, 20 * 33, 25 * 38].map((length) => new Uint8Array(length));
        const { ms } = await timed(() => {
          for (let number = 0; number < COMMITS; number++) {
            for (const tree of trees) {
              tree[0] = number;
              hashObject('tree', tree);
            }
          }
        });
        commitAll(repository);
        return { ms, check: repository.resolve('main') };
      }),
    },
  };
}

/** Realities with one commit each, and the difference of each from main. */
export function realities(input, base) {
  const names = Array.from({ length: REALITIES }, (_, number) => `try-${number}`);
  const paths = names.map((_, number) => pathOf((number * 7919) % FILES));
  return {
    id: 'W3', title: '1,000 realities with one change each, then a diff each', count: REALITIES, per: 'reality',
    engines: {
      'govc': () => onGovc(input, async (repository) => {
        const { ms, value } = await timed(() => {
          const all = repository.realities(names);
          all.forEach((reality, number) => {
            reality.write(paths[number], `try ${number}\n`);
            reality.commit('try');
          });
          const { main } = repository;
          return all.map((reality) => repository.diff(main, reality).map(({ path, newId }) => `${path} ${newId}`).join());
        });
        return { ms, check: digest(value) };
      }),
      'isomorphic-git': async () => {
        const place = isomorphic.cloned(base);
        const { ms, value } = await timed(async () => {
          const tree = await isomorphic.treeOf(place, input.head);
          const trees = [];
          for (const [number, name] of names.entries()) {
            trees.push(await isomorphic.editedTree(place, tree, paths[number].split('/'), Buffer.from(`try ${number}\n`)));
            await isomorphic.commitTree(place, name, trees[number], input.head, 'try');
          }
          const changes = [];
          for (const changed of trees) changes.push(await isomorphic.changedPaths(place, tree, changed));
          return { trees, changes };
        });
        return { ms, check: await blobLines(place, value) };
      },
      'native git': () => onNative(input, async (folder) => {
        const lines = names.flatMap((name, number) => [
          ...commitHead(`refs/heads/${name}`, 'try'), `from ${input.head}`,
          `M 100644 inline ${paths[number]}`, ...dataOf(`try ${number}\n`),
        ]);
        const { ms, value } = await timed(() => {
          git(folder, ['fast-import', '--quiet'], `${lines.join('\n')}\n`);
          const heads = gitLines(folder, ['for-each-ref', '--format=%(refname:short) %(objectname)', 'refs/heads/try-*']);
          const numbered = heads.map((line) => line.slice('try-'.length).split(' '))
            .sort(([a], [b]) => a - b).map(([, id]) => id);
          return gitLines(folder, ['diff-tree', '--stdin', '-r', '--no-commit-id'], `${numbered.join('\n')}\n`);
        });
        return { ms, check: digest(value.map((line) => `${line.split('\t')[1]} ${line.split(' ')[3]}`)) };
      }),
    },
  };
}

async function blobLines(place, { trees, changes }) {
  const lines = [];
  for (const [number, paths] of changes.entries()) {
    const found = [];
    for (const filepath of paths) {
      const { oid } = await isomorphic.git.readBlob({ ...place, oid: trees[number], filepath });
      found.push(`${filepath} ${oid}`);
    }
    lines.push(found.join());
  }
  return digest(lines);
}
