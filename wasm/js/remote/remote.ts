/** Clone, fetch and push over git's smart HTTP. Loaded when asked for. */
import { GovcError } from '../errors.js';
import type { PackedReader } from '../packed.js';
import type { Repository } from '../repository.js';
import { exchange, FLAGS } from './exchange.js';
import type { CloneOptions, FetchOptions, FetchResult, PushOptions, PushResult, Remote } from './options.js';

const DEPTH_MAX = 0x7fff_ffff;

/** Fills an empty repository with what is at an address; disposes of it where that fails. */
export async function clone(repository: Repository, url: string, options: CloneOptions): Promise<Repository> {
  try {
    const { singleBranch, depth } = options;
    const isSingle = singleBranch !== undefined || depth !== undefined;
    const refs = singleBranch === undefined ? [] : [singleBranch];
    const flags = FLAGS.clone | (isSingle ? FLAGS.single : 0);
    await exchange(repository, url, { remote: 'origin', refs, flags, ...depthOf(depth) }, options);
    repository.remotes.set('origin', { url, ...(isSingle && { refs: [repository.main.name] }) });
    return repository;
  } catch (thrown) {
    repository[Symbol.dispose]();
    throw thrown;
  }
}

export async function fetch(repository: Repository, remote: string, options: FetchOptions): Promise<FetchResult> {
  const known = remoteOf(repository, remote);
  const { singleBranch, depth, prune = false } = options;
  const refs = options.refs ?? (singleBranch === undefined ? known.refs ?? [] : [singleBranch]);
  const name = known.name ?? originOf(repository, known.url);
  const packed = await exchange(repository, known.url, { remote: name, refs, flags: prune ? FLAGS.prune : 0, ...depthOf(depth) }, options);
  if (known.name === undefined) repository.remotes.set(name, { url: known.url });
  return fetched(packed);
}

export async function push(repository: Repository, remote: string, options: PushOptions): Promise<PushResult> {
  const { name = '', url } = remoteOf(repository, remote);
  const { refs = [], force = false, atomic = false } = options;
  const forced = force === 'with-lease' ? FLAGS.lease : force ? FLAGS.force : 0;
  const packed = await exchange(repository, url, { remote: name, refs, flags: FLAGS.push | forced | (atomic ? FLAGS.atomic : 0) }, options);
  const result: PushResult = { ok: true, refs: {}, messages: '' };
  packed.list(() => {
    const [ref, reason] = [packed.text(), packed.text()];
    result.refs[ref] = reason === '' ? { ok: true } : { ok: false, reason };
    result.ok &&= reason === '';
  });
  result.messages = packed.text();
  return result;
}

function fetched(packed: PackedReader): FetchResult {
  const result: FetchResult = { updated: {}, pruned: [], rejected: {}, objects: packed.f64(), bytes: packed.f64() };
  packed.list(() => {
    const [name, before, after] = [packed.text(), packed.text(), packed.text()];
    if (after === '') result.pruned.push(name);
    else result.updated[name] = { after, ...(before !== '' && { before }) };
  });
  packed.list(() => {
    const name = packed.text();
    result.rejected[name] = packed.text();
  });
  return result;
}

/** A remote by its name, or an address, which may be that of one. */
function remoteOf({ remotes }: Repository, remote: string): Remote & { name?: string } {
  const named = remotes.get(remote);
  if (named !== undefined) return { ...named, name: remote };
  if (!/^https?:\/\//i.test(remote)) {
    throw new GovcError('NotFound', `there is no remote '${remote}': name it with remotes.set('${remote}', { url })`, { remote });
  }
  for (const [name, known] of remotes) if (known.url === remote) return { ...known, name };
  return { url: remote };
}

/** The first remote is called origin, as a clone calls it. */
function originOf(repository: Repository, url: string): string {
  if (!repository.remotes.has('origin')) return 'origin';
  throw new GovcError('InvalidArgument', `no remote has this address: name it first, as in remotes.set('upstream', { url })`, { remotes: [...repository.remotes.keys()], url: new URL(url).origin });
}

function depthOf(depth: number | undefined): { depth?: number } {
  if (depth === undefined) return {};
  if (depth === Infinity) return { depth: DEPTH_MAX };
  if (!Number.isInteger(depth) || depth < 1 || depth > DEPTH_MAX) throw new GovcError('InvalidArgument', `depth is ${depth}: give a number of commits, or Infinity`, { depth });
  return { depth };
}
