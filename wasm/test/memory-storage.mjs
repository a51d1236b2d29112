// A storage that tests can look into and kill.

/** A storage in memory: packs and refs, each batch whole or, where `dies` says so, only its first parts. */
export class MemoryStorage {
  packs = [];
  refs = new Map([['HEAD', 'ref: refs/heads/main']]);
  /** Called before each step of a batch; a throw ends it there. */
  step = () => {};

  async load(sink) {
    for (const { bytes, index } of this.packs) sink.pack(bytes, index);
    for (const [name, target] of this.refs) sink.ref(name, target);
  }

  async append({ pack, refs }) {
    for (const { name, before } of refs) {
      if (this.refs.get(name) !== before) throw Object.assign(new Error(`${name} moved`), { code: 'Stale' });
    }
    this.step();
    if (pack) this.packs.push(pack);
    for (const { name, after } of refs) {
      this.step();
      if (after === undefined) this.refs.delete(name);
      else this.refs.set(name, after);
    }
    this.step();
  }

  async close() {}
}
