// Serves the site in dist/ on the loopback interface, and lets git reach the repository that lives in an open tab.
//
//   node serve.mjs [PORT [REPOSITORY]]
//
// Where a repository on disk is named, the dashboard shows it in place of the history that lies here.
//
// The tab listens at /tab/requests (server-sent events). Each request of git below /tab.git/ is announced there; the
// tab fetches its body from /tab/requests/ID and posts the answer in pieces to /tab/answers/ID. The repository is
// only in the tab: this program moves bytes and knows nothing of git. It uses Node alone.
import { createHash, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

import { repositoryAt } from './repository.mjs';

const HOST = '127.0.0.1';
const FOLDER = fileURLToPath(new URL('dist/', import.meta.url));

/** Requests of git that may wait for the tab at once. */
const WAITING_MAX = 64;
/** How long git waits for the tab to begin its answer. */
const ANSWER_TIMEOUT_MS = 120_000;
/** How often a silent event stream is kept alive. */
const KEEP_ALIVE_MS = 15_000;

/** What names the repository that is served to the page. */
const ABOUT = '/history.json';
const PACK = '/history.pack';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.pack': 'application/octet-stream',
};
/** Headers that belong to one connection, not to the message. */
const HOP_HEADERS = new Set(['connection', 'host', 'keep-alive', 'transfer-encoding', 'content-length', 'expect', 'accept-encoding']);

const [port = '0', path] = process.argv.slice(2);
const repository = path === undefined ? undefined : await repositoryAt(path).catch(() => {
  console.error(`${path} is no git repository`);
  process.exit(1);
});
/** The event stream of the tab that came last. */
let tab;
/** Requests of git that wait for their answer: id to { request, response, timer }. */
const waiting = new Map();

const server = createServer((request, response) => {
  route(request, response).catch((error) => refuse(response, 500, String(error.message)));
});

async function route(request, response) {
  const names = [`${HOST}:${server.address().port}`, `localhost:${server.address().port}`];
  // A page of another site, or a name that was pointed here, must not reach the tab.
  if (!names.includes(request.headers.host)) return refuse(response, 421, 'not served under this name');
  const { origin } = request.headers;
  if (origin !== undefined && !names.includes(origin.replace('http://', ''))) return refuse(response, 403, 'another site');

  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  if (repository !== undefined && pathname === ABOUT) return giveState(request, response);
  if (repository !== undefined && pathname === PACK) return givePack(searchParams, response);
  if (pathname.startsWith('/tab.git/')) return askTab(request, response);
  if (pathname === '/tab/requests') return listen(request, response);
  const [, place, id] = /^\/tab\/(requests|answers)\/([0-9a-f-]{36})$/.exec(pathname) ?? [];
  if (place === 'requests') return giveBody(id, response);
  if (place === 'answers' && request.method === 'POST') return takeAnswer(id, request, response);
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405, 'only GET');
  return giveFile(pathname, request, response);
}

/** What the refs of the repository on disk are. */
async function giveState(request, response) {
  const { body, state } = await repository.about();
  const headers = { etag: `"${state}"`, 'cache-control': 'no-cache', 'content-type': TYPES['.json'] };
  const isKnown = request.headers['if-none-match'] === `"${state}"`;
  response.writeHead(isKnown ? 304 : 200, headers).end(isKnown ? undefined : body);
}

/** The objects behind refs of the repository on disk, as git packs them. */
function givePack(parameters, response) {
  const pack = repository.pack(parameters.get('state'), parameters.get('since'));
  if (pack === undefined) return refuse(response, 410, 'that state is forgotten: load the page again');
  response.writeHead(200, { 'content-type': TYPES['.pack'], 'cache-control': 'no-store' });
  response.on('close', pack.stop);
  pack.stream.pipe(response);
}

