// Repositories kept in a browser: written, opened again, followed by other tabs, and killed in the middle.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { assertSound, git, gitWith, temporaryFolder } from '../npm/repository.mjs';
import { project } from '../npm/project.mjs';
import { launchApart, newContext, openPage, serve } from './browser.mjs';


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

/** Tabs and Workers, and whole browsers, that are ended in each test: more take more time and find the same. */
const KILLS = 8;
const BROWSER_KILLS = 3;

const folder = await project({ 'index.html': html, 'worker.js': WORKER, acknowledged: '' });
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
        // One storage for one repository after the other.
        const storage = govc[kind](name);
        for (let time = 0; time < 2; time++) {
          const again = await govc.Repository.open(storage);
          again.main.apply({ more: `${time}` }, 'more');
          await again.flush();
          again[Symbol.dispose]();
        }
        const again = await govc.Repository.open(storage);
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

/** Commits and flushes for ever; tells the page's console what was acknowledged. */
const writeForEver = async ([kind, name]) => {
  const repo = await govc.Repository.open(govc[kind](name));
  for (let round = 0; ; round++) {
    repo.main.write(`file ${round % 7}`, `${repo.main.head} ${round}`);
    const { id } = repo.main.commit(`round ${round}`);
    if (round % 10 === 9) repo.createReality(`r/${id}`);
    await repo.flush();
    await fetch(`./acknowledged?${id}`).catch(() => {});
  }
};

