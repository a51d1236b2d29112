/** `govc serve`: serves the repository to git over smart HTTP, to this machine alone unless told otherwise. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';

import { Repository } from '../../repository.js';
import { gitDirectory } from '../../storage/git-directory/index.js';
import { readRefs } from '../../storage/git-directory/refs.js';
import type { WorkTree } from '../../worktree/work-tree.js';
import { safe } from '../output.js';
import { type Context, UsageError, type Verb } from '../verb.js';

export const serve: Verb = {
  name: 'serve',
  summary: 'serve this repository to git over HTTP',
  usage: ['[--port N] [--host ADDRESS] [--push]'],
  options: {
    port: { type: 'string', value: 'N', help: 'default 0: one that is free' },
    host: { type: 'string', value: 'ADDRESS', help: 'default 127.0.0.1: only this machine' },
    push: { type: 'boolean', help: 'take pushes, too, from whoever can connect; not to the branch that is checked out' },
  },
  async run(context) {
    const tree = await context.open();
    const port = Number(context.text('port') ?? 0);
    if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new UsageError(`--port takes 0 to 65535, not '${context.text('port')}'`);
    const host = context.text('host') ?? '127.0.0.1';
    const served = new Served(tree, context.has('push'));
    await served.fresh();
    // Loaded here alone: no other verb waits for it.
    const { createServer } = await import('node:http');
    const server = createServer((request, response) => { void served.answer(request, response, context); });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    const { port: taken } = server.address() as { port: number };
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${taken}/`;
    context.print(context.json ? `${JSON.stringify({ url, push: context.has('push') })}\n` : `Serving ${safe(String(tree.layout.gitFolder))} at ${url}${context.has('push') ? ', pushes taken' : ''}\n`);
    await new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    });
    return undefined;
  },
};

/** The repository in memory, read again when its refs have moved on disk. Requests wait for each other. */
class Served {
  readonly #tree: WorkTree;
  readonly #push: boolean;
  #refs = '';
  #repository: Repository | undefined;
  #queue: Promise<void> = Promise.resolve();

  constructor(tree: WorkTree, push: boolean) {
    this.#tree = tree;
    this.#push = push;
  }

  async fresh(): Promise<Repository> {
    const refs = JSON.stringify(await readRefs(this.#tree.layout, () => {}));
    if (this.#repository === undefined || refs !== this.#refs) {
      this.#repository?.[Symbol.dispose]();
      this.#repository = undefined;
      this.#repository = await Repository.open(gitDirectory(String(this.#tree.layout.gitFolder), { onProblem: () => {}, partial: true }));
      this.#refs = refs;
    }
    return this.#repository;
  }

  answer(request: IncomingMessage, response: ServerResponse, context: Context): Promise<void> {
    const next = this.#queue.then(() => this.#one(request, response)).catch((thrown: unknown) => {
      context.note(safe(thrown instanceof Error ? thrown.message : String(thrown)));
      if (!response.headersSent) response.writeHead(500, { 'Content-Type': 'text/plain' });
      response.end();
    });
    this.#queue = next;
    return next;
  }

  async #one(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const repository = await this.fresh();
    const { method = 'GET', url = '/', headers } = request;
    const hasBody = method !== 'GET' && method !== 'HEAD';
    const handler = repository.handler(this.#push ? { push: (refs) => this.#allow(refs) } : {});
    const given = new Request(`http://localhost${url.startsWith('/') ? url : '/'}`, {
      method, headers: Object.entries(headers).flatMap(([name, value]) => typeof value === 'string' ? [[name, value] as [string, string]] : []),
      ...(hasBody && { body: Readable.toWeb(request) as ReadableStream<Uint8Array>, duplex: 'half' }),
    } as RequestInit);
    const answer = await handler(given);
    // What was pushed is on disk before the answer says so.
    if (this.#push && url.includes('git-receive-pack') && hasBody) await this.#keep(repository);
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    if (answer.body !== null) for await (const chunk of answer.body) response.write(chunk);
    response.end();
  }

  async #keep(repository: Repository): Promise<void> {
    try {
      await repository.flush();
      this.#refs = JSON.stringify(await readRefs(this.#tree.layout, () => {}));
    } catch (thrown) {
      // Memory is ahead of the disk: it is read anew for the next request.
      this.#refs = '';
      throw thrown;
    }
  }

  async #allow(refs: { name: string }[]): Promise<void> {
    await this.#tree.refreshHead();
    const { branch } = this.#tree.head;
    const taken = this.#tree.hasFiles && refs.find(({ name }) => name === branch);
    if (taken) throw new Error(`${taken.name} is checked out on the other side: push to another branch`);
  }
}
