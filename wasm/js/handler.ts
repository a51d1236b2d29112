/** A repository as a git host: web-standard requests of real git clients in, responses out. */
import { call, deferredEngine, type EngineGitExchange } from './binding.js';
import { enforceBranch } from './exchange.js';
import { PackedReader } from './packed.js';
import { breath } from './progress.js';
import type { Repository } from './repository.js';
import type { ObjectId } from './types.js';

/** What `repository.handler()` takes. */
export interface HandlerOptions {
  /**
   * Takes pushes: is asked before any ref moves, with what the push would move. A throw refuses the push, and its message
   * reaches the person who pushed. Without it, the repository can only be cloned and fetched.
   */
  push?: (refs: { name: string; before?: ObjectId; after?: ObjectId }[]) => void | Promise<void>;
}

const NO_CACHE = {
  'Cache-Control': 'no-cache, max-age=0, must-revalidate',
  Expires: 'Fri, 01 Jan 1980 00:00:00 GMT',
  Pragma: 'no-cache',
};

/** Answers git's smart HTTP under any path. */
export function gitHandler(repository: Repository, options: HandlerOptions): (request: Request) => Promise<Response> {
  return async (request) => {
    await deferredEngine();
    const exchange = begin(repository, request, options.push !== undefined);
    try {
      if (exchange.status !== 200) return refused(exchange);
      await readBody(exchange, request);
      await decide(repository, exchange, options);
      const headers = { 'Content-Type': exchange.text, ...NO_CACHE };
      return new Response(answer(repository, exchange), { headers });
    } catch (thrown) {
      exchange.free();
      throw thrown;
    }
  };
}

function begin(repository: Repository, request: Request, takesPush: boolean): EngineGitExchange {
  const { pathname, search } = new URL(request.url);
  const header = (name: string) => request.headers.get(name) ?? '';
  return call((module) => new module.GitExchange(
    repository.engine, request.method, pathname, search.slice(1),
    header('content-type'), header('git-protocol'), header('content-encoding'), takesPush,
  ));
}

function refused(exchange: EngineGitExchange): Response {
  const { status, text } = exchange;
  exchange.free();
  return new Response(text, { status, headers: { 'Content-Type': 'text/plain; charset=utf-8', ...NO_CACHE } });
}

async function readBody(exchange: EngineGitExchange, request: Request): Promise<void> {
  if (request.body !== null) {
    const gunzip = new DecompressionStream('gzip') as ReadableWritablePair<Uint8Array, Uint8Array>;
    const body = exchange.isGzip ? request.body.pipeThrough(gunzip) : request.body;
    const reader = body.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const { value } = next;
      call(() => exchange.handleInput(value));
    }
  }
  call(() => exchange.endInput());
}

/** Unpacks a push, asks the host, and moves the refs. */
async function decide(repository: Repository, exchange: EngineGitExchange, options: HandlerOptions): Promise<void> {
  for (;;) {
    const step = call(() => exchange.step(repository.engine));
    if (step === 2) return;
    if (step === 1) break;
    await breath();
  }
  const packed = new PackedReader(call(() => exchange.proposed(repository.engine)));
  const refs = packed.list(() => {
    const [name, before, after] = [packed.text(), packed.id(), packed.id()];
    return { name, ...(before && { before }), ...(after && { after }) };
  });
  let refusal: string | undefined;
  try {
    if (refs.length > 0) await options.push?.(refs);
  } catch (thrown) {
    refusal = thrown instanceof Error ? thrown.message : String(thrown);
  }
  const { engine } = repository;
  const admitted = call(() => exchange.admit(engine));
  if (refusal === undefined) refusal = refusalOf(repository, refs);
  call(() => exchange.finishPush(engine, refusal, repository.now()));
  if (admitted && refusal !== undefined) call(() => engine.dropNewestPack());
}

/** What the repository's validators say against a push, if anything. */
function refusalOf(repository: Repository, refs: { name: string; after?: ObjectId }[]): string | undefined {
  try {
    for (const { name, after } of refs) if (after !== undefined) enforceBranch(repository, name, after);
    return undefined;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

function answer(repository: Repository, exchange: EngineGitExchange): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      // An empty piece is work without bytes: others get their turn in between.
      for (;;) {
        const chunk = call(() => exchange.next(repository.engine));
        if (chunk === undefined) {
          exchange.free();
          return controller.close();
        }
        if (chunk.length > 0) return controller.enqueue(chunk);
        await breath();
      }
    },
    cancel: () => exchange.free(),
  });
}
