/** A Worker that plays a scenario of the playground with the package, and hands over what its repository has become. */
import { Player } from './player.js';

/** Who is told to play while the package is being loaded waits. */
let turn = Promise.resolve();
const players = new Map();

// Set before anything is waited for: a message that nobody listens for is lost.
self.onmessage = ({ data: { name, step } }) => {
  turn = turn.then(() => answer(name, step));
};

async function answer(name, step) {
  try {
    self.postMessage({ name, ...await (await player(name)).to(step) });
  } catch (error) {
    self.postMessage({ name, failure: `${error?.code ?? error?.name}: ${error?.message ?? error}` });
  }
}

async function player(name) {
  if (!/^[a-z]+$/.test(name)) throw new Error(`there is no scenario '${name}'`);
  if (!players.has(name)) {
    const [{ Repository }, { default: steps }] = await Promise.all([import('../../govc/dist/browser.js'), import(`./scenarios/${name}.js`)]);
    players.set(name, new Player(Repository, steps));
  }
  return players.get(name);
}
