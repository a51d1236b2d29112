// A headless Chromium and a loopback server for the browser tests.
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
};

const PROGRAM = {
  executablePath: process.env.CHROMIUM ?? 'chromium',
  args: [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
  ],
};

const browser = await chromium.launch(PROGRAM);
after(() => browser.close());

/** A browser of its own with a profile that lasts; `kill` ends all of its processes at once, as a crash does. */
export async function launchApart(profile) {
  const { executablePath, args } = PROGRAM;
  const child = spawn(executablePath, [...args, '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank'], {
    detached: true, stdio: ['ignore', 'ignore', 'pipe'],
  });
  const gone = new Promise((resolve) => child.on('close', resolve));
  const kill = async () => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGKILL');
    await gone;
  };
  after(kill);
  let printed = '';
  for await (const chunk of child.stderr) {
    printed += chunk;
    const [, address] = /DevTools listening on (ws:\S+)/.exec(printed) ?? [];
    if (address === undefined) continue;
    child.stderr.resume();
    const connected = await chromium.connectOverCDP(address);
    return { context: connected.contexts()[0], kill };
  }
  throw new Error(`the browser did not start: ${printed}`);
}

/** Serves a folder on a free loopback port until the tests of this file end; its address. */
export async function serve(folder) {
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://localhost').pathname));
    try {
      const body = await readFile(join(folder, path.endsWith('/') ? `${path}index.html` : path));
      response.writeHead(200, { 'content-type': TYPES[extname(path) || '.html'] ?? 'application/octet-stream' }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => server.close());
  return `http://127.0.0.1:${server.address().port}/`;
}

/** Serves the site that `cargo xtask start` serves, by its own program, until the tests of this file end; its address. */
export async function serveSite() {
  const server = spawn(process.execPath, [fileURLToPath(new URL('../../www/serve.mjs', import.meta.url))], { stdio: ['ignore', 'pipe', 'inherit'] });
  after(() => server.kill());
  for await (const chunk of server.stdout) return chunk.toString().trim();
  throw new Error('serve.mjs printed no address');
}

/** A new profile, whose pages share what they store. */
export function newContext() {
  return browser.newContext();
}

/** A new page, of `context` or of a profile of its own; `errors` collects what went wrong in it. `without` is not loaded. */
export async function openPage(url, { context, without, ...options } = {}) {
  const page = await (context ?? browser).newPage(...(context === undefined ? [options] : []));
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  if (without !== undefined) await page.route(without, (route) => route.abort());
  await page.goto(url);
  return { page, errors };
}

/** What the page at `url` leaves in `globalThis.result`; fails with the page's own errors. */
export async function resultOf(url) {
  const { page, errors } = await openPage(url);
  try {
    const handle = await page.waitForFunction(() => globalThis.result, undefined, { timeout: 20_000 });
    return await handle.jsonValue();
  } catch (error) {
    throw new Error(`${url} gave no result. ${errors.join('\n')}`, { cause: error });
  } finally {
    await page.close();
  }
}
