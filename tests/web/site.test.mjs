// The site: no link leads nowhere, every page passes axe in light and dark at three widths and is used by keyboard alone.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { openPage, serveSite } from './browser.mjs';

const dist = fileURLToPath(new URL('../../www/dist/', import.meta.url));
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const address = await serveSite();
const WIDTHS = [390, 1280, 1920];
const EXPORTS_LOOKED_AT = 12;
const pages = ['index.html', ...['docs', 'reference'].flatMap((folder) => readdirSync(join(dist, folder), { recursive: true })
  .filter((name) => name.endsWith('.html')).map((name) => `${folder}/${name}`))].sort();

const text = (path) => readFileSync(join(dist, path), 'utf8');
const anchors = new Map();
function anchorsOf(path) {
  if (!anchors.has(path)) anchors.set(path, [...text(path).matchAll(/ id="([^"]+)"/g)].map(([, anchor]) => anchor));
  return anchors.get(path);
}

test('there is a page for each document, and for each entry of the package', () => {
  assert.ok(pages.includes('docs/start.html') && pages.includes('docs/recipes/vite.html') && pages.includes('reference/govc.html'));
});

for (const path of pages) {
  test(`${path}: no link leads nowhere, and all are relative`, () => {
    const links = [...text(path).matchAll(/ (?:href|src)="([^"]*)"/g)].map(([, link]) => link).filter((link) => !/^(https:|data:)/.test(link));
    const dead = links.filter((link) => {
      const [file, anchor] = link.split('#');
      const target = file === '' ? path : normalize(join(dirname(path), file));
      if (file.startsWith('/') || /^[a-z]+:/.test(link) || target.startsWith('..')) return true;
      const page = target.endsWith('/') ? `${target}index.html` : target;
      if (!existsSync(join(dist, page))) return true;
      // A program reads its part of the address itself.
      return anchor !== undefined && !page.startsWith('app/') && !anchorsOf(page).includes(anchor);
    });
    assert.deepEqual(dead, []);
    const twice = anchorsOf(path).filter((anchor, at, all) => all.indexOf(anchor) !== at);
    assert.deepEqual(twice, [], 'an id stands once');
  });
}

test('what the search knows is there', () => {
  const dead = JSON.parse(text('search.json')).filter(([, , to]) => {
    const [page, anchor] = to.split('#');
    return !pages.includes(page) || (anchor !== undefined && !anchorsOf(page).includes(anchor));
  });
  assert.deepEqual(dead, []);
});

test('axe finds nothing, nothing is cut off, and the policy refuses nothing: each page at three widths, light and dark', async () => {
  const { page, errors } = await openPage(address);
  for (const path of pages) {
    await page.goto(`${address}${path}`);
    if (path === 'index.html') await page.locator('#workshop').waitFor();
    // The policy of the pages lets no script be added to them; the debugger's door is another.
    await page.evaluate(readFileSync(axe, 'utf8'));
    // The reference has one form a hundred times, which would be most of the work.
    await page.evaluate((most) => [...document.querySelectorAll('.export')].slice(most).forEach((section) => section.remove()), EXPORTS_LOOKED_AT);
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0, `${path} at ${width}`);
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme });
        // What the scheme changes is colours.
        const rules = colorScheme === 'light' ? {} : { runOnly: ['color-contrast'] };
        const found = await page.evaluate(async (options) => (await globalThis.axe.run({ resultTypes: ['violations'], preload: false, ...options })).violations
          .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ').slice(0, 300)}`), rules);
        assert.deepEqual(found, [], `${path} at ${width}, ${colorScheme}`);
      }
    }
  }
  assert.deepEqual(errors, []);
  await page.close();
});

test('by keyboard alone: past the menu, through the search, to the place that was looked for', async () => {
  const { page, errors } = await openPage(`${address}docs/start.html`);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the text');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'site-main');
  await page.keyboard.press('/');
  await page.keyboard.type('mergetree');
  await page.locator('#site-found a').first().waitFor();
  await page.keyboard.press('ArrowDown');
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.equal(outline, 'solid', 'focus is seen');
  assert.match(await page.evaluate(() => document.activeElement.textContent), /^Repository\.mergeTree/);
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('#site-found').isVisible(), false);
  await page.keyboard.press('End');
  await page.keyboard.type(' ');
  await page.locator('#site-found a').first().waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL(/reference\/govc\.html#Repository\.mergeTree$/);
  assert.deepEqual(errors, []);
  await page.close();
});

test('every control can be reached by the Tab key and shows it', async () => {
  for (const path of ['index.html', 'docs/recipes/ci.html']) {
    const { page } = await openPage(`${address}${path}`);
    if (path === 'index.html') await page.locator('#workshop').waitFor();
    const unseen = await page.evaluate(() => [...document.querySelectorAll('a[href], button:enabled, input, select, textarea, [tabindex="0"]')]
      .filter((control) => control.checkVisibility()).filter((control) => {
        control.focus({ focusVisible: true });
        return document.activeElement !== control || getComputedStyle(control).outlineStyle !== 'solid';
      }).map((control) => control.outerHTML.slice(0, 120)));
    assert.deepEqual(unseen, [], path);
    await page.close();
  }
});

test('nothing moves where that is not wanted', async () => {
  const { page } = await openPage(address, { reducedMotion: 'reduce' });
  await page.locator('#workshop').waitFor();
  const moving = await page.evaluate(() => [...document.querySelectorAll('*')].filter((element) => {
    const { transitionDuration, animationName } = getComputedStyle(element);
    return animationName !== 'none' || /[1-9]/.test(transitionDuration);
  }).map(({ tagName }) => tagName));
  assert.deepEqual(moving, []);
  await page.close();
});

test('an example is copied as it stands', async () => {
  const { page, errors } = await openPage(`${address}docs/start.html`);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('button', { name: /^Copy/ }).first().press('Enter');
  await page.getByText('Copied').waitFor();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^import { Repository } from 'govc';\n\nconst repo/);
  assert.deepEqual(errors, []);
  await page.close();
});

test('without JavaScript the documents are all there', async () => {
  const { page } = await openPage(`${address}docs/history.html`, { javaScriptEnabled: false, viewport: { width: 1280, height: 800 } });
  assert.equal(await page.locator('h1').innerText(), 'History');
  assert.ok(await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Vite' }).isVisible());
  await page.close();
});