/** A request of git: announced to the tab, kept until it is answered. */
function askTab(request, response) {
  if (tab === undefined) return refuse(response, 503, 'no tab is open: open the page first');
  if (waiting.size >= WAITING_MAX) return refuse(response, 503, 'too many requests wait for the tab');
  const id = randomUUID();
  const timer = setTimeout(() => giveUp(id, 504, 'the tab does not answer'), ANSWER_TIMEOUT_MS);
  waiting.set(id, { request, response, timer });
  response.on('close', () => forget(id));
  const headers = Object.entries(request.headers).filter(([name]) => !HOP_HEADERS.has(name));
  tab.write(`data: ${JSON.stringify({ id, method: request.method, url: request.url, headers })}\n\n`);
}

/** The tab's event stream. A tab that comes later takes over. */
function listen(request, response) {
  tab?.end();
  tab = response;
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(': open\n\n');
  const timer = setInterval(() => response.write(': still here\n\n'), KEEP_ALIVE_MS);
  request.on('close', () => {
    clearInterval(timer);
    if (tab !== response) return;
    tab = undefined;
    for (const id of [...waiting.keys()]) giveUp(id, 502, 'the tab was closed');
  });
}

/** The body of git's request, for the tab. */
function giveBody(id, response) {
  const entry = waiting.get(id);
  if (entry === undefined) return refuse(response, 404, 'no such request');
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' });
  entry.request.pipe(response);
}

/** A piece of the tab's answer, for git; the first carries status and headers, the last says so. */
async function takeAnswer(id, request, response) {
  const entry = waiting.get(id);
  if (entry === undefined) return refuse(response, 404, 'git is no longer there');
  if (!entry.response.headersSent) {
    clearTimeout(entry.timer);
    const { status, headers } = JSON.parse(request.headers['x-answer'] ?? '{}');
    const kept = headers.filter(([name]) => !HOP_HEADERS.has(name));
    for (const [name, value] of kept) entry.response.setHeader(name, value);
    entry.response.writeHead(status);
  }
  for await (const piece of request) {
    if (!entry.response.write(piece)) await drained(entry.response);
  }
  if (request.headers['x-last'] === '1') entry.response.end();
  response.writeHead(204).end();
}

/** Resolves when more may be written, or when git is gone. */
function drained(response) {
  if (response.destroyed) return undefined;
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

function giveUp(id, status, reason) {
  const entry = waiting.get(id);
  forget(id);
  if (entry === undefined) return;
  if (entry.response.headersSent) entry.response.destroy();
  else refuse(entry.response, status, reason);
}

function forget(id) {
  clearTimeout(waiting.get(id)?.timer);
  waiting.delete(id);
}

async function giveFile(pathname, request, response) {
  const path = decodeURIComponent(pathname.endsWith('/') ? `${pathname}index.html` : pathname);
  const type = TYPES[extname(path)];
  const allowed = type !== undefined && !path.split('/').some((part) => part.startsWith('.'));
  const body = allowed ? await readFile(FOLDER + path.slice(1)).catch(() => undefined) : undefined;
  if (body === undefined) return refuse(response, 404, 'no such file');
  const headers = {
    'content-type': type,
    'content-length': body.length,
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
    // Isolated from other sites, a page may measure time to 5 microseconds instead of 100.
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
  };
  if (extname(path) === '.html') headers['content-security-policy'] = policy(path, body.toString());
  response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : body);
}

/** Nothing but what lies here, and the import map that a page holds. */
function policy(path, html) {
  const [, map] = /<script type="importmap">([^]*?)<\/script>/.exec(html) ?? [];
  const hash = map === undefined ? '' : ` 'sha256-${createHash('sha256').update(map).digest('base64')}'`;
  // The editor of the dashboard brings its styles as elements.
  const style = path.startsWith('/app/') ? "; style-src 'self' 'unsafe-inline'" : '';
  return `default-src 'self'; script-src 'self' 'wasm-unsafe-eval'${hash}${style}; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'`;
}

function refuse(response, status, reason) {
  if (response.headersSent) return response.destroy();
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${reason}\n`);
}

server.listen(Number(port), HOST, () => {
  console.log(`http://${HOST}:${server.address().port}/${repository === undefined ? '' : 'app/'}`);
});
