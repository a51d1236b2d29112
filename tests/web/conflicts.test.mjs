// Conflicts in the dashboard: resolved by keyboard alone, and the merge compared with what git makes of the same decisions.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

import { axe, dashboard } from './dashboard-page.mjs';

const HOSTILE_PATH = '<img src=x onerror="globalThis.hit=1">\u202e.txt';
const HOSTILE = '<script>globalThis.hit = 1</script> \u202egnp.exe';
const { folder, git, show, open } = await dashboard();
const expected = await history();
await show();

/** Forty lines, some of them changed. */
function numbered(changes = {}) {
  return Array.from({ length: 40 }, (_, at) => `${changes[at] ?? `line ${at}`}\n`).join('');
}

/** Main and a branch that conflict in every way that the page has words for; what git makes of the decisions below. */
async function history() {
  git('init', '-q', '-b', 'main', '.');
  const write = async (contents) => {
    for (const [name, content] of Object.entries(contents)) {
      await rm(join(folder, name), { recursive: true, force: true });
      if (content === null) continue;
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await (content.target ? symlink(content.target, join(folder, name)) : writeFile(join(folder, name), content));
    }
  };
  const submodule = (digit) => git('update-index', '--add', '--cacheinfo', `160000,${digit.repeat(40)},module`);
  const commit = async (message, contents, digit) => {
    await write(contents);
    git('add', '-A', '--', ...Object.keys(contents).map((name) => `:(literal)${name}`));
    submodule(digit);
    git('commit', '-q', '-m', message);
  };
  const binary = (byte) => Buffer.from([0, 1, byte, 3]);
  const crlf = (word) => `a\r\n${word}\r\nz\r\n`;
  await commit('base', {
    'app.txt': numbered(), 'changed-by-us.txt': 'a\nb\n', 'changed-by-them.txt': 'a\nb\n', 'image.bin': binary(2), 'link': { target: 'base' },
    'old-name.txt': numbered({ 0: 'to be renamed' }), 'kind': 'a file\n', 'windows.txt': crlf('b'), [HOSTILE_PATH]: 'x\n',
  }, 'a');
  git('checkout', '-q', '-b', 'side');
  await commit('their side', {
    'app.txt': numbered({ 5: 'theirs 5', 20: 'theirs 20', 35: 'only theirs' }), 'new.txt': 'theirs\n', 'changed-by-us.txt': null,
    'changed-by-them.txt': 'a\ntheirs\n', 'image.bin': binary(4), 'link': { target: 'theirs' }, 'old-name.txt': null,
    'their-name.txt': numbered({ 0: 'to be renamed' }), 'place/inside.txt': 'in the way\n', 'kind': 'a changed file\n',
    'windows.txt': crlf('theirs'), [HOSTILE_PATH]: `${HOSTILE} theirs\n`,
  }, 'c');
  git('checkout', '-q', '-f', 'main');
  await commit('our side', {
    'app.txt': numbered({ 5: 'ours 5', 12: 'only ours', 20: 'ours 20' }), 'new.txt': 'ours\n', 'changed-by-us.txt': 'a\nours\n',
    'changed-by-them.txt': null, 'image.bin': binary(5), 'link': { target: 'ours' }, 'old-name.txt': null,
    'our-name.txt': numbered({ 0: 'to be renamed' }), 'place': 'a file\n', 'kind': { target: 'app.txt' }, 'windows.txt': crlf('ours'),
    [HOSTILE_PATH]: `${HOSTILE} ours\n`,
  }, 'b');
  for (const name of ['one', 'two']) {
    git('checkout', '-q', '-f', '-b', name, 'main');
    await commit(name, { 'app.txt': numbered({ 5: name }), 'same.txt': 'the same\n', [`${name}.txt`]: 'a\nb\n' }, 'b');
  }
  git('checkout', '-q', '-f', '--detach', 'main');
  assert.throws(() => git('merge', '-q', 'side'), ({ stdout }) => /CONFLICT/.test(stdout));
  await write({
    'app.txt': numbered({ 5: 'ours 5', 12: 'only ours', 20: 'theirs 20\nours 20', 35: 'only theirs' }), 'new.txt': 'ours\ntheirs\n',
    'changed-by-us.txt': 'a\nours\n', 'changed-by-them.txt': null, 'image.bin': binary(4), 'link': { target: 'theirs' }, 'their-name.txt': null,
    'windows.txt': crlf('by hand'), [HOSTILE_PATH]: `${HOSTILE} theirs\n`, 'place~HEAD': null, 'kind~side': null, 'module': null,
  });
  git('add', '-A', '.');
  submodule('c');
  const tree = git('write-tree');
  git('reset', '-q', '--hard');
  git('checkout', '-q', '-f', 'main');
  return { tree, parents: [git('rev-parse', 'main'), git('rev-parse', 'side')] };
}

