// The playground's first minutes in a browser: the invitation, and each scenario from its first step to its last.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { openPage, serve } from './browser.mjs';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const www = new URL('../../www/', import.meta.url);
const folder = await mkdtemp(join(tmpdir(), 'govc-scenarios-'));
after(() => rm(folder, { recursive: true, force: true }));
for (const name of ['app', 'govc']) await symlink(fileURLToPath(new URL(`dist/${name}`, www)), join(folder, name));
// What lies beside the page: a repository without a commit.
await writeFile(join(folder, 'history.pack'), execFileSync('git', ['pack-objects', '--stdout', '-q'], { input: '' }));
await writeFile(join(folder, 'history.json'), JSON.stringify({ main: 'main', note: '', refs: {} }));
const address = `${await serve(folder)}app/`;

const scenarios = new URL('../../dashboard/worker/scenarios/', import.meta.url);
const names = (await readdir(scenarios)).map((file) => file.replace('.js', ''));
const stepsOf = async (name) => (await import(new URL(`${name}.js`, scenarios))).default;

/** Waits until a step is played and shown. */
async function at(page, step, steps) {
  await page.locator('#guide-title', { hasText: `Step ${step} of ${steps.length}: ${steps[step - 1].title}` }).waitFor();
}

const viewOf = (page) => page.locator('main').getAttribute('class');

