/** Tabs and Workers of one origin, and threads of one Node process, by the BroadcastChannel that all of them have. */
import { type NodeIdentity, Subscribers, type SyncProvider } from './provider.js';

/** The way of all who use the same name. Nothing leaves the browser. */
export function broadcastChannel(name: string): SyncProvider {
  return new BroadcastProvider(name);
}

class BroadcastProvider implements SyncProvider {
  readonly #name: string;
  readonly #subscribers = new Subscribers();
  #channel: BroadcastChannel | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  get connected(): boolean {
    return this.#channel !== undefined;
  }

  async connect(_identity: NodeIdentity): Promise<void> {
    if (this.#channel !== undefined) return;
    const channel = new BroadcastChannel(`govc-world:${this.#name}`);
    // On Node it would hold the process up.
    (channel as { unref?: () => void }).unref?.();
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      // Whatever else speaks on this channel is not ours.
      if (Array.isArray(data) && data.every((entry) => entry instanceof Uint8Array)) this.#subscribers.tell(data);
    };
    this.#channel = channel;
  }

  async disconnect(): Promise<void> {
    this.#channel?.close();
    this.#channel = undefined;
  }

  async publish(entries: Uint8Array[]): Promise<void> {
    this.#channel?.postMessage(entries);
  }

  subscribe(subscriber: (entries: Uint8Array[]) => void): { unsubscribe(): void } {
    return this.#subscribers.subscribe(subscriber);
  }
}
