// An emergency rollback: a rule takes main back as soon as a message says EMERGENCY, in the time that a pointer takes to move. A
// guard stops it where it would fight with somebody; and the rollback itself can be undone.

const service = (version, replicas) => ({ 'deploy/service.json': { version, replicas } });
const microseconds = (from, to, times = 1) => `${Number(((to - from) * 1000 / times).toPrecision(3)).toLocaleString('en')} \u00b5s`;

export default [
  {
    title: 'Four good deployments',
    text: 'What runs is what main says. Each deployment is a commit, and each commit is an event that the program can react to.',
    show: '#realities?reality=main',
    run({ repo, clock, print }) {
      for (let version = 1; version <= 4; version++) {
        clock.pass(3_600_000);
        repo.main.apply(service(version, 2 + version), `Deploy version ${version}`);
      }
      print(repo.main.readText('deploy/service.json'));
    },
  },
  {
    title: 'A rule for emergencies',
    text: 'One call: whenever a commit says EMERGENCY, its reality goes back to what it was before. At most three times in a minute: then somebody has to look.',
    show: '#activity',
    async run({ repo, print, made }) {
      made.rule = await repo.rule({
        name: 'emergency',
        filter: { message: 'EMERGENCY' },
        action: 'rollback',
        guard: { maxPerWindow: 3, windowMs: 60_000 },
      });
      print(`the rule '${made.rule.name}' has acted ${made.rule.actions} times`);
    },
  },
  {
    title: 'EMERGENCY',
    text: 'Version 5 burns, and whoever deployed it says so. By the time this script goes on, the rule has seen the event and main is back. The times were measured here: the first has the commit of the bad version in it, and all that runs for the first time.',
    show: '#activity',
    async run({ repo, print, made }) {
      const good = repo.main.head;
      const begun = performance.now();
      const bad = repo.main.apply(service(5, 1), 'EMERGENCY: version 5 burns');
      await null;
      print(`main is back at ${good.slice(0, 10)}: ${repo.main.head === good}`);
      print(`commit, event and rollback took ${microseconds(begun, performance.now())}`);

      // One is too short for this clock: a thousand times there and back, in a copy.
      const apart = repo.copy();
      const start = performance.now();
      for (let round = 0; round < 1000; round++) {
        apart.main.rollback(bad);
        apart.main.rollback(good);
      }
      print(`a rollback alone takes ${microseconds(start, performance.now(), 2000)}, the mean of 2,000`);
      apart[Symbol.dispose]();
      made.good = good;
    },
  },
  {
    title: 'Somebody who does not give up',
    text: 'A robot deploys the burning version again and again. The rule takes it back twice more; with that it has acted three times in a minute, and the guard holds it. Main is left as the robot wants it, and the refusal is there to be read.',
    show: '#activity',
    async run({ repo, print, made }) {
      for (let attempt = 1; attempt <= 4; attempt++) {
        repo.main.apply(service(5, attempt), `EMERGENCY: attempt ${attempt} of the robot`);
        await null;
        print(`attempt ${attempt}: ${repo.main.head === made.good ? 'taken back' : 'stays'}`);
      }
      for (const { code, message } of made.rule.errors) print(`${code}: ${message}`);
    },
  },
  {
    title: 'A person decides',
    text: 'The robot is switched off, and main goes back by hand to the version that was good. Everything that happened, the rule and the guard included, is in the log of operations.',
    show: '#activity',
    run({ repo, print, made }) {
      repo.main.rollback(made.good);
      print(repo.main.readText('deploy/service.json'));
      print.table([...repo.operations()].slice(-4).map(({ id, kind, description }) => ({ id, kind, description })));
    },
  },
  {
    title: 'Or was it wrong to?',
    text: 'A rollback is an operation like any other: undo brings main to where the robot had left it, redo takes it back again. Nothing is ever lost by going back.',
    show: '#timeline?reality=main&path=deploy/service.json',
    run({ repo, print }) {
      const undone = repo.undo();
      print(`${undone.description}: version ${JSON.parse(repo.main.readText('deploy/service.json')).version}`);
      const redone = repo.redo();
      print(`${redone.description}: version ${JSON.parse(repo.main.readText('deploy/service.json')).version}`);
    },
  },
];
