// The dashboard on a repository on disk: it is shown, and however long the history, little of it is in the page.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { openPage } from './browser.mjs';

const COMMITS = 3_000;
/** Rows that are in the page at most: what a window of 800 pixels shows, and some around it. */
const ROWS_MAX = 60;
const folder = await mkdtemp(join(tmpdir(), 'govc-follow-'));
after(() => rm(folder, { recursive: true, force: true }));

function git(args, input) {
  const env = { ...process.env, GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' };
  return execFileSync('git', args, { cwd: folder, encoding: 'utf8', input, env }).trim();
}

const commit = (mark, from, branch, message) => {
  const who = `Ada <ada@example.com> ${1_600_000_000 + mark * 60} +0000`;
  return `commit refs/heads/${branch}\nmark :${mark}\nauthor ${who}\ncommitter ${who}\ndata ${message.length}\n${message}\n${from}M 100644 inline file${mark % 7}\ndata 3\n${mark % 10}\n\n`;
};

git(['init', '-q', '--bare', '-b', 'main', '.']);
git(['fast-import', '--quiet'], Array.from({ length: COMMITS }, (_, at) => commit(at + 1, at === 0 ? '' : `from :${at}\n`, 'main', `step ${at}`)).join(''));

async function served() {
  const serve = fileURLToPath(new URL('../../www/serve.mjs', import.meta.url));
  const server = spawn(process.execPath, [serve, '0', folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  after(() => server.kill());
  for await (const chunk of server.stdout) return String(chunk).trim();
  throw new Error('serve.mjs printed no address');
}

test('a repository on disk is shown; scrolled through, the page holds the rows that are seen', async () => {
  const { page, errors } = await openPage(`${await served()}#realities`, { viewport: { width: 1280, height: 800 } });
  const count = (text) => page.locator('#graph-title .count', { hasText: new RegExp(`^${text}$`) }).waitFor();
  await count(COMMITS);
  const most = await page.evaluate(async () => {
    const graph = document.querySelector('.graph');
    let rows = 0;
    for (let step = 0; step <= 50; step += 1) {
      graph.scrollTop = (graph.scrollHeight * step) / 50;
      await new Promise(requestAnimationFrame);
      await new Promise(requestAnimationFrame);
      rows = Math.max(rows, document.querySelectorAll('.graph [role=option]').length);
    }
    return rows;
  });
  assert.ok(most > 0 && most <= ROWS_MAX, `${most} rows are in the page`);
  await page.getByText('step 0', { exact: true }).waitFor();
  assert.deepEqual(errors, []);
  await page.close();
});
