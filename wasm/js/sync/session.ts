/**
 * This program's part in a world: what is moved in shared realities is said to all who are linked, and what they say is
 * taken over. Loaded when it is asked for.
 *
 * The engine's `World` decides; here its messages go out and come in, after the program's own code has run.
 */
import { call, deferredEngine, type EngineWorld } from '../binding.js';
import { GovcError } from '../errors.js';
import type { Subscription } from '../events/subscription.js';
import { nameOf } from '../names.js';
import { PackedReader } from '../packed.js';
import { throwIfAborted } from '../progress.js';
import type { Reality } from '../reality.js';
import type { Repository } from '../repository.js';
import { encodeText } from '../text.js';
import type { Glob, ObjectId } from '../types.js';
import { type Frame, readFrame, writeFrame } from './frame.js';
import type { NodeIdentity, SyncProvider } from './provider.js';

/** How many entries of each node's log are included; keys are node ids. */
export type VectorClock = Record<string, number>;

/** How a session joins a world. */
export interface ConnectOptions {
  /** Nodes meet in worlds of the same name. Default 'main'. */
  world?: string;
  /** How this node names itself to others. Default: name 'govc', cluster 'default'. */
  identity?: Partial<Omit<NodeIdentity, 'id'>>;
  /**
   * The secret of its Ed25519 key, 32 random bytes. Whoever holds it is the node; two that write with one key at once prove each
   * other to have two histories. Default: a new one for each session.
   */
  key?: Uint8Array;
  /** How often it says that it is here, and speaks again to a peer that has been quiet though something is missing. Default 2,000. */
  syncIntervalMs?: number;
  /** Stops joining. */
  signal?: AbortSignal;
}

/** One step of a node's history, linked to the one before by its hash. */
export interface Entry {
  /** Who wrote it. */
  node: string;
  /** Its number in the node's chain, from 0. */
  seq: number;
  /** SHA-256, 64 hex digits. */
  hash: string;
  /** The hash of the entry before it; of the first, the world's id. */
  previous: string;
  /** What its node had seen, itself included. */
  clock: VectorClock;
  /** Milliseconds since the epoch, by the node's own clock. */
  time: number;
  /** The operation that it speaks of, in a word: 'commit', 'merge', 'rollback' and so on. */
  kind: string;
  /** What it says: the operation's description, and the realities that moved, each with its heads: none where it is gone. */
  payload: { description: string; realities: Record<string, ObjectId[]> };
  /** Whether a signature that covers it has been checked. */
  verified: boolean;
}

/** Other sessions that are told apart; more are not listened to. */
const PEERS_MAX = 1000;
const SYNC_INTERVAL_MS = 2000;
/** A peer that has not been heard for so many intervals is gone. It is linked anew when it is heard again, as a tab that slept. */
const GONE_INTERVALS = 8;
const ENTRIES_A_TIME = 256;
/** Most failures that are kept. */
const ERRORS_MAX = 100;
const SECRET_BYTES = 32;

interface Peer {
  identity: NodeIdentity;
  heard: number;
  /** When its last message came. */
  spoke: number;
}

/** A repository's part in a world: made by `Repository.connect`. */
export class Session implements Disposable {
  /** This node, as others see it. */
  readonly node: NodeIdentity;
  /** The name of the world. */
  readonly world: string;
  readonly #repository: Repository;
  readonly #provider: SyncProvider;
  #world: EngineWorld | undefined;
  /** Tells this session from all others, also those of the same node. */
  readonly #number = 1 + Math.floor(Math.random() * 0xffff_fffe);
  readonly #peers = new Map<number, Peer>();
  readonly #errors: GovcError[] = [];
  readonly #intervalMs: number;
  readonly #follows = new Map<object, Glob>();
  readonly #waiting = new Set<() => void>();
  #local: Subscription | undefined;
  #incoming: { unsubscribe(): void } | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #isOver = false;

