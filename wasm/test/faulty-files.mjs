// A storage of files that lies: what was not made durable it keeps, loses or tears, in any order, when it crashes.

/** What a crash throws, and everything after it. */
export class Crash extends Error {}

const BLOCK_BYTES = 512;

/**
 * Files in memory. `onStep` is called before and after each change, where a crash may happen: it may throw `Crash`.
 * With `flushes: false` it says that what it writes is durable, and it is not.
 */
export class FaultyFiles {
  #disk;
  #seen;
  #pending = [];
  #onStep;
  #flushes;
  #isDead = false;

  constructor(disk = new Map(), { onStep = () => {}, flushes = true } = {}) {
    this.#disk = new Map(disk);
    this.#seen = new Map(disk);
    this.#onStep = onStep;
    this.#flushes = flushes;
  }

  /** Everything that a crash at this moment starts from. */
  get state() {
    return { disk: new Map(this.#disk), pending: [...this.#pending] };
  }

  /** What lies there where nothing crashes. */
  get contents() {
    return new Map(this.#seen);
  }

  async list(folder) {
    this.#alive();
    const names = [...this.#seen.keys()].filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1));
    return names.filter((name) => !name.includes('/'));
  }

  async open(path) {
    this.#alive();
    const bytes = this.#seen.get(path);
    return bytes && { size: bytes.length, read: async (at, length) => bytes.slice(at, at + length) };
  }

  async write(path, bytes, onBytes) {
    this.#step();
    const kept = bytes.slice();
    this.#seen.set(path, kept);
    this.#pending.push({ path, bytes: kept });
    onBytes?.(bytes.length);
    this.#step();
    if (this.#flushes) this.#flush(path, kept);
    this.#step();
  }

  async remove(path) {
    this.#step();
    this.#seen.delete(path);
    this.#pending.push({ path });
    this.#step();
  }

  async destroy() {
    for (const path of this.#seen.keys()) await this.remove(path);
  }

  close() {}

  /** Makes one file durable; what else is pending stays so. */
  #flush(path, bytes) {
    this.#disk.set(path, bytes);
    this.#pending = this.#pending.filter((change) => change.path !== path);
  }

  #step() {
    this.#alive();
    try {
      this.#onStep(this);
    } catch (thrown) {
      this.#isDead = true;
      throw thrown;
    }
  }

  #alive() {
    if (this.#isDead) throw new Crash('after the crash');
  }
}

/** What is on the disk after a crash: of what was pending some came through, some not, some in part, in any order. */
export function survivors({ disk, pending }, { below, pick }) {
  const left = new Map(disk);
  const changes = [...pending];
  while (changes.length > 0) {
    const [{ path, bytes }] = changes.splice(below(changes.length), 1);
    const fate = pick(['kept', 'kept', 'lost', 'torn', 'torn']);
    if (fate === 'lost') continue;
    if (bytes === undefined) left.delete(path);
    else left.set(path, fate === 'kept' ? bytes : torn(bytes, left.get(path), below));
  }
  return left;
}

/** A part of what was written: cut off, or blocks of it with what was there before, or zeros, between. */
function torn(bytes, before = new Uint8Array(), below) {
  if (below(2) === 0) return bytes.slice(0, below(bytes.length + 1));
  const length = below(2) === 0 ? bytes.length : Math.max(bytes.length, before.length);
  const out = new Uint8Array(length);
  out.set(before.subarray(0, length));
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    if (below(2) === 0) out.set(bytes.subarray(at, at + BLOCK_BYTES), at);
  }
  return out;
}

/** A lock among the storages of one test, as the browser's: one writes, or many read. */
export function fakeLock() {
  let last = Promise.resolve();
  let readers = [];
  return (mode, work) => {
    const before = mode === 'shared' ? last : Promise.all([last, ...readers]);
    const result = before.then(work);
    const settled = result.then(() => {}, () => {});
    if (mode === 'shared') readers.push(settled);
    else [last, readers] = [settled, []];
    return result;
  };
}