/** What is pressed at each conflict, path by path. */
const DECISIONS = {
  [HOSTILE_PATH.replace('\u202e', '<U+202E>')]: ['t'],
  'app.txt': ['o', 'Shift+B'],
  'changed-by-them.txt': ['x'],
  'changed-by-us.txt': ['o'],
  'image.bin': ['t'],
  'kind': ['o'],
  'kind~side': ['x'],
  'link': ['t'],
  'module': ['t'],
  'new.txt': ['b'],
  'old-name.txt': ['x'],
  'our-name.txt': ['o'],
  'place~main': ['x'],
  'their-name.txt': ['x'],
  'windows.txt': ['by hand'],
};
const COUNT = Object.values(DECISIONS).flat().length;

/** Goes on with Tab until the element with this role and name has the focus. */
async function tabTo(page, role, name) {
  const wanted = page.getByRole(role, { name, exact: true });
  await wanted.waitFor();
  for (let step = 0; step < 200; step++) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab does not lead to ${name}`);
}

/** Opens the conflicts of merging the side into main, by keyboard. */
async function recorded(options) {
  const { page, errors } = await open('#realities?reality=side', options);
  await tabTo(page, 'button', 'Preview merge into main');
  await page.keyboard.press('Enter');
  await tabTo(page, 'button', 'Resolve the conflicts');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.activeElement?.id === 'conflicts-title');
  return { page, errors };
}

const left = (page, count) => page.locator('.left strong', { hasText: count === 0 ? 'Nothing is left' : new RegExp(`^${count} decisions? `) }).waitFor();
const chosenPath = (page) => page.locator('#chosen-title').innerText();
const mainHead = async (page) => {
  await page.locator('.reality .name', { hasText: /^main$/ }).click();
  return new URL(page.url()).hash.match(/commit=([0-9a-f]{40})/)[1];
};

/** Whether a commit of these seconds has this id: it has the tree and the parents that git says. */
function isExpected(id, from, to) {
  for (let second = from; second <= to; second++) {
    const who = `Visitor <visitor@example.com> ${second} +0000`;
    const lines = [`tree ${expected.tree}`, ...expected.parents.map((parent) => `parent ${parent}`), `author ${who}`, `committer ${who}`];
    const body = `${lines.join('\n')}\n\nMerge branch 'side'\n`;
    if (createHash('sha1').update(`commit ${body.length}\0${body}`).digest('hex') === id) return true;
  }
  return false;
}

test('every kind of conflict, resolved by keyboard alone: the commit is what git makes of it; undo takes it back', async () => {
  const { page, errors } = await recorded();
  const from = Math.floor(Date.now() / 1000);
  await left(page, COUNT);
  const decided = [];
  for (let step = 0; step < COUNT; step++) {
    const before = await page.evaluate(() => document.activeElement.id);
    await page.keyboard.press('n');
    await page.waitForFunction((id) => document.activeElement.id !== id && document.activeElement.id.startsWith('conflict-'), before);
    const path = await chosenPath(page);
    const open = await page.locator('.conflict').evaluateAll((rows) => rows.findIndex((row) => row === document.activeElement));
    const key = DECISIONS[path]?.[Math.max(open, 0)];
    assert.ok(key, `nothing is said about ${path}`);
    if (key === 'by hand') {
      await page.keyboard.press('e');
      await page.waitForFunction(() => document.activeElement.matches('.cm-content'));
      await page.keyboard.press('Control+a');
      await page.keyboard.type(key);
      await page.keyboard.press('Escape');
      await page.waitForFunction(() => document.activeElement.id.startsWith('conflict-'));
    } else {
      await page.keyboard.press(key);
    }
    decided.push(`${path} ${key}`);
    await left(page, COUNT - step - 1);
  }
  assert.equal(new Set(decided).size, COUNT, decided.join());
  await tabTo(page, 'button', 'Merge');
  await page.keyboard.press('Enter');
  await page.getByText('Merged side into main').waitFor();
  await page.getByText('No conflict is open').waitFor();
  await page.getByRole('link', { name: 'Realities', exact: true }).press('Enter');
  const id = await mainHead(page);
  assert.ok(isExpected(id, from - 1, Math.ceil(Date.now() / 1000)), `${id} is not the tree ${expected.tree}`);
  await page.getByRole('button', { name: 'Undo' }).press('Enter');
  assert.equal(await mainHead(page), expected.parents[0]);
  assert.equal(await page.getByRole('link', { name: /Conflicts/ }).count(), 0);
  assert.deepEqual(errors, []);
  await page.close();
});

test('one may leave and come back; writing by hand, in the panes, in whole, or in the playground; giving up restores all', async () => {
  const { page, errors } = await recorded();
  const item = (name) => page.locator('.conflicts .realities button', { has: page.locator('.name', { hasText: new RegExp(`^${name}$`) }) });
  await item('app\\.txt').click();
  const first = page.getByRole('group', { name: /^Conflict 1 of 2/ });
  await first.getByRole('button', { name: /Take theirs/ }).click();
  assert.equal(await first.locator('.cell.result .cm-line').innerText(), 'theirs 5');
  await page.getByRole('link', { name: 'Timeline', exact: true }).click();
  await page.locator('.scrubber').waitFor();
  await page.getByRole('link', { name: /^Conflicts \(/ }).click();
  await left(page, COUNT - 1);
  await item('app\\.txt').click();
  await page.getByRole('group', { name: 'Conflict 1 of 2: theirs' }).waitFor();

  await page.getByRole('button', { name: 'Write the whole result' }).click();
  const whole = page.locator('.whole-result .cm-content');
  await whole.filter({ hasText: 'only ours' }).waitFor();
  assert.match(await whole.innerText(), /<<<<<<< main\s*ours 20\s*=======\s*theirs 20\s*>>>>>>> side/);
  const write = (change) => page.locator('.whole-result govc-editor').evaluate((editor, source) => {
    editor.value = new Function('text', `return ${source}`)(editor.value);
    editor.dispatchEvent(new CustomEvent('change'));
  }, change);
  await write("text.replace(/<<<<<<< main\\n[^]*>>>>>>> side\\n/, 'twenty\\n')");
  await left(page, COUNT - 2);
  assert.match(await item('app\\.txt').innerText(), /settled/);
  await page.getByRole('button', { name: 'Write the whole result' }).click();
  await page.getByRole('group', { name: 'Conflict 2 of 2: written by hand' }).waitFor();

  await page.goto(page.url().replace(/#.*/, '#playground?reality=main&path=app.txt'));
  await page.locator('.cm-content', { hasText: 'twenty' }).click();
  await page.keyboard.press('Control+Home');
  await page.keyboard.type('from the playground\n');
  await page.locator('.detail .file summary', { hasText: 'app.txt' }).click();
  await page.locator('.detail .hunk', { hasText: 'from the playground' }).first().waitFor();
  await page.goto(page.url().replace(/#.*/, '#conflicts?reality=main&path=app.txt'));
  await page.locator('.cell.result .line', { hasText: 'from the playground' }).waitFor();
  await page.getByRole('group', { name: 'Conflict 1 of 2: theirs' }).waitFor();
  await page.getByRole('group', { name: 'Conflict 2 of 2: written by hand' }).getByRole('button', { name: /Open again/ }).click();
  await left(page, COUNT - 1);

  // What would lose it is refused: an earlier step of this reality taken back, its changes discarded.
  await page.goto(page.url().replace(/#.*/, '#playground?reality=main&path=app.txt'));
  for (const name of ['Discard', 'Undo']) {
    await page.getByRole('button', { name, exact: true }).click();
    await page.getByText('a merge waits in main').waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
  }
  await page.goto(page.url().replace(/#.*/, '#conflicts?reality=main'));
  await page.getByRole('button', { name: 'Give the merge up' }).click();
  await page.getByRole('button', { name: 'Give up all that is decided' }).click();
  await page.getByText('No conflict is open').waitFor();
  await page.goto(page.url().replace(/#.*/, '#playground?reality=main&path=app.txt'));
  await page.getByText('What you type is staged at once').waitFor();
  assert.deepEqual(errors, []);
  await page.close();
});

test('hostile names and contents are text; without the editor there is a plain field', async () => {
  const { page: plain, errors } = await recorded({ without: '**/editor.js' });
  await plain.locator('.conflict').first().waitFor();
  const text = await plain.locator('body').innerText();
  assert.ok(text.includes('<U+202E>gnp.exe') && text.includes('<U+202E>.txt') && !text.includes('\u202e'), text);
  assert.equal(await plain.evaluate(() => globalThis.hit), undefined);
  assert.equal(await plain.locator('main img, main script').count(), 0);
  const field = plain.getByRole('textbox', { name: 'Result of this conflict' });
  await field.fill('settled');
  await left(plain, COUNT - 1);
  assert.ok(errors.every((error) => /Failed to load/.test(error)), errors.join());
  await plain.close();
});

test('on a phone the panes are tabs', async () => {
  const { page, errors } = await recorded({ viewport: { width: 390, height: 844 } });
  const seen = async () => [await page.locator('.conflict .cell.ours').first().isVisible(), await page.locator('.conflict .cell.result').first().isVisible()];
  assert.deepEqual(await seen(), [false, true]);
  await page.getByRole('tab', { name: 'Result' }).focus();
  await page.keyboard.press('ArrowLeft');
  await page.waitForFunction(() => document.activeElement.id === 'pane-ours');
  assert.deepEqual(await seen(), [true, false]);
  assert.equal(await page.getByRole('tab', { name: 'Ours' }).getAttribute('aria-selected'), 'true');
  assert.deepEqual(errors, []);
  await page.close();
});

test('three realities side by side: what each changed, by key; from there the merge and its conflicts', async () => {
  const { page, errors } = await open('#compare?with=one&with=two&with=side');
  const cell = (row, column) => page.locator(`#cell-${row}-${column}`);
  await cell(0, 0).filter({ hasText: /changed \+3 \u22123$/ }).waitFor();
  assert.match(await page.locator('.matrix').innerText(), /same\.txt\s+added \+1 \u22120\s*= two\s+added \+1 \u22120\s*= one/);
  assert.equal(await page.locator('.matrix [tabindex="0"]').count(), 1);
  await cell(0, 0).focus();
  for (const [key, id] of [['ArrowRight', 'cell-0-1'], ['ArrowDown', 'cell-1-1'], ['ArrowLeft', 'cell-1-0'], ['ArrowUp', 'cell-0-0'], ['ArrowRight', 'cell-0-1']]) {
    await page.keyboard.press(key);
    await page.waitForFunction((wanted) => document.activeElement.id === wanted, id);
  }
  await page.keyboard.press('Enter');
  await page.locator('.detail .hunk', { hasText: 'two' }).first().waitFor();
  assert.match(page.url(), /reality=two&path=app\.txt/);
  await page.locator('.matrix').getByRole('button', { name: 'side', exact: true }).press('Enter');
  await page.locator('.detail').getByRole('button', { name: 'Preview merge into main' }).press('Enter');
  await page.locator('.detail').getByText('image.bin (content)').waitFor();
  await page.locator('.detail').getByRole('button', { name: 'Resolve the conflicts' }).press('Enter');
  await left(page, COUNT);
  await page.goto(page.url().replace(/#.*/, '#realities?reality=main'));
  await page.getByRole('link', { name: 'A merge waits here for decisions' }).press('Enter');
  await left(page, COUNT);
  assert.deepEqual(errors, []);
  await page.close();
});

for (const [size, width, height] of [['a phone', 390, 844], ['a laptop', 1280, 800], ['a wide screen', 1920, 1080]]) {
  for (const colorScheme of ['light', 'dark']) {
    test(`conflicts on ${size}, ${colorScheme}: accessible, and nothing is cut off`, async () => {
      const { page, errors } = await recorded({ viewport: { width, height }, colorScheme });
      await page.addScriptTag({ path: axe });
      const found = [];
      for (const path of ['app.txt', 'image.bin', 'changed-by-us.txt', 'new.txt']) {
        await page.goto(page.url().replace(/#.*/, `#conflicts?reality=main&path=${path}`));
        await page.locator('#chosen-title', { hasText: path }).waitFor();
        if (path === 'new.txt') await page.getByRole('button', { name: 'Show what it was before' }).click();
        const { violations } = await page.evaluate(() => globalThis.axe.run());
        found.push(...violations.map(({ id, nodes }) => `${path}: ${id} ${nodes[0].html}`));
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        if (wide > width) found.push(`${path} is ${wide} px wide`);
      }
      assert.deepEqual([...found, ...errors], []);
      await page.close();
    });
  }
}
