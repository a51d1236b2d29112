/**
 * A Worker that evaluates realities with a test that a person wrote, by the package's own `evaluate`. It gets the repository as
 * a pack, so that a test that goes wrong, or never ends, harms nothing: whoever waits for it ends the Worker.
 */
import { ranked } from './ranked.js';

const PREFIX = 'evaluation/';

// Set before anything is waited for: a message that nobody listens for is lost.
self.onmessage = async ({ data }) => {
  try {
    self.postMessage({ rows: await evaluated(data) });
  } catch (error) {
    self.postMessage({ failure: String(error?.message ?? error) });
  }
};

async function evaluated({ pack, refs, main, names, code, samples, better: asked }) {
  const { Repository } = await import('../../govc/dist/browser.js');
  const repo = new Repository({ main });
  await repo.importPack(pack, refs);
  const { default: test, better = asked } = await import(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })));
  if (typeof test !== 'function') throw new Error('the test has to begin with `export default (reality) =>`');
  const candidates = Object.fromEntries(names.map((name) => [PREFIX + name, (reality) => void reality.rollback(name)]));
  const evaluation = await repo.evaluate({
    candidates, test, samples, better, keep: 'winner', concurrency: 1,
    onProgress: ({ done, total }) => self.postMessage({ done, total }),
  });
  return ranked({ ...evaluation, baselineResult: { ...evaluation.baselineResult, name: PREFIX + main } }, (name) => name.slice(PREFIX.length));
}
