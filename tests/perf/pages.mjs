// Measures how soon the pages of the site are seen and can be used: each time in a browser that has just started and has nothing
// in its cache, from the loopback interface. After `cargo xtask start` or `cargo xtask test`, whose browser it takes.
//
//   CHROMIUM=... node pages.mjs [ROUNDS]
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import { median } from './measure.mjs';

const { chromium } = createRequire(new URL('../package.json', import.meta.url))('playwright-core');
const ROUNDS = Number(process.argv[2] ?? 7);
/** A page, and what is there once it can be used. */
const PAGES = [
  ['index.html', '#workshop:not([hidden])'],
  ['docs/start.html', '#site-search:not([hidden])'],
  ['reference/govc.html', '#site-search:not([hidden])'],
  ['app/', '[role=option]'],
  ['app/#playground', '#start-title'],
];

const server = spawn(process.execPath, [fileURLToPath(new URL('../../www/serve.mjs', import.meta.url))], { stdio: ['ignore', 'pipe', 'inherit'] });
const address = await new Promise((resolve) => server.stdout.once('data', (chunk) => resolve(chunk.toString().trim())));

/** Milliseconds to the first paint with content and to use, and the bytes that were loaded. */
async function load(path, selector) {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? 'chromium', args: ['--headless', '--no-sandbox', '--disable-gpu'] });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.addInitScript((wanted) => {
    new MutationObserver((_, observer) => {
      if (document.querySelector(wanted) === null) return;
      globalThis.usableAt = performance.now();
      observer.disconnect();
    }).observe(document, { subtree: true, attributes: true, childList: true });
  }, selector);
  await page.goto(`${address}${path}`);
  await page.waitForFunction(() => globalThis.usableAt !== undefined && performance.getEntriesByName('first-contentful-paint').length > 0);
  const measured = await page.evaluate(() => [
    performance.getEntriesByName('first-contentful-paint')[0].startTime,
    globalThis.usableAt,
    performance.getEntriesByType('resource').reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
  ]);
  await browser.close();
  return measured;
}

console.log(`medians of ${ROUNDS}\n`);
console.log('| page | first contentful paint | can be used | loaded |\n|---|--:|--:|--:|');
for (const [path, selector] of PAGES) {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await load(path, selector));
  const [paint, usable, bytes] = [0, 1, 2].map((at) => median(rounds.map((round) => round[at])));
  console.log(`| ${path} | ${paint.toFixed(0)} ms | ${usable.toFixed(0)} ms | ${(bytes / 1000).toFixed(0)} KB |`);
}
server.kill();
