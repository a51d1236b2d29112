// CDN tuning in three regions: ten configurations become ten realities, each is measured with the same traffic, the winner is
// merged, and the region that it does not suit keeps a configuration of its own.

const regions = ['us-east', 'eu-west', 'ap-south'];
const today = { ttl: 300, edge: 400, tiered: false };
const ideas = {
  'ttl-1m': { ttl: 60 },
  'ttl-15m': { ttl: 900 },
  'ttl-1h': { ttl: 3600 },
  'edge-800': { edge: 800 },
  'edge-1600': { edge: 1600 },
  tiered: { tiered: true },
  'ttl-15m-edge-800': { ttl: 900, edge: 800 },
  'ttl-15m-tiered': { ttl: 900, tiered: true },
  'ttl-1h-edge-800': { ttl: 3600, edge: 800 },
  'ttl-1h-tiered': { ttl: 3600, edge: 800, tiered: true },
};

const everywhere = (change) => Object.fromEntries(regions.map((region) => [`cdn/${region}.json`, { ...today, ...change }]));

/**
 * Mean milliseconds of a request under a region's configuration, with traffic that is drawn anew each time: the same for every
 * configuration in the same round. The scenario's repository holds this very text as `tests/traffic.js`.
 */
function traffic(reality, region) {
  const { origin, shield, perSecond, objects, lifetime } = {
    'us-east': { origin: 60, shield: 22, perSecond: 2, objects: 2000, lifetime: 40000 },
    'eu-west': { origin: 110, shield: 30, perSecond: 2, objects: 2000, lifetime: 40000 },
    'ap-south': { origin: 260, shield: 12, perSecond: 0.5, objects: 4000, lifetime: 600000 },
  }[region];
  const { ttl, edge, tiered } = JSON.parse(reality.readText(`cdn/${region}.json`));

  // The round: how often this configuration was measured. It seeds the draws.
  traffic.rounds ??= new Map();
  const measured = [region, ttl, edge, tiered].join();
  const round = (traffic.rounds.get(measured) ?? 0) + 1;
  traffic.rounds.set(measured, round);
  let seed = round * 7919;
  const draw = () => (seed = (seed * 48271) % 2147483647) / 2147483647;

  const atEdge = new Map();
  const atShield = new Map();
  const fresh = (cache, object, now) => now - (cache.get(object) ?? -Infinity) < ttl;
  const version = (object, now) => Math.floor(now / lifetime + object * 0.618 % 1);
  const requests = 3000;
  let milliseconds = 0;
  for (let request = 0, now = 0; request < requests; request++) {
    now += draw() * 2 / perSecond;
    const object = Math.floor(objects * draw() ** 3);
    // A larger edge looks longer for what it has.
    milliseconds += 8 + edge / 400;
    if (!fresh(atEdge, object, now)) {
      const isAtShield = tiered && fresh(atShield, object, now);
      milliseconds += (tiered ? shield : 0) + (isAtShield ? 0 : origin);
      if (!isAtShield) atShield.set(object, now);
      atEdge.delete(object);
      atEdge.set(object, now);
      if (atEdge.size > edge) atEdge.delete(atEdge.keys().next().value);
    } else if (version(object, now) > version(object, atEdge.get(object))) {
      // It changed since it was fetched: the visitor sees what is old, and loads again.
      milliseconds += 400;
    }
  }
  return milliseconds / requests;
}

/** As a test for the playground's own evaluation: all regions alike. */
const asFile = `// Mean milliseconds of a request, over three regions.\nexport const better = 'lower';\n\nexport default (reality) => {\n  const regions = ['us-east', 'eu-west', 'ap-south'];\n  return regions.reduce((sum, region) => sum + traffic(reality, region), 0) / regions.length;\n};\n\n${traffic}\n`;

export default [
  {
    title: 'Three regions, one configuration',
    text: 'A network of caches serves three regions from one origin in us-east. Each region has a file: how long an object stays fresh, how many fit at the edge, and whether there is a shield in between. All three are the same today.',
    show: '#playground?reality=main&path=cdn/ap-south.json',
    run({ repo, print }) {
      repo.main.apply({
        ...everywhere(today),
        'tests/traffic.js': asFile,
        'README.md': '# Caches\n\nOne file a region, and a test with made-up traffic.\n',
      }, 'The caches as they are');
      print(repo.main.list('cdn/*').join('\n'));
    },
  },
  {
    title: 'Ten ideas, ten realities',
    text: 'Each idea gets a reality of its own: a fork, with its change committed. Nobody has to agree yet, and main has not moved.',
    show: '#realities?reality=main',
    run({ repo, print }) {
      const begun = performance.now();
      repo.realities(Object.keys(ideas));
      const took = performance.now() - begun;
      for (const [name, change] of Object.entries(ideas)) {
        repo.reality(name).apply(everywhere(change), `Try ${name}`);
      }
      print(`${Object.keys(ideas).length} realities in ${took.toFixed(2)} ms`);
    },
  },
  {
    title: 'The same traffic in all of them',
    text: 'A test measures every reality, eight rounds each, region by region: mean milliseconds of a request, less is better. In each round all of them get the same traffic; the interval says how sure a difference from main is.',
    show: '#compare?with=ttl-15m-edge-800&with=ttl-1h-tiered&path=tests/traffic.js',
    async run({ repo, print, made }) {
      made.best = {};
      // In a copy, which shares all objects: what an evaluation makes and drops is seen by nobody here.
      const apart = repo.copy();
      for (const region of regions) {
        const measured = await apart.evaluate({
          // Each candidate begins where the reality of that name stands.
          candidates: Object.fromEntries(Object.keys(ideas).map((name) => [`${region}/${name}`, (reality) => void reality.rollback(name)])),
          test: (reality) => traffic(reality, region),
          samples: 8,
          better: 'lower',
        });
        made.best[region] = measured.winner.name.slice(region.length + 1);
        print.ranking(measured, region, (name) => name.replace(`${region}/`, ''));
      }
      apart[Symbol.dispose]();
    },
  },
  {
    title: 'Merge the winner',
    text: 'Two regions agree. Their winner is merged into main, for all three; the other nine realities stay where they are and harm nobody.',
    show: '#realities?reality=main',
    run({ repo, print, made }) {
      print.table(regions.map((region) => ({ region, winner: made.best[region] })));
      const { clean, commit, fastForward } = repo.merge(made.best['us-east'], 'main');
      print(`clean: ${clean}, fast forward: ${fastForward}, main is at ${(commit?.id ?? repo.main.head).slice(0, 10)}`);
    },
  },
  {
    title: 'One region differs',
    text: 'ap-south is far from the origin, and its visitors are few: what suits the others is not its best. It gets a reality in which only its own file changes, which has to prove itself against the new main before it is merged.',
    show: '#timeline?reality=main&path=cdn/ap-south.json',
    async run({ repo, print, made }) {
      const own = repo.reality(made.best['ap-south']).readText('cdn/ap-south.json');
      const { winner, merged, ...measured } = await repo.evaluate({
        candidates: { 'ap-south-own': { 'cdn/ap-south.json': own } },
        test: (reality) => traffic(reality, 'ap-south'),
        samples: 8,
        better: 'lower',
        mergeInto: 'main',
      });
      print.ranking({ ...measured, winner }, 'ap-south, beside the new main');
      print(`merged as ${merged.id.slice(0, 10)}`);
      print.table(regions.map((region) => ({ region, ...JSON.parse(repo.main.readText(`cdn/${region}.json`)) })));
    },
  },
];
