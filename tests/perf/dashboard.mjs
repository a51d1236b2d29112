// Measures the dashboard in a browser, on a repository of 80,000 commits: how soon it is there, and whether it ever stands
// still. Needs what `cargo xtask start` builds, and CHROMIUM where the browser is not on the path.
//
//   node dashboard.mjs FOLDER [COMMITS [RESULTS.json]]      FOLDER keeps the repository from one run to the next
//
// Figures are milliseconds of the main thread's own processor time as the browser's trace has them, so that another
// program on the machine does not change them; the start alone is wall time.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

import { madeRepository } from './dashboard/made.mjs';
import { quantile, traced } from './dashboard/trace.mjs';

const [folder, count = '80000', results] = process.argv.slice(2);
const LOAD_MS_MAX = 600_000;
/** Frames that are looked at for each kind of scrolling. */
const STEPS = 300;

const repository = await madeRepository(join(folder, `dashboard-${count}.git`), Number(count));
const root = fileURLToPath(new URL('../..', import.meta.url));
const report = [];

function tell(what, values) {
  report.push({ what, ...values });
  console.log(`${what.padEnd(34)}${Object.entries(values).map(([name, value]) => `${name} ${typeof value === 'number' ? value.toFixed(1) : value}`).join('   ')}`);
}

function tellWork(what, { tasks, frames }) {
  const [median, p99] = [quantile(frames, 0.5), quantile(frames, 0.99)];
  tell(what, { frames: String(frames.length), median, p99, 'longest task': Math.max(0, ...tasks), 'tasks p99': quantile(tasks, 0.99), 'over 50': String(tasks.filter((task) => task > 50).length) });
}

/** The page's server, on a repository or on what lies beside the page; its address. */
async function served(args) {
  const child = spawn(process.execPath, [join(root, 'www/serve.mjs'), '0', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  process.on('exit', () => child.kill());
  for await (const line of child.stdout) return new URL('/app/', String(line).trim()).href;
  throw new Error('the server did not start');
}

/** A browser with a profile that has never seen the page. */
async function cold(work) {
  const profile = await mkdtemp(join(tmpdir(), 'govc-profile-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? 'chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync'],
    ignoreDefaultArgs: ['--hide-scrollbars'],
    viewport: { width: 1280, height: 900 },
  });
  try {
    return await work(await context.newPage());
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  }
}

/** From nothing to a page that answers: of three starts the middle one. */
async function starts(address) {
  const found = [];
  for (let time = 0; time < 3; time += 1) {
    found.push(await cold(async (page) => {
      await page.goto(address, { waitUntil: 'commit' });
      await page.waitForSelector('nav a', { timeout: LOAD_MS_MAX });
      return page.evaluate(() => new Promise((resolve) => {
        // Interactive: the menu is there, and a frame and a task after it were served.
        requestAnimationFrame(() => setTimeout(() => {
          const [paint] = performance.getEntriesByName('first-contentful-paint');
          resolve({ paint: paint?.startTime ?? NaN, interactive: performance.now() });
        }));
      }));
    }));
  }
  tell('start, cold', { 'first contentful paint': quantile(found.map(({ paint }) => paint), 0.5), interactive: quantile(found.map(({ interactive }) => interactive), 0.5) });
}

async function wheel(page) {
  const session = await page.context().newCDPSession(page);
  const { x, y, width, height } = await page.locator('.graph').boundingBox();
  for (let step = 0; step < STEPS; step += 1) {
    // Turns of a hand, and flings that cross thousands of rows.
    const deltaY = step % 10 === 9 ? 60_000 : 240;
    await session.send('Input.dispatchMouseEvent', { type: 'mouseWheel', x: x + width / 2, y: y + height / 2, deltaX: 0, deltaY });
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
}

async function keys(page) {
  await page.locator('.graph').focus();
  for (const key of ['Home', 'End', 'Home']) await page.keyboard.press(key);
  for (let step = 0; step < STEPS; step += 1) await page.keyboard.press(step % 3 === 0 ? 'PageDown' : 'ArrowDown');
}

/** The scroll bar's thumb, from the top to the bottom and back. */
async function bar(page) {
  const { x, y, width, height } = await page.locator('.graph').boundingBox();
  await page.locator('.graph').evaluate((graph) => { graph.scrollTop = 0; });
  await page.mouse.move(x + width - 5, y + 8);
  await page.mouse.down();
  for (let step = 0; step < STEPS; step += 1) {
    const share = 1 - Math.abs(1 - (2 * step) / STEPS);
    await page.mouse.move(x + width - 5, y + 8 + share * (height - 16));
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
  await page.mouse.up();
}

async function drag(page) {
  const { x, y, width } = await page.locator('canvas.scrubber').boundingBox();
  await page.mouse.move(x + 10, y + 10);
  await page.mouse.down();
  for (let step = 0; step < STEPS; step += 1) {
    await page.mouse.move(x + 10 + ((step * 37) % (width - 20)), y + 10);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
  await page.mouse.up();
}

async function use(page, address) {
  await page.goto('about:blank');
  const loaded = await traced(page, async () => {
    const began = Date.now();
    // The marks that bound the trace are the page's own; so it is opened from itself.
    await page.goto(address);
    await page.evaluate(() => performance.mark('govc-begin'));
    await page.waitForFunction((least) => Number(document.querySelector('#graph-title .count')?.textContent ?? 0) >= least, Number(count), { timeout: LOAD_MS_MAX, polling: 200 });
    return Date.now() - began;
  });
  tell('import and first graph', { 'wall s': loaded.result / 1000, 'longest task': Math.max(...loaded.tasks), 'tasks p99': quantile(loaded.tasks, 0.99), 'over 50': String(loaded.tasks.filter((task) => task > 50).length), 'busy s': loaded.tasks.reduce((sum, task) => sum + task, 0) / 1000 });
  const standing = await traced(page, () => page.waitForFunction(() => [...document.querySelectorAll('.reality .standing')].every((line) => line.textContent !== ''), undefined, { timeout: LOAD_MS_MAX, polling: 200 }));
  tellWork('standing of realities', standing);
  tellWork('scroll by wheel', await traced(page, () => wheel(page)));
  tellWork('scroll by keys', await traced(page, () => keys(page)));
  tellWork('scroll by the bar', await traced(page, () => bar(page)));
  await page.getByRole('link', { name: 'Timeline' }).click();
  await page.locator('canvas.scrubber').waitFor();
  await page.locator('.paths button').first().waitFor();
  await page.locator('.paths button').first().click();
  tellWork('drag the timeline', await traced(page, () => drag(page)));
  tellWork('play', await traced(page, async () => {
    await page.getByRole('button', { name: 'Play' }).click();
    await page.waitForTimeout(6_000);
    await page.getByRole('button', { name: 'Pause' }).click();
  }));
}

await starts(await served([]));
const address = await served([repository]);
await cold((page) => use(page, `${address}#realities`));
if (results !== undefined) writeFileSync(results, JSON.stringify(report, null, 2));
process.exit(0);
