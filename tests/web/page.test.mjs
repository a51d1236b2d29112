// The page of `cargo xtask start`, as a visitor uses it, with real git cloning from the tab and pushing to it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { openPage, serveSite } from './browser.mjs';

const run = promisify(execFile);
const www = fileURLToPath(new URL('../../www/', import.meta.url));

const folder = await mkdtemp(join(tmpdir(), 'govc-page-'));
after(() => rm(folder, { recursive: true, force: true }));
const address = await serveSite();

async function git(...args) {
  const identity = ['-c', 'user.name=Git', '-c', 'user.email=git@example.com'];
  const env = { ...process.env, GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_NOSYSTEM: '1', HOME: folder };
  const { stdout } = await run('git', [...identity, ...args], { cwd: folder, env });
  return stdout.trim();
}

async function ready(options) {
  const opened = await openPage(address, options);
  await opened.page.waitForSelector('#workshop:not([hidden])').catch(async (cause) => {
    throw new Error(`the page did not load: ${await opened.page.textContent('#load-text')} ${opened.errors}`, { cause });
  });
  return opened;
}

test('fork, change, preview, merge, undo; git clones the tab and pushes to it', async () => {
  const { page, errors } = await ready();
  const { refs, main } = JSON.parse(await readFile(`${www}dist/history.json`, 'utf8'));
  const before = refs[`refs/heads/${main}`];

  await page.click('#fork');
  assert.match(await page.textContent('#fork-result'), /^1,000 realities in/);
  assert.equal(await page.locator('#reality option').count(), 1001);

  await page.selectOption('#file', 'LICENSE');
  await page.fill('#content', `${await page.inputValue('#content')}One line more.\n`);
  await page.fill('#message', 'A line <b>more</b>');
  await page.click('#commit');
  assert.match(await page.textContent('#edit-result'), /main has not moved/);
  assert.match(await page.textContent('#preview-verdict'), /^Merges cleanly/);
  assert.equal(await page.textContent('#preview-diff .added'), '+One line more.');
  assert.equal(await page.locator('#log b').count(), 0, 'a message is text, not markup');

  await page.click('#merge');
  assert.match(await page.textContent('#merge-result'), /main is at/);

  await git('clone', '-q', `${address}tab.git`, 'clone');
  await git('-C', 'clone', 'fsck', '--strict');
  assert.equal(await git('-C', 'clone', 'log', '-1', '--format=%s'), 'A line <b>more</b>');
  assert.equal(await git('-C', 'clone', 'rev-parse', 'HEAD~1'), before);
  assert.match(await page.textContent('#served'), /git-upload-pack/);

  await appendFile(join(folder, 'clone/LICENSE'), 'And one from git.\n');
  await git('-C', 'clone', 'commit', '-q', '-a', '-m', 'From git');
  await git('-C', 'clone', 'push', '-q', 'origin', 'HEAD');
  await page.selectOption('#reality', main);
  await page.waitForFunction(() => document.querySelector('#log .subject').textContent === 'From git');

  await page.click('#undo');
  assert.match(await page.textContent('#merge-result'), /^Undone/);
  assert.deepEqual(errors, []);
  await page.close();
});

test('the page leads to the dashboard, which shows the same history under the same policy', async () => {
  const { page, errors } = await ready();
  await page.getByRole('link', { name: 'Dashboard', exact: true }).click();
  await page.locator('[role=option]').first().click();
  await page.locator('.file').first().waitFor();
  await page.getByRole('link', { name: 'Playground' }).click();
  await page.getByRole('link', { name: 'Edit the files that are open here' }).click();
  await page.locator('.paths button', { hasText: 'README.md' }).first().click();
  await page.locator('.cm-content').waitFor();
  assert.notEqual(await page.locator('.cm-gutters').evaluate((gutters) => getComputedStyle(gutters).backgroundColor), 'rgba(0, 0, 0, 0)');
  await page.goto(address);
  await page.getByRole('link', { name: 'Open the playground' }).click();
  await page.locator('#start-title').waitFor();
  assert.deepEqual(errors, []);
  await page.close();
});

test('every control has a name and can be reached and used with the keyboard', async () => {
  const { page, errors } = await ready();
  const nameless = await page.locator('button, select, input, textarea').evaluateAll((controls) =>
    controls.filter((control) => !control.textContent.trim() && !control.labels?.length).map((control) => control.id));
  assert.deepEqual(nameless, []);
  await page.focus('#fork');
  await page.keyboard.press('Enter');
  assert.match(await page.textContent('#fork-result'), /^1,000 realities in/);
  await page.focus('#message');
  const outline = await page.locator('#message').evaluate((input) => getComputedStyle(input).outlineStyle);
  assert.equal(outline, 'solid');
  assert.deepEqual(errors, []);
  await page.close();
});

for (const [name, width] of [['a phone', 360], ['a laptop', 1280]]) {
  for (const colorScheme of ['light', 'dark']) {
    test(`nothing is cut off on ${name}, ${colorScheme}`, async () => {
      const { page } = await ready({ viewport: { width, height: 800 }, colorScheme });
      await page.click('#fork');
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
      await page.close();
    });
  }
}

test('another site cannot reach the tab', async () => {
  const answer = await fetch(`${address}tab/requests`, { headers: { origin: 'http://example.com' } });
  assert.equal(answer.status, 403);
});
