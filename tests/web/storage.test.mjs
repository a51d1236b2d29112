// Repositories kept in a browser: written, opened again, followed by other tabs, and killed in the middle.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { project } from '../npm/project.mjs';
import { openPage, serve } from './browser.mjs';

const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>storage</title><link rel="icon" href="data:,">
<script type="module">import * as govc from './node_modules/govc/dist/browser.js'; globalThis.govc = govc;</script></head><body></body></html>`;
/** Runs functions that a page sends, in a Worker. */
const WORKER = `import * as govc from './node_modules/govc/dist/browser.js';
globalThis.govc = govc;
onmessage = async ({ data: { code, argument } }) => {
  try {
    postMessage({ value: await (0, eval)('(' + code + ')')(argument) });
  } catch (error) {
    postMessage({ error: String(error.stack), code: error.code, details: JSON.stringify(error.details) });
  }
};
postMessage('ready');`;

const folder = await project({ 'index.html': html, 'worker.js': WORKER });
const address = await serve(folder);

/** A tab of one browser; `run` runs a function in it, `inWorker` in a Worker of it. */
async function tab(context) {
  const { page, errors } = await openPage(address, { context });
  await page.waitForFunction(() => globalThis.govc);
  return {
    page,
    errors,
    run: (code, argument) => page.evaluate(code, argument),
    inWorker: (code, argument) => page.evaluate(async ({ code, argument }) => {
      const worker = globalThis.worker ??= new Worker('./worker.js', { type: 'module' });
      const next = () => new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
      });
      if (!globalThis.isReady) globalThis.isReady = await next();
      const answer = next();
      worker.postMessage({ code, argument });
      const { value, error } = await answer;
      if (error) throw new Error(error);
      return value;
    }, { code: String(code), argument }),
  };
}

for (const kind of ['opfs', 'indexedDb']) {
  for (const place of ['run', 'inWorker']) {
    test(`${kind} ${place === 'run' ? 'in a page' : 'in a Worker'}: written, opened again, listed, deleted`, async () => {
      const { page, errors, [place]: run } = await tab();
      const name = `a b/ä ${place}`;
      const head = await run(async ([kind, name]) => {
        const repo = await govc.Repository.open(govc[kind](name), { main: 'trunk' });
        repo.main.write('file.txt', 'content');
        const { id } = repo.main.commit('first');
        repo.createReality('topic');
        repo.tag('v1', undefined, 'a tag');
        await repo.flush();
        repo[Symbol.dispose]();
        return id;
      }, [kind, name]);
      const found = await run(async ([kind, name]) => {
        const repo = await govc.Repository.open(govc[kind](name));
        const { problems } = await repo.verify();
        const names = repo.listRealities().map((reality) => reality.name);
        const text = repo.main.readText('file.txt');
        const head = repo.main.head;
        repo.setMain('topic');
        repo.deleteReality('trunk');
        await repo.flush();
        repo[Symbol.dispose]();
        const again = await govc.Repository.open(govc[kind](name));
        const main = again.main.name;
        again[Symbol.dispose]();
        return { problems, names, text, head, main, list: await govc[kind].list() };
      }, [kind, name]);
      assert.deepEqual(found, { problems: [], names: ['topic', 'trunk'], text: 'content', head, main: 'topic', list: [name] });
      const list = await run(async ([kind, name]) => {
        await govc[kind](name).delete();
        return govc[kind].list();
      }, [kind, name]);
      assert.deepEqual(list, []);
      assert.deepEqual(errors, []);
      await page.close();
    });
  }
}