  /** @internal */
  constructor(repository: Repository, provider: SyncProvider, { world = 'main', identity = {}, key, syncIntervalMs = SYNC_INTERVAL_MS }: ConnectOptions) {
    const secret = key ?? crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
    if (secret.length !== SECRET_BYTES) throw new GovcError('InvalidArgument', `a key is a secret of ${SECRET_BYTES} bytes`, { length: secret.length });
    this.#repository = repository;
    this.#provider = provider;
    this.#intervalMs = syncIntervalMs;
    this.#world = call((module) => new module.World(world, secret));
    this.world = world;
    this.node = { name: 'govc', cluster: 'default', ...identity, id: call(() => this.#engine.node()) };
  }

  /** @internal Meets the others. */
  static async open(repository: Repository, provider: SyncProvider, options: ConnectOptions): Promise<Session> {
    throwIfAborted(options.signal);
    await deferredEngine();
    const session = new Session(repository, provider, options);
    try {
      await provider.connect(session.node, options.signal);
      throwIfAborted(options.signal);
    } catch (thrown) {
      await session.close();
      throw thrown;
    }
    session.#begin();
    return session;
  }

  /** What is known here: how many entries of each node were taken over. */
  get clock(): VectorClock {
    return readClock(new PackedReader(call(() => this.#engine.clock())));
  }

  /** Whether all who are linked have what is known here. */
  get status(): 'synced' | 'syncing' | 'offline' {
    if (this.#isOver || !this.#provider.connected) return 'offline';
    return [...this.#peers.keys()].every((peer) => this.#has(peer)) ? 'synced' : 'syncing';
  }

  /** What was wrong with messages of others, the newest 100. Nothing of such a message was taken. */
  get errors(): GovcError[] {
    return [...this.#errors];
  }

  /** Those who are linked, and what each has said that it has. */
  nodes(): { identity: NodeIdentity; clock: VectorClock; online: boolean }[] {
    return [...this.#peers].map(([peer, { identity }]) => ({ identity, clock: this.#clockOf(peer), online: true }));
  }

  /** Shares a reality: where it is becomes known, and where others move the reality of that name it is moved here. */
  share(reality: Reality | string): Reality {
    const name = nameOf(reality);
    call(() => this.#engine.share(this.#repository.engine, encodeText(name)));
    this.#take();
    return this.#repository.reality(name);
  }

  /** Takes over the realities of all others whose names match, until it is ended: each comes to be here under its name. */
  subscribe(node: '*', reality: Glob): { unsubscribe(): void } & Disposable {
    if (node !== '*') throw new GovcError('InvalidArgument', "realities are followed by name, of all nodes: pass '*'", { node });
    const key = {};
    this.#follows.set(key, reality);
    this.#follow();
    const unsubscribe = () => { if (this.#follows.delete(key) && !this.#isOver) this.#follow(); };
    return { unsubscribe, [Symbol.dispose]: unsubscribe };
  }

  /** The heads of a shared reality that conflict: it shows the first until a commit stands on top of all. None where it is at peace. */
  conflict(reality: Reality | string): ObjectId[] {
    return call(() => this.#engine.conflict(encodeText(nameOf(reality)))).match(/.{40}/g) ?? [];
  }

  /** Resolves when `clock`, by default all that is known here, has reached everybody who is linked, and somebody is. */
  async settled({ clock, timeoutMs }: { clock?: VectorClock; timeoutMs?: number } = {}): Promise<void> {
    const goal = clock ?? this.clock;
    const isReached = () => this.#peers.size > 0 && [...this.#peers.keys()].every((peer) => includes(this.#clockOf(peer), goal));
    if (isReached()) return;
    await new Promise<void>((resolve, reject) => {
      const end = (failure?: GovcError) => {
        this.#waiting.delete(look);
        clearTimeout(timer);
        if (failure) reject(failure);
        else resolve();
      };
      const look = () => {
        if (this.#isOver) end(new GovcError('Disconnected', 'the session was closed'));
        else if (isReached()) end();
      };
      const timer = timeoutMs === undefined ? undefined
        : setTimeout(() => end(new GovcError('Timeout', `not everybody has it after ${timeoutMs} ms`, { timeoutMs })), timeoutMs);
      this.#waiting.add(look);
    });
  }

  /** Entries of all nodes or of one, node by node, each in the order of its chain; `after` and `until` are clocks. */
  *chain({ node, after = {}, until }: { node?: string; after?: VectorClock; until?: VectorClock } = {}): Iterable<Entry> {
    const nodes = node === undefined ? Object.keys(this.clock) : [node];
    for (const id of nodes) {
      const end = until === undefined ? Infinity : until[id] ?? 0;
      for (let from = after[id] ?? 0; from < end;) {
        const some = readEntries(id, call(() => this.#engine.entries(id, from, Math.min(ENTRIES_A_TIME, end - from))));
        if (some.length === 0) break;
        yield* some;
        from += some.length;
      }
    }
  }

  /** How many entries are here, and which nodes have shown two histories, from which entry on. Whatever else is wrong never came in. */
  verifyChain(): { entries: number; problems: { node: string; seq: number; message: string }[] } {
    const entries = Object.values(this.clock).reduce((sum, count) => sum + count, 0);
    const packed = new PackedReader(call(() => this.#engine.forks()));
    const message = 'the node has two histories from here on: what it says is void';
    const problems = packed.list(() => ({ node: packed.text(), seq: packed.f64(), message }));
    return { entries, problems };
  }

  /** Says good-bye. Realities stay where they are. */
  async close(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#local?.unsubscribe();
    this.#incoming?.unsubscribe();
    clearInterval(this.#timer);
    for (const look of [...this.#waiting]) look();
    if (this.#provider.connected) {
      await this.#provider.publish([writeFrame({ kind: 'gone', from: this.#number, to: 0 })]).catch(() => {});
      await this.#provider.disconnect();
    }
    this.#world?.free();
    this.#world = undefined;
  }

  /** Closes it, without waiting for the good-bye. */
  [Symbol.dispose](): void {
    void this.close();
  }

  get #engine(): EngineWorld {
    if (this.#world === undefined) throw new GovcError('Disposed', 'this session was closed: connect again');
    return this.#world;
  }

  #begin(): void {
    this.#incoming = this.#provider.subscribe((frames) => this.#hear(frames));
    this.#local = this.#repository.watch({}, () => this.#say());
    this.#timer = setInterval(() => this.#beat(), this.#intervalMs);
    (this.#timer as { unref?: () => void }).unref?.();
    this.#sayHere(0);
  }

  #hear(frames: Uint8Array[]): void {
    if (this.#isOver) return;
    for (const bytes of frames) {
      const frame = readFrame(bytes);
      if (frame === undefined || frame.from === this.#number || frame.to !== 0 && frame.to !== this.#number) continue;
      try {
        this.#takeIn(frame);
      } catch (thrown) {
        this.#note(thrown);
      }
    }
    this.#take();
    for (const look of [...this.#waiting]) look();
  }

  #takeIn(frame: Frame): void {
    const { from } = frame;
    const peer = this.#peers.get(from);
    if (peer !== undefined) peer.heard = Date.now();
    if (frame.kind === 'gone') {
      if (this.#peers.delete(from)) call(() => this.#engine.disconnect(from));
    } else if (frame.kind === 'here') {
      if (peer !== undefined || this.#peers.size >= PEERS_MAX) return;
      this.#peers.set(from, { identity: frame.identity, heard: Date.now(), spoke: Date.now() });
      call(() => this.#engine.connect(from));
      if (frame.to === 0) this.#sayHere(from);
    } else if (peer !== undefined) {
      peer.spoke = peer.heard;
      call(() => this.#engine.receive(this.#repository.engine, from, frame.bytes));
    }
  }

  /** Says what was moved here, and takes over what is ready. */
  #take(): void {
    try {
      call(() => this.#engine.absorb(this.#repository.engine, this.#repository.now()));
    } catch (thrown) {
      this.#note(thrown);
    }
    this.#speak();
  }

  #say(): void {
    if (this.#isOver) return;
    call(() => this.#engine.publish(this.#repository.engine, this.#repository.now()));
    this.#speak();
  }

  #follow(): void {
    const patterns = [...this.#follows.values()];
    call(() => this.#engine.follow(patterns.length === 0 ? undefined : encodeText(patterns.join('\0'))));
    this.#take();
  }

  /** Sends what there is to say to each peer. */
  #speak(): void {
    const frames: Frame[] = [];
    for (const to of this.#peers.keys()) {
      for (;;) {
        const bytes = call(() => this.#engine.next(this.#repository.engine, to));
        if (bytes === undefined) break;
        frames.push({ kind: 'message', from: this.#number, to, bytes });
      }
    }
    this.#send(frames);
  }

  #send(frames: Frame[]): void {
    if (frames.length > 0) this.#provider.publish(frames.map(writeFrame)).catch((thrown) => this.#note(thrown));
  }

  /** Says that it is here, and speaks again to those who have been quiet though something is missing: it may have been lost. */
  #beat(): void {
    const now = Date.now();
    for (const [peer, { heard, spoke }] of this.#peers) {
      if (now - heard >= GONE_INTERVALS * this.#intervalMs) {
        this.#peers.delete(peer);
        call(() => this.#engine.disconnect(peer));
      } else if (now - spoke >= this.#intervalMs && (!this.#has(peer) || this.#lacks(peer))) {
        call(() => this.#engine.resume(peer));
      }
    }
    this.#sayHere(0);
    this.#speak();
  }

  #sayHere(to: number): void {
    this.#send([{ kind: 'here', from: this.#number, to, identity: this.node }]);
  }

  #has(peer: number): boolean {
    return includes(this.#clockOf(peer), this.clock);
  }

  /** Whether a peer has what is not known here. */
  #lacks(peer: number): boolean {
    return !includes(this.clock, this.#clockOf(peer));
  }

  #clockOf(peer: number): VectorClock {
    return readClock(new PackedReader(call(() => this.#engine.clock(peer))));
  }

  #note(thrown: unknown): void {
    const failure = thrown instanceof GovcError ? thrown : new GovcError('Disconnected', String(thrown), {}, { cause: thrown });
    this.#errors.push(failure);
    if (this.#errors.length > ERRORS_MAX) this.#errors.shift();
  }
}

function includes(clock: VectorClock, other: VectorClock): boolean {
  return Object.entries(other).every(([node, count]) => (clock[node] ?? 0) >= count);
}

function readClock(packed: PackedReader): VectorClock {
  return Object.fromEntries(packed.list(() => [packed.text(), packed.f64()] as const));
}

function readEntries(node: string, bytes: Uint8Array): Entry[] {
  const packed = new PackedReader(bytes);
  return packed.list(() => {
    const [seq, hash, previous, clock, time, kind, description] = [
      packed.f64(), packed.text(), packed.text(), readClock(packed), packed.f64(), packed.text(), packed.text(),
    ];
    const realities = Object.fromEntries(packed.list(() => [packed.text(), packed.text().match(/.{40}/g) ?? []] as const));
    return { node, seq, hash, previous, clock, time, kind, payload: { description, realities }, verified: packed.u8() === 1 };
  });
}