/** What was stored: the tip, its history, what verify says, and all files. */
const examine = async ([kind, name]) => {
  const storage = govc[kind](name);
  const repo = await govc.Repository.open(storage);
  const history = [...repo.log()].map(({ id }) => id);
  const { problems } = await repo.verify();
  const files = [];
  for await (const { path, bytes } of storage.files()) files.push([path, Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')]);
  repo[Symbol.dispose]();
  return { history, problems, files };
};

/** Has real git check the files of a stored repository; what git says its main is. */
async function checkedByGit(files) {
  const folder = await temporaryFolder();
  for (const [path, text] of files) {
    await mkdir(join(folder, path.endsWith('/') ? path : dirname(path)), { recursive: true });
    if (!path.endsWith('/')) await writeFile(join(folder, path), text, 'latin1');
  }
  await assertSound(folder);
  return git(folder, 'rev-parse', 'HEAD');
}

/** What pages acknowledged, as they tell the server. */
function acknowledgements(page) {
  const ids = [];
  page.on('request', (request) => {
    const id = request.url().split('/acknowledged?')[1];
    if (id !== undefined) ids.push(id);
  });
  return ids;
}

for (const kind of ['opfs', 'indexedDb']) {
  test(`${kind}: tabs that are closed and Workers that are ended while they write`, async (t) => {
    const context = await newContext();
    let acknowledged = [];
    let count = 0;
    for (let round = 0; round < KILLS; round++) {
      const writer = await tab(context);
      const ids = acknowledgements(writer.page);
      writer[round % 2 === 0 ? 'inWorker' : 'run'](writeForEver, [kind, 'closed']).catch(() => {});
      const enough = 2 + round * 7 % 12;
      for (let waited = 0; ids.length < enough; waited++) {
        assert.deepEqual([writer.errors, waited < 2000], [[], true]);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      if (round % 4 === 0) await writer.page.evaluate(() => globalThis.worker.terminate());
      else await writer.page.close();
      const reader = await tab(context);
      const { history, problems, files } = await reader.run(examine, [kind, 'closed']);
      assert.deepEqual(problems, []);
      assert.deepEqual([...acknowledged.slice(-1), ...ids].filter((id) => !history.includes(id)), []);
      if (round % 4 === 0) assert.equal(await checkedByGit(files), history[0]);
      await reader.page.close();
      if (!writer.page.isClosed()) await writer.page.close();
      acknowledged = ids;
      count += ids.length;
    }
    t.diagnostic(`${KILLS} kills, ${count} acknowledged flushes`);
    await context.close();
  });

  test(`${kind}: the browser is killed while a page and a Worker write`, async (t) => {
    const profile = await temporaryFolder();
    let count = 0;
    for (let round = 0; round < BROWSER_KILLS; round++) {
      const { context, kill } = await launchApart(profile);
      const writer = await tab(context);
      const ids = acknowledgements(writer.page);
      writer[round % 2 === 0 ? 'inWorker' : 'run'](writeForEver, [kind, 'killed']).catch(() => {});
      for (let waited = 0; ids.length < 3 + 6 * round; waited++) {
        assert.deepEqual([writer.errors, waited < 4000], [[], true]);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await kill();
      const reopened = await launchApart(profile);
      const { history, problems, files } = await (await tab(reopened.context)).run(examine, [kind, 'killed']);
      assert.deepEqual(problems, []);
      assert.deepEqual(ids.filter((id) => !history.includes(id)), []);
      assert.equal(await checkedByGit(files), history[0]);
      await reopened.kill();
      count += ids.length;
    }
    t.diagnostic(`${BROWSER_KILLS} kills, ${count} acknowledged flushes`);
  });

  test(`${kind}: two tabs write, a third follows every commit`, async () => {
    const context = await newContext();
    const [one, two, follower] = [await tab(context), await tab(context), await tab(context)];
    await one.run(async ([kind]) => {
      const repo = await govc.Repository.open(govc[kind]('tabs'));
      repo.main.apply({ base: 'x' }, 'base');
      await repo.flush();
      repo[Symbol.dispose]();
    }, [kind]);
    const following = follower.run(async ([kind]) => {
      const repo = await govc.Repository.open(govc[kind]('tabs'));
      const kinds = new Set();
      repo.watch({}, (event) => { kinds.add(event.kind); });
      const isDone = () => ['one', 'two'].every((name) => repo.main.has(`${name} is done`));
      while (!isDone()) await new Promise((resolve) => setTimeout(resolve, 10));
      const subjects = [...repo.log()].map(({ message }) => message.trim());
      const operations = [...new Set([...repo.operations()].map((operation) => operation.kind))];
      const { problems } = await repo.verify();
      return { subjects, operations, problems, kinds: [...kinds] };
    }, [kind]);
    const begin = async ([kind]) => {
      globalThis.repo = await govc.Repository.open(govc[kind]('tabs'));
    };
    await Promise.all([one.run(begin, [kind]), two.inWorker(begin, [kind])]);
    const write = async (tabName) => {
      let conflicts = 0;
      const flush = async () => {
        for (;;) {
          try {
            return await repo.flush();
          } catch (error) {
            if (error.code !== 'Stale') throw error;
            conflicts++;
            repo.merge(error.details.found, 'main');
          }
        }
      };
      for (let round = 0; round < 15; round++) {
        repo.main.apply({ [`${tabName} ${round}`]: `${round}` }, `${tabName} ${round}`);
        await flush();
      }
      repo.main.apply({ [`${tabName} is done`]: '' }, 'done');
      await flush();
      return conflicts;
    };
    const conflicts = await Promise.all([one.run(write, 'one'), two.inWorker(write, 'two')]);
    const { subjects, operations, problems, kinds } = await following;
    for (const name of ['one', 'two']) {
      for (let round = 0; round < 15; round++) assert.ok(subjects.includes(`${name} ${round}`), `${name} ${round}`);
    }
    assert.deepEqual([operations, problems], [['import'], []]);
    assert.ok(kinds.length > 0);
    assert.ok(conflicts[0] + conflicts[1] > 0, 'they were in each other\'s way');
    assert.deepEqual([one.errors, two.errors, follower.errors], [[], [], []]);
    await context.close();
  });

  test(`${kind}: what the browser cleared is told, and stored anew`, async () => {
    const { page, run } = await tab();
    const found = await run(async (kind) => {
      const repo = await govc.Repository.open(govc[kind]('cleared', { persist: true }));
      repo.main.apply({ a: 'a' }, 'a');
      await repo.flush();
      if (kind === 'opfs') await (await navigator.storage.getDirectory()).removeEntry('govc', { recursive: true });
      else await new Promise((resolve, reject) => Object.assign(indexedDB.deleteDatabase('govc:cleared'), { onsuccess: resolve, onerror: reject }));
      const { id } = repo.main.apply({ b: 'b' }, 'b');
      const error = await repo.flush().catch((error) => error);
      await repo.flush();
      const again = await govc.Repository.open(govc[kind]('cleared'));
      return { code: error.code, reason: error.details?.reason, isThere: again.main.head === id, problems: (await again.verify()).problems };
    }, kind);
    assert.deepEqual(found, { code: 'Storage', reason: 'evicted', isThere: true, problems: [] });
    await page.close();
  });

  test(`${kind}: nothing is made by looking; a lock is waited for until it is stopped; without locks nothing is written`, async () => {
    const { page, run } = await tab();
    const found = await run(async (kind) => {
      const repo = await govc.Repository.open(govc[kind]('looked at'));
      await repo.refresh();
      const before = await govc[kind].list();
      repo.main.apply({ a: 'a' }, 'a');
      const stopped = new AbortController();
      const codes = await navigator.locks.request(`govc:${kind}:looked at`, async () => {
        const flush = repo.flush({ signal: stopped.signal }).catch((error) => error.code);
        setTimeout(() => stopped.abort('enough'), 20);
        return [await flush];
      });
      Object.defineProperty(navigator, 'locks', { value: undefined, configurable: true });
      const { code, details } = await repo.flush().catch((error) => error);
      codes.push(code, details.reason);
      delete navigator.locks;
      await repo.flush();
      return { before, codes, after: await govc[kind].list() };
    }, kind);
    assert.deepEqual(found, { before: [], codes: ['Aborted', 'Storage', 'unsupported'], after: ['looked at'] });
    await page.close();
  });

  test(`${kind}: no more room is told, what is in memory stays, and a later flush works`, async () => {
    const context = await newContext();
    const { page, run } = await tab(context);
    const session = await context.newCDPSession(page);
    const origin = new URL(address).origin;
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 600_000 });
    const failed = await run(async (kind) => {
      globalThis.repo = await govc.Repository.open(govc[kind]('full'));
      repo.main.apply({ small: 'x' }, 'small');
      await repo.flush();
      repo.main.apply({ large: crypto.getRandomValues(new Uint8Array(60_000)).join('') }, 'large');
      for (let at = 0; at < 40; at++) repo.main.apply({ [`large ${at}`]: crypto.getRandomValues(new Uint8Array(60_000)) }, 'large');
      const error = await repo.flush().catch((error) => error);
      return { code: error?.code, reason: error?.details?.reason, head: repo.main.head };
    }, kind);
    assert.deepEqual(failed, { code: 'Storage', reason: 'quota', head: failed.head });
    await session.send('Storage.overrideQuotaForOrigin', { origin });
    const head = await run(async (kind) => {
      await repo.flush();
      return (await govc.Repository.open(govc[kind]('full'))).main.head;
    }, kind);
    assert.equal(head, failed.head);
    await context.close();
  });

  test(`${kind}: this project's own history, stored and opened again`, async (t) => {
    // Another repository than this project's own, where one is to be measured.
    const root = process.env.GOVC_STORED ?? fileURLToPath(new URL('../../', import.meta.url));
    const [head, count] = [await git(root, 'rev-parse', 'HEAD'), await git(root, 'rev-list', '--count', 'HEAD')];
    await writeFile(join(folder, 'history.pack'), await gitWith(root, `${head}\n`, 'pack-objects', '--revs', '--stdout', '--quiet'));
    const { page, inWorker } = await tab();
    const found = await inWorker(async ([kind, head]) => {
      const pack = new Uint8Array(await (await fetch('./history.pack')).arrayBuffer());
      const repo = await govc.Repository.open(govc[kind]('history'));
      await repo.importPack(pack, { main: head });
      const phases = new Set();
      const start = performance.now();
      await repo.flush({ onProgress: ({ phase }) => phases.add(phase) });
      const flushed = performance.now();
      const again = await govc.Repository.open(govc[kind]('history'), { onProgress: ({ phase }) => phases.add(phase) });
      const opened = performance.now();
      again.main.apply({ more: 'x' }, 'one more');
      await again.flush();
      const small = performance.now();
      const stopped = new AbortController();
      stopped.abort();
      const error = await govc.Repository.open(govc[kind]('history'), { signal: stopped.signal }).catch((error) => error);
      const commits = [...again.log()].length;
      return { bytes: pack.length, flush: flushed - start, open: opened - flushed, small: small - opened, commits, phases: [...phases], code: error.code };
    }, [kind, head]);
    assert.deepEqual([found.commits, found.phases, found.code], [Number(count) + 1, ['write', 'open'], 'Aborted']);
    t.diagnostic(`${found.bytes} bytes of pack: flushed in ${found.flush.toFixed()} ms, opened in ${found.open.toFixed()} ms, one more commit in ${found.small.toFixed()} ms`);
    await page.close();
  });
}
