/**
 * The only importer of the generated glue: instantiates the module, and makes every call to it.
 *
 * A panic, a trap or an exhausted stack inside the module leaves its memory in an unknown state. Such an instance
 * is dead: the call that met it and every later one throw a `GovcError` with code `Disposed` and the reason.
 *
 * What `wasm/deferred.txt` names is a second module on the same memory: who calls that awaits `deferredEngine` before.
 */
import * as glue from '../pkg/govc.js';
import { GovcError, isFailure } from './errors.js';

/** The exports of the module. */
export type Engine = typeof glue;
/** The classes behind those of the API. */
export type EngineRepository = glue.Repository;
export type EngineBisect = glue.Bisect;
export type EngineBlame = glue.Blame;
export type EngineTransaction = glue.Transaction;
export type EnginePreparedCommit = glue.PreparedCommit;
export type EngineGitExchange = glue.GitExchange;
export type EnginePackImport = glue.PackImport;
export type EngineRemoteExchange = glue.RemoteExchange;
export type EngineWatchers = glue.Watchers;
export type EngineWorld = glue.World;

/** Where a module comes from. */
type Source = BufferSource | WebAssembly.Module | URL | Request | Response | Promise<BufferSource | WebAssembly.Module | Response>;

let ready = false;
let bringDeferred: (() => Source) | undefined;
let deferred: Promise<void> | undefined;
let deathReason: string | undefined;
let bringModule: (() => BufferSource) | undefined;
let onCall: (() => void) | undefined;

/** Instantiates the module at once from its bytes or from a compiled module; does nothing if that has been done. */
export function instantiate(module: BufferSource | WebAssembly.Module): void {
  if (ready) return;
  glue.initSync({ module });
  ready = true;
}

/** Instantiates the module when it is called first: a command may end without. */
export function instantiateWhenCalled(bring: () => BufferSource): void {
  bringModule = bring;
}

/** Instantiates the module from wherever it comes; does nothing if that has been done. */
export async function instantiateFrom(source: Source): Promise<void> {
  if (ready) return;
  await glue.default({ module_or_path: source });
  ready = true;
}

/** Says where the deferred part of the engine comes from when it is asked for first. */
export function provideDeferred(bring: () => Source): void {
  bringDeferred = bring;
}

/** Resolves when the deferred part of the engine may be called. A failure to load it is not remembered. */
export function deferredEngine(): Promise<void> {
  return deferred ??= addDeferred().catch((thrown) => {
    deferred = undefined;
    throw thrown;
  });
}

async function addDeferred(): Promise<void> {
  checkUsable();
  if (bringDeferred === undefined) {
    const advice = 'give initialize() of govc/slim a function that brings govc/govc_deferred_bg.wasm';
    throw new GovcError('Disposed', `this needs the deferred part of the engine: ${advice}`);
  }
  try {
    glue.addDeferred(await compiled(bringDeferred()));
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new GovcError('Disconnected', `the deferred part of the engine did not load, try again: ${why}`, {}, { cause: thrown });
  }
}

/** As `deferredEngine`, without waiting: where it comes as bytes, and compiling may take its time. */
export function deferredEngineNow(): void {
  if (deferred !== undefined) return;
  checkUsable();
  glue.addDeferred(new WebAssembly.Module(bringDeferred?.() as BufferSource));
  deferred = Promise.resolve();
}

async function compiled(source: Source): Promise<WebAssembly.Module> {
  const given = await source;
  if (given instanceof WebAssembly.Module) return given;
  if (given instanceof ArrayBuffer || ArrayBuffer.isView(given)) return WebAssembly.compile(given);
  const response = given instanceof Response ? given : await fetch(given);
  if (!response.ok) throw new Error(`${response.url} answers ${response.status}`);
  return WebAssembly.compile(await response.arrayBuffer());
}

/** Runs one call of the engine. Whatever it throws is a `GovcError`, or what a callback of the caller threw. */
export function call<T>(operation: (engine: Engine) => T): T {
  checkUsable();
  onCall?.();
  try {
    return operation(glue);
  } catch (thrown) {
    throw translated(thrown);
  }
}

/** Has `observer` told of every call before it is made: it may plan work for afterwards, and must do none. */
export function observeCalls(observer: (() => void) | undefined): void {
  onCall = observer;
}

/** What the glue throws for an object that was freed. */
const FREED = 'null pointer passed to rust';

function checkUsable(): void {
  if (deathReason !== undefined) throw disposed(deathReason);
  if (!ready && bringModule !== undefined) instantiate(bringModule());
  if (!ready) throw new GovcError('Disposed', 'the engine is not loaded: call initialize() of govc/slim first');
}

function translated(thrown: unknown): unknown {
  if (isFailure(thrown)) return new GovcError(thrown.code, thrown.message, thrown.details);
  if (thrown instanceof WebAssembly.RuntimeError || isExhaustedStack(thrown)) {
    deathReason = glue.panicMessage() ?? thrown.message;
    return disposed(deathReason, thrown);
  }
  if (thrown instanceof Error && thrown.message === FREED) {
    return new GovcError('Disposed', 'the repository that this belongs to was disposed: open it again', {}, { cause: thrown });
  }
  return thrown;
}

function isExhaustedStack(thrown: unknown): thrown is Error {
  return thrown instanceof RangeError && thrown.message.includes('call stack')
    || thrown instanceof Error && thrown.name === 'InternalError';
}

function disposed(reason: string, cause?: unknown): GovcError {
  const message = `the engine has stopped and must be loaded anew: ${reason}`;
  return new GovcError('Disposed', message, { reason }, cause === undefined ? undefined : { cause });
}
