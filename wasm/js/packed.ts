/**
 * Bulk answers of the engine: one little-endian buffer instead of many objects (the Rust side is `wasm/src/packed.rs`).
 */

import { decodeText } from './text.js';

/** The codes of the hex digits. */
const DIGITS = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
/** The digits of the id that is read. */
const hex = new Uint8Array(40);

/** Reads a packed buffer from the front. */
export class PackedReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  u8(): number {
    return this.#bytes[this.#at++]!;
  }

  u32(): number {
    const value = this.#view.getUint32(this.#at, true);
    this.#at += 4;
    return value;
  }

  f64(): number {
    const value = this.#view.getFloat64(this.#at, true);
    this.#at += 8;
    return value;
  }

  /** Length and bytes; the bytes share the answer's buffer. */
  bytes(): Uint8Array {
    const length = this.u32();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  text(): string {
    const bytes = this.bytes();
    return bytes.length === 0 ? '' : decodeText(bytes);
  }

  /** 20 raw bytes; all zero stands for no object. */
  id(): string | undefined {
    let any = 0;
    for (let at = 0; at < 40; at += 2) {
      const byte = this.#bytes[this.#at++]!;
      any |= byte;
      hex[at] = DIGITS[byte >> 4]!;
      hex[at + 1] = DIGITS[byte & 15]!;
    }
    // One text at once: put together from pieces, it costs six times as much once somebody looks at it.
    return any === 0 ? undefined : String.fromCharCode.apply(null, hex as unknown as number[]);
  }

  /** An id that is always there. */
  someId(): string {
    return this.id() ?? '0'.repeat(40);
  }

  /** `count` items, the count first. */
  list<T>(item: () => T): T[] {
    const items: T[] = [];
    for (let count = this.u32(); count > 0; count--) items.push(item());
    return items;
  }
}

/** Writes a packed buffer for the engine to read. */
export class PackedWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  /** Length and bytes. */
  bytes(bytes: Uint8Array): void {
    const head = new Uint8Array(4);
    new DataView(head.buffer).setUint32(0, bytes.length, true);
    this.#parts.push(head, bytes);
    this.#length += 4 + bytes.length;
  }

  finish(): Uint8Array {
    const out = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }
}
