/** One fetch, clone or push: asks the engine for requests, sends them, and gives it the answers. */
import { call, deferredEngine, type EngineRemoteExchange } from '../binding.js';
import { PackedReader, PackedWriter } from '../packed.js';
import { breath, inSlices, SLICE_MS, throwIfAborted } from '../progress.js';
import { GovcError } from '../errors.js';
import type { Repository } from '../repository.js';
import { encodeText } from '../text.js';
import { Connection, type RemoteRequest } from './connection.js';
import type { ConnectionOptions } from './options.js';

/** Bytes that are unfolded before progress is told. */
const STEP_BYTES = 4 << 20;

/** The flags of `wasm/src/remote.rs`. */
export const FLAGS = { clone: 1, single: 2, prune: 4, push: 8, force: 16, lease: 32, atomic: 64 } as const;

/** What the engine plans: a remote's name, names and refspecs, flags, and a depth, 0 for all of history. */
export interface Plan { remote: string; refs: string[]; flags: number; depth?: number }

/** Carries an exchange out; what the engine has to say of it. */
export async function exchange(repository: Repository, address: string, plan: Plan, options: ConnectionOptions): Promise<PackedReader> {
  throwIfAborted(options.signal);
  await deferredEngine();
  const connection = new Connection(address, options);
  const refs = new PackedWriter();
  for (const name of plan.refs) refs.bytes(encodeText(name));
  const packed = refs.finish();
  const machine = call((module) => new module.RemoteExchange(repository.engine, plan.remote, packed, plan.flags, plan.depth ?? 0));
  const tell = () => {
    const progress = new PackedReader(call(() => machine.progress()));
    const [done, total, phase] = [progress.f64(), progress.f64(), progress.text()];
    options.onProgress?.({ phase, done, ...(total > 0 && { total }) });
  };
  try {
    await converse(repository, connection, machine, options, tell);
    return new PackedReader(call(() => machine.finish(repository.engine, repository.now())));
  } catch (thrown) {
    throw located(thrown, connection.url);
  } finally {
    machine.free();
  }
}

async function converse(
  repository: Repository, connection: Connection, machine: EngineRemoteExchange, options: ConnectionOptions, tell: () => void,
): Promise<void> {
  for (;;) {
    const packed = call(() => machine.request(repository.engine));
    if (packed === undefined) break;
    const request = await requestOf(repository, machine, packed, options, tell);
    const response = await connection.send(request);
    await take(connection, response, machine, tell);
    call(() => machine.endInput(repository.engine));
    tell();
  }
  if (repository.isStored && call(() => machine.movesCuts(repository.engine))) {
    throw new GovcError('Rejected', 'a storage keeps no record of where history is cut: fetch without depth, or clone into memory', {});
  }
  await inSlices('check', { ...(options.signal && { signal: options.signal }) }, () => {
    const finished = call(() => machine.step(repository.engine, STEP_BYTES));
    tell();
    return { done: 0, finished };
  });
}

async function requestOf(
  repository: Repository, machine: EngineRemoteExchange, bytes: Uint8Array, options: ConnectionOptions, tell: () => void,
): Promise<RemoteRequest> {
  const packed = new PackedReader(bytes);
  const [path, type, protocol, accept] = [packed.text(), packed.text(), packed.text(), packed.text()];
  const headers = { Accept: accept, ...(type !== '' && { 'Content-Type': type }), ...(protocol !== '' && { 'Git-Protocol': protocol }) };
  if (packed.u8() === 0) return { path, headers };
  const parts: BlobPart[] = [packed.bytes() as Uint8Array<ArrayBuffer>];
  let started = performance.now();
  for (let chunk = call(() => machine.bodyChunk(repository.engine)); chunk !== undefined; chunk = call(() => machine.bodyChunk(repository.engine))) {
    if (chunk.length > 0) parts.push(chunk as Uint8Array<ArrayBuffer>);
    if (performance.now() - started < SLICE_MS) continue;
    throwIfAborted(options.signal);
    tell();
    await breath();
    started = performance.now();
  }
  return { path, headers, body: new Blob(parts) };
}

async function take(connection: Connection, response: Response, machine: EngineRemoteExchange, tell: () => void): Promise<void> {
  try {
    // A redirect that a browser does not show has no status.
    const status = response.type === 'opaqueredirect' ? 302 : response.status;
    call(() => machine.handleHead(status, response.headers.get('content-type') ?? ''));
  } catch (thrown) {
    // Not waited for: a body that was cut off may never say that it is over.
    response.body?.cancel().catch(() => {});
    throw thrown;
  }
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const next = await connection.read(reader);
      if (next.done) return;
      call(() => machine.handleInput(next.value));
      tell();
    }
  } catch (thrown) {
    reader.cancel().catch(() => {});
    throw thrown;
  }
}

/** Says with which address it went wrong. */
function located(thrown: unknown, url: string): unknown {
  if (!(thrown instanceof GovcError) || 'url' in thrown.details || thrown.code === 'Aborted') return thrown;
  return new GovcError(thrown.code, `${url}: ${thrown.message}`, { ...thrown.details, url }, { cause: thrown });
}
