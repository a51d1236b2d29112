// Workloads on repositories of growing size whose cost must not grow with it: going back, main, moments, rules.
import { setImmediate as breath } from 'node:timers/promises';

import { dispose, Repository } from '../engines/govc.mjs';
import { timed } from '../measure.mjs';

const TIMES = 1_000;
/** Files in one folder, so that no single tree is large. */
const FOLDER_FILES = 1_000;
const author = { name: 'bench', email: 'bench@localhost' };

async function on(repository, operation) {
  try {
    return await operation(repository);
  } finally {
    dispose(repository);
  }
}

/** A repository with so many files, and another commit on top. */
function withFiles(files) {
  const repository = new Repository({ author, now: () => 1_700_000_000_000 });
  for (let start = 0; start < files; start += 100_000) {
    const some = Array.from({ length: Math.min(100_000, files - start) }, (_, at) => [`d${Math.floor((start + at) / FOLDER_FILES)}/f${start + at}`, 'x\n']);
    repository.main.apply(Object.fromEntries(some), 'files');
  }
  repository.tag('before');
  repository.main.apply({ 'd0/f0': 'y\n' }, 'change');
  repository.tag('after');
  repository.createReality('other', 'before');
  return repository;
}

/** A reality moved back and forth between two commits, and main between two realities. */
export function goingBack(files) {
  const ids = (repository) => [repository.resolve('before'), repository.resolve('after')];
  return {
    id: `W14-${files}`, title: `rollback among ${files.toLocaleString('en')} files`, count: TIMES, per: 'rollback',
    engines: {
      'govc': () => on(withFiles(files), async (repository) => {
        const [before, after] = ids(repository);
        const { main } = repository;
        const { ms } = await timed(() => { for (let time = 0; time < TIMES; time++) main.rollback(time % 2 === 0 ? before : after); });
        return { ms, check: files };
      }),
      'govc/setMain': () => on(withFiles(files), async (repository) => {
        const { ms } = await timed(() => { for (let time = 0; time < TIMES; time++) repository.setMain(time % 2 === 0 ? 'other' : 'main'); });
        return { ms, check: files };
      }),
    },
  };
}

/** What main was at a date, by the repository's own log. */
export function moments(commits) {
  let now = 1_700_000_000_000;
  return {
    id: `W15-${commits}`, title: `at(date) in a log of ${commits.toLocaleString('en')} commits`, count: TIMES, per: 'moment',
    engines: {
      'govc': () => on(new Repository({ author, now: () => now += 1000 }), async (repository) => {
        const start = now;
        for (let number = 0; number < commits; number++) repository.main.apply({ 'a/b.txt': `${number}\n` }, 'change');
        const ask = (time) => repository.at(new Date(start + 1000 + ((time * 7919) % commits) * 1000)).id;
        ask(0);
        const { ms } = await timed(() => { for (let time = 0; time < TIMES; time++) ask(time); });
        return { ms, check: commits };
      }),
    },
  };
}

/** From the commit that says EMERGENCY until its reality is back; and the commit alone. */
export function emergencies() {
  const run = (message) => () => on(new Repository({ author, now: () => 1_700_000_000_000 }), async (repository) => {
    await repository.rule({ name: 'emergency', filter: { message: 'EMERGENCY' }, guard: { maxPerWindow: TIMES + 1 } });
    const { id } = repository.main.apply({ 'a/b.txt': 'good\n' }, 'good');
    const { ms } = await timed(async () => {
      for (let time = 0; time < TIMES; time++) {
        repository.main.apply({ 'a/b.txt': `${time}\n` }, message);
        await null;
        // Events leave the host's event loop its turns.
        if (time % 100 === 0) await breath();
        if (message === 'EMERGENCY' && repository.main.head !== id) throw new Error('it is not back');
      }
    });
    return { ms, check: TIMES };
  });
  return {
    id: 'W16', title: 'a commit that a rule rolls back', count: TIMES, per: 'commit',
    engines: { 'govc': run('EMERGENCY'), 'govc/the commits alone': run('change') },
  };
}
