// A file system in memory for isomorphic-git: one map of paths, as little work as its interface allows.

function missing(path) {
  return Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
}

function normal(path) {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  return `/${parts.join('/')}`;
}

class Stat {
  constructor(kind, size) {
    this.kind = kind;
    this.size = size;
    this.mode = kind === 'dir' ? 0o40755 : 0o100644;
    this.mtimeMs = 0;
    this.ctimeMs = 0;
    this.uid = this.gid = this.dev = this.ino = 1;
  }
  isFile() { return this.kind === 'file'; }
  isDirectory() { return this.kind === 'dir'; }
  isSymbolicLink() { return false; }
}

/** Directories map to the set of names in them, files to their bytes. */
export class MapFs {
  constructor(entries = new Map([['/', new Set()]])) {
    this.entries = entries;
    this.promises = this;
  }

  /** The same files; content is shared, as it is never changed in place. */
  clone() {
    const copied = [...this.entries].map(([path, entry]) => [path, entry instanceof Set ? new Set(entry) : entry]);
    return new MapFs(new Map(copied));
  }

  async readFile(path, options) {
    const entry = this.entries.get(normal(path));
    if (entry === undefined || entry instanceof Set) throw missing(path);
    const encoding = typeof options === 'string' ? options : options?.encoding;
    return encoding === undefined ? entry : Buffer.from(entry).toString(encoding);
  }

  async writeFile(path, content) {
    const name = normal(path);
    this.#link(name);
    this.entries.set(name, typeof content === 'string' ? Buffer.from(content) : Buffer.from(content));
  }

  async mkdir(path) {
    const name = normal(path);
    if (this.entries.has(name)) throw Object.assign(new Error(`EEXIST: ${path}`), { code: 'EEXIST' });
    this.#link(name);
    this.entries.set(name, new Set());
  }

  async readdir(path) {
    const entry = this.entries.get(normal(path));
    if (entry === undefined) throw missing(path);
    if (!(entry instanceof Set)) throw Object.assign(new Error(`ENOTDIR: ${path}`), { code: 'ENOTDIR' });
    return [...entry];
  }

  async stat(path) {
    const entry = this.entries.get(normal(path));
    if (entry === undefined) throw missing(path);
    return entry instanceof Set ? new Stat('dir', 0) : new Stat('file', entry.length);
  }

  lstat(path) { return this.stat(path); }

  async unlink(path) { this.#remove(path); }

  async rmdir(path) { this.#remove(path); }

  async readlink(path) { throw missing(path); }

  async symlink(target, path) { throw missing(path); }

  #link(name) {
    const slash = name.lastIndexOf('/');
    const folder = this.entries.get(name.slice(0, slash) || '/');
    if (!(folder instanceof Set)) throw missing(name);
    folder.add(name.slice(slash + 1));
  }

  #remove(path) {
    const name = normal(path);
    if (!this.entries.delete(name)) throw missing(path);
    const slash = name.lastIndexOf('/');
    this.entries.get(name.slice(0, slash) || '/').delete(name.slice(slash + 1));
  }
}
