/** The seam to every way on which nodes meet: in memory, between tabs, over a relay. */

/** A node as it names itself. */
export interface NodeIdentity {
  /** Its Ed25519 public key, 64 hex digits. */
  id: string;
  /** What people call it. */
  name: string;
  /** What it belongs to. */
  cluster: string;
  /** Where it is. */
  region?: string;
  /** Groups that it is a member of. */
  groups?: string[];
}

/** A way on which all who use it hear what each of them publishes. It may lose, double and reorder. */
export interface SyncProvider {
  /** Begins to send and to listen. */
  connect(identity: NodeIdentity, signal?: AbortSignal): Promise<void>;
  /** Ends both. */
  disconnect(): Promise<void>;
  /** Whether it may be used. */
  readonly connected: boolean;
  /** Sends to all others. */
  publish(entries: Uint8Array[]): Promise<void>;
  /** Has `subscriber` called with what others publish, never while the call that sent it is under way. */
  subscribe(subscriber: (entries: Uint8Array[]) => void): { unsubscribe(): void };
}

/** Those who listen at one end of a way. */
export class Subscribers {
  readonly #all = new Set<(entries: Uint8Array[]) => void>();

  subscribe(subscriber: (entries: Uint8Array[]) => void): { unsubscribe(): void } {
    this.#all.add(subscriber);
    return { unsubscribe: () => void this.#all.delete(subscriber) };
  }

  tell(entries: Uint8Array[]): void {
    for (const subscriber of [...this.#all]) subscriber(entries);
  }
}
