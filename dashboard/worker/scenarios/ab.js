// Two configurations, A and B: ten thousand visitors are spread over two realities, the same visitor always to the same one. What
// came of it is counted, and the better reality becomes main, unless somebody moved main meanwhile.

const visitors = Array.from({ length: 10_000 }, (_, number) => `visitor-${number}`);

/** The reality that serves each visitor, by name. */
const served = (repo, weights) => visitors.map((visitor) => repo.assign(visitor, weights, 'checkout').name);

/** Made-up visitors: each has a patience of its own, and every field of the form costs some of it. */
function buys(reality, visitor) {
  const { fields, express } = JSON.parse(reality.readText('checkout.json'));
  const patience = (Number(visitor.slice(8)) * 2654435761 % 2 ** 32) / 2 ** 32;
  return patience < 0.34 - 0.02 * fields + (express ? 0.05 : 0);
}

/** Difference of two rates, and the interval that covers it in 95 of 100 cases (Wald). */
function compared(a, b) {
  const [p, q] = [a.bought / a.visitors, b.bought / b.visitors];
  const margin = 1.96 * Math.sqrt(p * (1 - p) / a.visitors + q * (1 - q) / b.visitors);
  return { difference: q - p, low: q - p - margin, high: q - p + margin };
}

const percent = (part) => `${(100 * part).toFixed(2)} %`;

export default [
  {
    title: 'Two configurations at once',
    text: 'A shop asks nine things at the checkout. B asks five, and offers to pay with one press. B is a reality: a fork of main with its own file.',
    show: '#compare?with=main&with=short-form&path=checkout.json',
    run({ repo, print }) {
      repo.main.apply({ 'checkout.json': { fields: 9, express: false }, 'theme.json': { colour: 'green' } }, 'The checkout of today');
      repo.createReality('short-form').apply({ 'checkout.json': { fields: 5, express: true } }, 'Five fields, one press');
      print(repo.listRealities().map(({ name }) => name).join('\n'));
    },
  },
  {
    title: 'One visitor in ten',
    text: 'Every visitor is assigned a reality by name and weights alone: nothing is stored, and every server that asks gets the same answer. With nine to one, about a thousand of ten thousand see B.',
    show: '#compare?with=main&with=short-form&path=checkout.json',
    run({ repo, print, made }) {
      made.cautious = served(repo, { main: 90, 'short-form': 10 });
      const again = served(repo, { main: 90, 'short-form': 10 });
      print(`see B: ${made.cautious.filter((name) => name === 'short-form').length}`);
      print(`asked again, somewhere else: ${again.filter((name, at) => name !== made.cautious[at]).length}`);
    },
  },
  {
    title: 'Half of them',
    text: 'The weights become equal. Visitors move to B until it has half of them; nobody who saw B is sent back.',
    show: '#compare?with=main&with=short-form&path=checkout.json',
    run({ repo, print, made }) {
      made.half = served(repo, { main: 50, 'short-form': 50 });
      const moved = (from, to) => made.half.filter((name, at) => made.cautious[at] === from && name === to).length;
      print.table([
        { from: 'A (main)', to: 'B (short-form)', visitors: moved('main', 'short-form') },
        { from: 'B (short-form)', to: 'A (main)', visitors: moved('short-form', 'main') },
      ]);
    },
  },
  {
    title: 'What they did',
    text: 'Each visitor meets the configuration of the reality that serves them, and buys or leaves. The interval of the difference does not touch zero: B is better.',
    show: '#compare?with=main&with=short-form&path=checkout.json',
    run({ repo, print, made }) {
      const counted = Object.fromEntries(['main', 'short-form'].map((name) => {
        const own = visitors.filter((_, at) => made.half[at] === name);
        return [name, { visitors: own.length, bought: own.filter((visitor) => buys(repo.reality(name), visitor)).length }];
      }));
      print.table(Object.entries(counted).map(([name, { visitors, bought }]) => ({ reality: name, visitors, bought, rate: percent(bought / visitors) })));
      const { difference, low, high } = compared(counted.main, counted['short-form']);
      made.winner = low > 0 ? 'short-form' : 'main';
      print(`B is ${percent(difference)} above A, at least ${percent(low)}, at most ${percent(high)}`);
    },
  },
  {
    title: 'Somebody was faster',
    text: 'B is to become main, where main is still the commit that was measured. It is not: a colleague has changed the colour. The promotion is refused, and nothing has moved.',
    show: '#realities?reality=main',
    run({ repo, print, made }) {
      const measured = repo.main.head;
      repo.main.apply({ 'theme.json': { colour: 'blue' } }, 'Blue, at last');
      try {
        repo.setMain(made.winner, { expected: measured });
      } catch (error) {
        print(`${error.code}: ${error.message}`);
      }
      print(`main is still '${repo.main.name}'`);
    },
  },
  {
    title: 'The winner becomes main',
    text: 'B takes over the colour by a merge, and is promoted with the commit that main shows now as the one expected. The old main stays where it was, under its name.',
    show: '#realities?reality=short-form',
    run({ repo, print, made }) {
      repo.merge('main', made.winner);
      repo.setMain(made.winner, { expected: repo.reality('main').head });
      print(`main is '${repo.main.name}'`);
      print(repo.main.readText('checkout.json') + repo.main.readText('theme.json'));
    },
  },
];
