// Real git as the server: `git http-backend`, the program that git brings for web servers, behind one of Node's.
import { execFile, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { after } from 'node:test';
import { promisify } from 'node:util';
import { createGunzip } from 'node:zlib';

import { environment } from './repository.mjs';

const run = promisify(execFile);
const executables = (await run('git', ['--exec-path'])).stdout.trim();

/** Listens on a free port of the loopback interface until the tests of the file are over; its origin. */
export async function listen(handle) {
  const server = createServer(handle);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

/**
 * Serves the repositories below `root` with git itself. `before(request, response)` may answer in its place, and then says
 * true. `requests` tells of each request: method, address, headers, and the body as soon as it has come.
 */
export async function gitHost(root, { before, headers = {}, settings = {} } = {}) {
  const requests = [];
  const origin = await listen(async (request, response) => {
    const seen = { method: request.method, url: request.url, headers: request.headers, body: Buffer.alloc(0), bytes: 0 };
    requests.push(seen);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (await before?.(request, response, seen)) return;
    backend(root, request, response, seen, settings);
  });
  return { origin, requests };
}

function backend(root, request, response, seen, settings) {
  const [path, query = ''] = request.url.split('?');
  const child = spawn(`${executables}/git-http-backend`, [], {
    env: {
      ...environment,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_PROTOCOL: request.headers['git-protocol'] ?? '',
      GIT_CONFIG_COUNT: String(Object.keys(settings).length + 1),
      GIT_CONFIG_KEY_0: 'http.receivepack',
      GIT_CONFIG_VALUE_0: 'true',
      ...Object.fromEntries(Object.entries(settings).flatMap(([name, value], at) => [[`GIT_CONFIG_KEY_${at + 1}`, name], [`GIT_CONFIG_VALUE_${at + 1}`, value]])),
      PATH_INFO: decodeURIComponent(path),
      QUERY_STRING: query,
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      REMOTE_ADDR: '127.0.0.1',
      REMOTE_USER: 'ada',
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const body = request.headers['content-encoding'] === 'gzip' ? request.pipe(createGunzip()) : request;
  const pieces = [];
  body.on('data', (piece) => pieces.push(piece));
  body.on('end', () => { seen.body = Buffer.concat(pieces); });
  body.pipe(child.stdin);
  child.stdin.on('error', () => {});
  let head = Buffer.alloc(0);
  let started = false;
  child.stdout.on('data', (piece) => {
    if (started) {
      seen.bytes += piece.length;
      response.write(piece);
      return;
    }
    head = Buffer.concat([head, piece]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    started = true;
    for (const line of head.subarray(0, end).toString().split('\r\n')) {
      const [name, value] = line.split(': ');
      if (name === 'Status') response.statusCode = Number.parseInt(value, 10);
      else response.setHeader(name, value);
    }
    const rest = head.subarray(end + 4);
    seen.bytes += rest.length;
    response.write(rest);
  });
  child.stdout.on('end', () => response.end());
}
