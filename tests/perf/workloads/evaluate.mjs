// What evaluation, assignment and worlds for tests add to the work that they are for. Nobody else does these.
import { universes } from '../../../wasm/dist/test.mjs';
import { onGovc } from '../engines/govc.mjs';
import { timed } from '../measure.mjs';

const CANDIDATES = 1_000;
const KEYS = 100_000;
const TESTS = 1_000;
const FILE = 'tried.txt';

/** Candidates with one file each and a test that reads it, beside the same commits without an evaluation. */
export function evaluation(input) {
  const candidates = Object.fromEntries(Array.from({ length: CANDIDATES }, (_, number) => [`try-${number}`, { [FILE]: String(number) }]));
  return {
    id: 'W11', title: `evaluate ${CANDIDATES.toLocaleString('en')} candidates of one file`, count: CANDIDATES, per: 'candidate',
    engines: {
      'govc': () => onGovc(input, async (repository) => {
        const test = (reality) => Number(reality.readText(FILE)) % 997;
        repository.main.apply({ [FILE]: '0' });
        const { ms, value } = await timed(() => repository.evaluate({ candidates, test }));
        return { ms, check: [value.winner.name, value.results.length] };
      }),
      'govc/the commits alone': () => onGovc(input, async (repository) => {
        const { ms } = await timed(() => {
          for (const [name, changes] of Object.entries(candidates)) repository.createReality(name).apply(changes);
        });
        return { ms, check: ['try-996', CANDIDATES] };
      }),
    },
  };
}

/** Keys over four realities. */
export function assignment(input) {
  return {
    id: 'W12', title: `assign ${KEYS.toLocaleString('en')} keys to 4 realities`, count: KEYS, per: 'key',
    engines: {
      'govc': () => onGovc(input, async (repository) => {
        repository.realities(['a', 'b', 'c']);
        const weights = { main: 70, a: 10, b: 10, c: 10 };
        let main = 0;
        const { ms } = await timed(() => {
          for (let number = 0; number < KEYS; number++) if (repository.assign(`user-${number}`, weights).name === 'main') main++;
        });
        return { ms, check: main };
      }),
    },
  };
}

/** Tests that are all under way at once, each with a commit in a world of its own. */
export function tests(input) {
  return {
    id: 'W13', title: `${TESTS.toLocaleString('en')} tests at once, each with a commit in a world of its own`, count: TESTS, per: 'test',
    engines: {
      'govc': () => onGovc(input, async (repository) => {
        const inUniverse = universes(repository);
        const one = (number) => inUniverse(async ({ reality }) => {
          reality.apply({ [FILE]: String(number) });
          await null;
          if (reality.readText(FILE) !== String(number)) throw new Error('tests met');
        })();
        const { ms } = await timed(() => Promise.all(Array.from({ length: TESTS }, (_, number) => one(number))));
        const left = inUniverse.size;
        await inUniverse[Symbol.asyncDispose]();
        return { ms, check: left };
      }),
    },
  };
}