for (const name of names) {
  test(`${name}: from the invitation to the end, and a step back`, async () => {
    const steps = await stepsOf(name);
    const { page, errors } = await openPage(`${address}#playground`);
    await page.locator(`.card[href*="scenario=${name}.1"]`).click();
    const views = [];
    for (let step = 1; step <= steps.length; step++) {
      await at(page, step, steps);
      await page.waitForFunction((wanted) => location.hash.includes(`scenario=${wanted}`) && /[?&](reality|with|path|commit)=|^#activity/.test(location.hash), `${name}.${step}`);
      views.push(await viewOf(page));
      assert.ok((await page.locator('.guide .printed, .guide .matrix').count()) > 0, `step ${step} tells nothing`);
      assert.ok((await page.locator('.guide .cm-content').innerText()).length > 10);
      if (step < steps.length) await page.getByRole('button', { name: 'Next' }).click();
    }
    assert.ok(new Set(views).size > 1, `only ${views[0]} is shown`);
    await page.getByRole('button', { name: 'Back', exact: true }).click();
    await at(page, steps.length - 1, steps);
    await page.getByRole('button', { name: 'Restart' }).click();
    await at(page, 1, steps);
    assert.deepEqual(errors, []);
    await page.close();
  });
}

test('by keyboard alone: choose a scenario, walk on and back, and go on by oneself', async () => {
  const steps = await stepsOf('incident');
  const { page, errors } = await openPage(`${address}#playground`);
  const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '');
  await page.locator('.card').first().waitFor();
  for (let presses = 0; !(await focused()).startsWith('Travel to an incident'); presses++) {
    assert.ok(presses < 40, 'the card is not reached');
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Enter');
  for (let step = 1; step <= steps.length; step++) {
    await at(page, step, steps);
    if (step < steps.length) await page.keyboard.press('Enter');
  }
  assert.match(await page.locator('.guide .printed').last().innerText(), /"connections": 64/);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await at(page, steps.length - 1, steps);
  await page.locator('.guide td', { hasText: 'Same settings as in the test environment' }).waitFor();
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await at(page, steps.length, steps);
  await page.keyboard.press('Enter');
  await page.locator('.guide').waitFor({ state: 'detached' });
  await page.locator('.paths button', { hasText: 'app/pool.json' }).waitFor();
  assert.deepEqual(errors, []);
  await page.close();
});

test('what a step made is the repository: its files, its realities, its log; a look around leaves the step where it is', async () => {
  const steps = await stepsOf('emergency');
  const { page, errors } = await openPage(`${address}#activity?scenario=emergency.4`);
  await at(page, 4, steps);
  await page.locator('.operations li', { hasText: 'rule emergency: roll main back' }).first().waitFor();
  await page.getByRole('link', { name: 'Timeline' }).click();
  await page.locator('.scrubber').waitFor();
  await at(page, 4, steps);
  await page.getByRole('button', { name: 'Leave' }).click();
  await page.locator('.paths button', { hasText: 'deploy/service.json' }).waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('link', { name: 'Activity' }).click();
  await page.locator('.operations li', { hasText: 'undo' }).first().waitFor();
  assert.deepEqual(errors, []);
  await page.close();
});

test('begin with nothing: a file, a commit', async () => {
  const { page, errors } = await openPage(`${address}#playground`);
  await page.getByRole('button', { name: 'Begin with nothing' }).click();
  await page.getByLabel('New file').fill('hello.js');
  await page.keyboard.press('Enter');
  await page.locator('.cm-content').click();
  await page.keyboard.type('export default 1;');
  await page.locator('.detail .hunk', { hasText: 'export default 1;' }).waitFor();
  await page.getByLabel('Message').fill('The first');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Realities' }).click();
  await page.locator('.subject', { hasText: 'The first' }).waitFor();
  assert.deepEqual(errors, []);
  await page.close();
});

test('a shared link carries view and repository; what is no repository is refused', async () => {
  const { page, errors } = await openPage(`${address}#realities?scenario=schema.6`, { permissions: ['clipboard-read', 'clipboard-write'] });
  await at(page, 6, await stepsOf('schema'));
  await page.getByRole('button', { name: 'Leave' }).click();
  await page.locator('.paths button', { hasText: '003-split-name.sql' }).click();
  await page.locator('.cm-content', { hasText: 'split_part' }).waitFor();
  await page.getByRole('button', { name: 'Share' }).click();
  await page.getByText('Copied a link to this view, with the repository in it').waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(link, /#playground\?[^]*bundle=[\w-]+$/);
  const other = await openPage(link);
  await other.page.locator('.cm-content', { hasText: 'split_part' }).waitFor();
  await other.page.getByRole('link', { name: 'Realities' }).click();
  await other.page.locator('#realities-title .count', { hasText: /^3$/ }).waitFor();
  for (const [letters, told] of [[link.slice(link.indexOf('bundle=') + 7, -9), /./], ['%3Cb%3E', /not whole/], ['QUJD', /no bundle/], ['A'.repeat(50_000), /at most 32768 bytes/]]) {
    const broken = await openPage(`${address}#playground?bundle=${letters}`);
    await broken.page.locator('.notice .failure', { hasText: told }).waitFor();
    assert.deepEqual(broken.errors, []);
    await broken.page.close();
  }
  assert.deepEqual([...errors, ...other.errors], []);
  await Promise.all([page.close(), other.page.close()]);
});

for (const [size, width, height] of [['a phone', 390, 844], ['a laptop', 1280, 800], ['a wide screen', 1920, 1080]]) {
  for (const colorScheme of ['light', 'dark']) {
    test(`the invitation and the steps on ${size}, ${colorScheme}: accessible, and nothing is cut off`, async () => {
      const found = [];
      for (const fragment of ['#playground', '#playground?scenario=cdn.1', '#compare?scenario=cdn.3', '#timeline?scenario=incident.3', '#activity?scenario=emergency.5']) {
        const { page, errors } = await openPage(`${address}${fragment}`, { viewport: { width, height }, colorScheme });
        await page.locator('.card, .guide .cm-content').first().waitFor();
        await page.addScriptTag({ path: axe });
        const { violations } = await page.evaluate(() => globalThis.axe.run());
        found.push(...violations.map(({ id, nodes }) => `${fragment}: ${id} ${nodes[0].html}`));
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        if (wide > width) found.push(`${fragment} is ${wide} px wide`);
        found.push(...errors);
        await page.close();
      }
      assert.deepEqual(found, []);
    });
  }
}
