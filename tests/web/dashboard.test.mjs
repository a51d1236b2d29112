// The dashboard in a browser, on a repository that git made: what a person does with the mouse, and again by keyboard alone.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { axe, dashboard } from './dashboard-page.mjs';

const COMMITS = 60;
const HOSTILE = '<img src=x onerror="globalThis.hit = 1"> \u202egnp.exe';
const { folder, git, show, open: opened } = await dashboard();
await history();
const { refs: heads, address } = await show();

/** A repository with a branch that was merged, one that conflicts, and one with a hostile name and message. */
async function history() {
  git('init', '-q', '-b', 'main', '.');
  const commit = async (message, name, text, at) => {
    await writeFile(join(folder, name), text);
    git('add', name);
    const date = `${1_700_000_000 + at * 86_400} +0000`;
    execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', 'commit', '-q', '-m', message], {
      cwd: folder, env: { ...process.env, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
    });
  };
  for (let at = 0; at < COMMITS; at++) await commit(`step ${at}`, 'config.json', `{ "step": ${at} }\n`, at);
  git('checkout', '-q', '-b', 'clash', 'HEAD~1');
  await commit('another step', 'config.json', '{ "step": "other" }\n', COMMITS);
  git('checkout', '-q', '-b', 'clean', 'main');
  await commit('a file more', 'notes.md', '# Notes\n', COMMITS + 1);
  git('checkout', '-q', '-b', 'hostile/<b>name', 'main');
  await commit(HOSTILE, 'evil.txt', `${HOSTILE}\n`, COMMITS + 2);
  git('checkout', '-q', 'main');
}

const chosen = (page) => page.locator('[role=option][aria-selected=true] .subject').textContent();

test('the graph: choose commits by mouse and by key, and see what they changed', async () => {
  const { page, errors } = await opened();
  const rows = page.locator('[role=option]');
  assert.equal(Number(await rows.first().getAttribute('aria-setsize')), COMMITS + 3);
  await page.getByText(`step ${COMMITS - 1}`, { exact: true }).click();
  assert.equal(await chosen(page), `step ${COMMITS - 1}`);
  assert.match(await page.locator('.hunk').first().innerText(), new RegExp(`"step": ${COMMITS - 2}[^]*"step": ${COMMITS - 1}`));
  await page.locator('[role=listbox]').focus();
  await page.keyboard.press('End');
  assert.equal(await chosen(page), 'step 0');
  assert.match(page.url(), new RegExp(`commit=${git('rev-list', '--max-parents=0', 'main')}`));
  await page.keyboard.press('Home');
  assert.notEqual(await chosen(page), 'step 0');
  assert.deepEqual(errors, []);
  await page.close();
});

test('hostile names and messages are text', async () => {
  const { page, errors } = await opened(`#realities?commit=${heads['refs/heads/hostile/<b>name']}`);
  await page.locator('.hunk').first().waitFor();
  const text = await page.locator('body').innerText();
  assert.ok(text.includes('hostile/<b>name') && text.includes('<U+202E>gnp.exe') && !text.includes('\u202e'), text);
  assert.equal(await page.evaluate(() => globalThis.hit), undefined);
  assert.equal(await page.locator('main img, main b').count(), 0);
  assert.deepEqual(errors, []);
  await page.close();
});

test('fork a thousand, preview merges, merge, undo', async () => {
  const { page, errors } = await opened();
  const standing = (name) => page.locator('.reality', { has: page.locator('.name', { hasText: new RegExp(`^${name}$`) }) }).locator('.standing');
  const reality = (name) => page.locator('.reality .name', { hasText: new RegExp(`^${name}$`) });
  await standing('clash').filter({ hasText: 'conflicts with main' }).waitFor();
  await standing('clean').filter({ hasText: '1 ahead, 0 behind' }).waitFor();
  await reality('main').click();
  await page.getByLabel('times').fill('1000');
  await page.getByRole('button', { name: 'Fork', exact: true }).click();
  await page.getByText(/^Forked 1000 in/).waitFor();
  assert.equal(await page.locator('#realities-title .count').textContent(), '1004');
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.locator('#realities-title .count', { hasText: /^4$/ }).waitFor();

  await reality('clash').click();
  await page.getByRole('button', { name: 'Preview merge into main' }).click();
  await page.getByText('config.json (content)').waitFor();
  await reality('clean').click();
  await page.getByRole('button', { name: 'Preview merge into main' }).click();
  await page.locator('.actions .file', { hasText: 'notes.md' }).waitFor();
  await page.getByRole('button', { name: 'Merge', exact: true }).click();
  await page.getByText('Merged clean into main').waitFor();
  await page.locator('.head', { hasText: 'main' }).first().waitFor();
  assert.deepEqual(errors, []);
  await page.close();
});

test('the timeline: step, drag, pin, and a link to what is seen', async () => {
  const { page, errors } = await opened('#timeline?path=config.json');
  const shown = page.locator('.source');
  await page.getByText(`${COMMITS} of ${COMMITS}`).waitFor();
  assert.equal(await shown.textContent(), `{ "step": ${COMMITS - 1} }`);
  await page.getByRole('button', { name: 'Earlier' }).click();
  await page.locator('.source', { hasText: `${COMMITS - 2}` }).waitFor();
  await page.getByRole('button', { name: 'Pin this moment' }).click();
  const line = page.locator('.scrubber');
  const { x, y, width } = await line.boundingBox();
  await page.mouse.click(x + width / 2, y + 10);
  const middle = JSON.parse(await shown.textContent()).step;
  assert.ok(Math.abs(middle - COMMITS / 2) <= 2, `the middle of the line shows step ${middle}`);
  await page.getByRole('button', { name: 'Pin this moment' }).click();
  await page.locator('.pins .hunk').waitFor();
  await line.focus();
  await page.keyboard.press('Home');
  await page.locator('.source', { hasText: '"step": 0' }).waitFor();
  const again = await opened(new URL(page.url()).hash);
  await again.page.locator('.source', { hasText: '"step": 0' }).waitFor();
  assert.equal(await again.page.locator('.pins code').count(), 2);
  assert.deepEqual([...errors, ...again.errors], []);
  await Promise.all([page.close(), again.page.close()]);
});

