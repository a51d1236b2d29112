// Time travel to an incident: a day of history, what was live at 03:42, the commit that broke it found by a test, the line blamed,
// the change reverted, and all the work since then kept.

const people = ['Ada', 'Grace', 'Barbara', 'Edsger', 'Radia'];
const demand = 800;

/** What the service can serve at a time under a state's configuration. */
const capacity = (state) => {
  const { workers, connections } = JSON.parse(state.readText('app/pool.json'));
  const { limit } = JSON.parse(state.readText('app/limits.json'));
  return Math.min(workers * connections, limit);
};

/** Good, as long as what visitors ask for can be served. */
const healthy = (state) => {
  if (capacity(state) < demand) throw new Error(`serves ${capacity(state)} of ${demand}`);
};

/** What was committed each half hour: a day's work of five people. One of these breaks the service, and its message does not say so. */
function work(at) {
  const pool = { workers: at === 36 ? 18 : 16 + at / 4 % 3, timeoutMs: 2000, connections: at < 36 ? 64 : 40 };
  if (at === 36) return ['Same settings as in the test environment', { 'app/pool.json': pool }];
  switch (at % 4) {
    case 0: return [`Run ${pool.workers} workers`, { 'app/pool.json': pool }];
    case 1: return [`Raise the limit to ${1000 + at * 10}`, { 'app/limits.json': { limit: 1000 + at * 10 } }];
    case 2: return [`Route /v${at} to the new service`, { 'app/routes.yaml': Array.from({ length: 1 + at / 4 }, (_, n) => `- path: /v${4 * n + 2}\n  to: service-${n}\n`).join('') }];
    default: return [`Notes of hour ${Math.floor(at / 2)}`, { 'NOTES.md': `# Notes\n\nHour ${Math.floor(at / 2)}: nothing to see.\n` }];
  }
}

const first = (text) => text.split('\n', 1)[0];

export default [
  {
    title: 'A day of work',
    text: 'Five people have committed every half hour since nine in the morning: workers, limits, routes, notes. It is nine again, the pager rang at night, and nobody knows why.',
    show: '#timeline?reality=main&path=app/pool.json',
    run({ repo, clock, print }) {
      const begin = Date.UTC(2026, 10, 2, 9);
      repo.main.apply({ 'app/pool.json': { workers: 16, timeoutMs: 2000, connections: 64 }, 'app/limits.json': { limit: 1000 } }, 'The service as it began');
      for (let at = 1; at <= 48; at++) {
        clock.set(begin + at * 30 * 60_000);
        const name = people[at % people.length];
        const [message, changes] = work(at);
        const change = repo.main.begin();
        for (const [path, content] of Object.entries(changes)) change.add(path, content);
        change.commit(message, { author: { name, email: `${name.toLowerCase()}@example.com` } });
      }
      print(`${[...repo.log()].length} commits`);
    },
  },
  {
    title: 'What was live at 03:42?',
    text: 'The repository answers by its own log: a state at a moment, with its files and the commit that made it. At 02:42 the service could serve everybody. At 03:42 it could not.',
    show: ({ made }) => `#timeline?reality=main&path=app/pool.json&moment=${Date.parse('2026-11-03T03:42:00Z')}&pin=${made.before}&pin=${made.after}`,
    run({ repo, print, made }) {
      const states = ['02:42', '03:42'].map((time) => [time, repo.at(new Date(`2026-11-03T${time}:00Z`))]);
      print.table(states.map(([time, state]) => ({
        time, commit: state.commit.id.slice(0, 10), by: state.commit.author.name, message: first(state.commit.message), serves: capacity(state), of: demand,
      })));
      [made.before, made.after] = states.map(([, state]) => state.commit.id);
    },
  },
  {
    title: 'What changed in between',
    text: 'The difference between the two states, file by file: what the pager is about is among it. The timeline has both moments pinned, with the difference below.',
    show: ({ made }) => `#timeline?reality=main&path=app/pool.json&moment=${Date.parse('2026-11-03T03:42:00Z')}&pin=${made.before}&pin=${made.after}`,
    run({ repo, print, made }) {
      for (const file of repo.diff(made.before, made.after)) print(file.unified(1));
    },
  },
  {
    title: 'The culprit, by bisection',
    text: 'A test says of a state whether it can serve everybody. Bisection asks it about as few commits as it takes: the logarithm of their number. It needs no deployment; each state is just read.',
    show: ({ made }) => `#realities?reality=main&commit=${made.culprit.id}`,
    async run({ repo, print, made }) {
      const oldest = [...repo.log()].at(-1);
      const { culprit, steps } = await repo.bisect({ good: oldest, bad: 'main', test: healthy });
      print.table(steps.map(({ commit, verdict, error }) => ({ commit: commit.id.slice(0, 10), message: first(commit.message), verdict, why: error?.message })));
      print(`first bad: ${culprit.id.slice(0, 10)} by ${culprit.author.name}, '${first(culprit.message)}'`);
      made.culprit = culprit;
    },
  },
  {
    title: 'Whose line is it?',
    text: 'Blame says which commit brought each line of the file, as it is today. The number of connections still comes from the culprit; others have changed the workers since.',
    show: ({ made }) => `#realities?reality=main&commit=${made.culprit.id}`,
    run({ repo, print }) {
      const state = repo.at('main');
      print.table(state.blame('app/pool.json').map(({ line, text, commit }) => {
        const { author, message } = repo.at(commit).commit;
        return { line, text, commit: commit.slice(0, 10), by: author.name, message: first(message) };
      }));
    },
  },
  {
    title: 'Take it back, and nothing else',
    text: 'Reverting undoes the change of one commit on top of everything that came later, by a merge. The workers of this morning stay; the connections are back. The test passes.',
    show: '#timeline?reality=main&path=app/pool.json',
    run({ repo, print, made }) {
      const commit = repo.main.revert(made.culprit);
      healthy(repo.main);
      print(first(commit.message));
      print(repo.main.readText('app/pool.json'));
      print(`serves ${capacity(repo.main)} of ${demand}`);
    },
  },
];
