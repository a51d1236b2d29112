/** Nodes of one program: each provider of a bus hears what the others publish. */
import { type NodeIdentity, Subscribers, type SyncProvider } from './provider.js';

/** Where nodes of one program meet. */
export interface MemoryBus {
  /** One end of it, for one session. */
  provider(): SyncProvider;
}

/** A bus in memory. */
export function memoryBus(): MemoryBus {
  const ends = new Set<MemoryProvider>();
  return { provider: () => new MemoryProvider(ends) };
}

class MemoryProvider implements SyncProvider {
  readonly #ends: Set<MemoryProvider>;
  readonly #subscribers = new Subscribers();

  constructor(ends: Set<MemoryProvider>) {
    this.#ends = ends;
  }

  get connected(): boolean {
    return this.#ends.has(this);
  }

  async connect(_identity: NodeIdentity): Promise<void> {
    this.#ends.add(this);
  }

  async disconnect(): Promise<void> {
    this.#ends.delete(this);
  }

  async publish(entries: Uint8Array[]): Promise<void> {
    if (!this.connected) return;
    const copies = entries.map((entry) => entry.slice());
    for (const end of this.#ends) if (end !== this) queueMicrotask(() => { if (end.connected) end.#subscribers.tell(copies); });
  }

  subscribe(subscriber: (entries: Uint8Array[]) => void): { unsubscribe(): void } {
    return this.#subscribers.subscribe(subscriber);
  }
}