test('realities side by side', async () => {
  const { page, errors } = await opened('#compare?with=clash&with=clean');
  const table = await page.locator('.matrix').innerText();
  assert.match(table, /config\.json.*changed/s);
  assert.match(table, /notes\.md.*added/s);
  await page.locator('.detail .file', { hasText: 'notes.md' }).waitFor();
  assert.deepEqual(errors, []);
  await page.close();
});

test('a test of one\'s own finds the better reality, which is merged; one that never ends is stopped', async () => {
  const { page, errors } = await opened('#compare?with=clash&with=clean');
  const write = async (code) => {
    await page.locator('govc-editor.test').evaluate((editor, text) => {
      editor.value = text;
      editor.dispatchEvent(new CustomEvent('change'));
    }, code);
    await page.getByRole('button', { name: 'Evaluate' }).click();
  };
  await write('export default () => { for (;;); };');
  await page.getByRole('button', { name: 'Stop' }).click();
  await write('export default () => 1;');
  await page.getByText('No difference was found.').waitFor();
  await write('let run = 0;\nexport default (reality) => reality.list().length * 10 + (++run * 7) % 3;');
  await page.getByText('clean is better than main.').waitFor();
  assert.match(await page.locator('.compared .matrix').last().innerText(), /clash.*no difference/s);
  await page.getByRole('button', { name: 'Preview merge into main' }).click();
  await page.getByRole('button', { name: 'Merge', exact: true }).click();
  await page.getByText('Merged clean into main').waitFor();
  await write('throw new Error("not even a module");');
  await page.getByText('not even a module').waitFor();
  assert.deepEqual(errors, []);
  await page.close();
});

test('the playground: type, see it staged, commit, go back', async () => {
  const { page, errors } = await opened('#playground?reality=clean&path=notes.md');
  await page.locator('.cm-content').click();
  await page.keyboard.press('Control+End');
  await page.keyboard.type('A line more');
  await page.locator('.detail .hunk', { hasText: 'A line more' }).waitFor();
  await page.getByLabel('Message').fill('From the playground');
  await page.keyboard.press('Enter');
  await page.getByText('What you type is staged at once').waitFor();
  await page.goto(`${address}#realities?reality=clean`);
  await page.locator('.subject', { hasText: 'From the playground' }).waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.locator('.subject', { hasText: 'From the playground' }).waitFor({ state: 'detached' });
  assert.deepEqual(errors, []);
  await page.close();
});

test('open a bundle, then a folder; what happened is listed', async () => {
  const { page, errors } = await opened('#playground?reality=main');
  git('bundle', 'create', '-q', 'some.bundle', 'clean', 'clash');
  await page.getByText('Open another repository').click();
  await page.getByLabel('A bundle').setInputFiles(join(folder, 'some.bundle'));
  await page.goto(`${address}#realities`);
  await page.locator('#realities-title .count', { hasText: /^2$/ }).waitFor();
  await page.locator('#graph-title .count', { hasText: `${COMMITS + 2}` }).waitFor();
  const files = await mkdtemp(join(folder, 'files-'));
  await writeFile(join(files, 'a.txt'), 'alpha\n');
  await page.goto(`${address}#playground?path=a.txt`);
  await page.getByText('Open another repository').click();
  await page.getByLabel('A folder').setInputFiles(files);
  await page.locator('.cm-content', { hasText: 'alpha' }).waitFor();
  await page.goto(`${address}#activity`);
  await page.locator('.operations li', { hasText: 'Import 1 files' }).waitFor();
  await page.goto(`${address}#playground?reality=main`);
  await page.getByText('Open another repository').click();
  await page.getByLabel('A bundle').setInputFiles(join(files, 'a.txt'));
  await page.getByText('the file is no bundle').waitFor();
  assert.deepEqual(errors, []);
  await page.close();
});

for (const [size, width, height] of [['a phone', 390, 844], ['a laptop', 1280, 800], ['a wide screen', 1920, 1080]]) {
  for (const colorScheme of ['light', 'dark']) {
    test(`every view on ${size}, ${colorScheme}: accessible, and nothing is cut off`, async () => {
      const found = [];
      for (const view of ['realities?reality=clean', 'timeline?path=config.json', 'compare?with=clash&with=clean', 'activity', 'playground?path=config.json']) {
        const { page, errors } = await opened(`#${view}`, { viewport: { width, height }, colorScheme });
        await page.addScriptTag({ path: axe });
        const { violations } = await page.evaluate(() => globalThis.axe.run());
        found.push(...violations.map(({ id, nodes }) => `${view}: ${id} ${nodes[0].html}`));
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        if (wide > width) found.push(`${view} is ${wide} px wide`);
        found.push(...errors);
        await page.close();
      }
      assert.deepEqual(found, []);
    });
  }
}
