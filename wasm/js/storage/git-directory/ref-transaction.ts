/**
 * Moves refs by git's protocol: lock all, compare all, write all, rename all. Nothing moves where one is not as expected.
 *
 * Between the first rename and the last another process may see some of the refs moved, as with git itself. Where a
 * rename fails, those before it are moved back; the error names what could not be.
 */
import { lstat, readdir } from 'node:fs/promises';

import { GovcError } from '../../errors.js';
import { encodeText } from '../../text.js';
import {
  failedBecause, type FilePath, ifThere, inParallel, parent, removeEmptyFolders, removeFile, syncFolder, within,
} from './files.js';
import { type Layout, refPath } from './layout.js';
import { LockFile } from './lock.js';
import { newLine, PackedRefs } from './packed-refs.js';
import { appendReflog, removeEmptyParents, removeReflog, takeBack, type WrittenLine } from './reflog.js';
import { isRefName, readLoose } from './refs.js';

/** A ref that moves; its values are ids or `ref: NAME`, undefined where it does not exist. */
export interface RefMove {
  name: string;
  before?: string;
  after?: string;
  message: string;
}

/** Where and how refs are moved. */
export interface MoveOptions {
  /** Who is named in the reflogs: `NAME <EMAIL> SECONDS ZONE`. */
  by: string;
  signal?: AbortSignal | undefined;
}

/** From so many new branches on, they are written to `packed-refs`: one file instead of one for each. */
const PACKED_FROM = 32;

/** Moves refs, all or none. */
export async function moveRefs(layout: Layout, moves: readonly RefMove[], options: MoveOptions): Promise<void> {
  const wrong = moves.find(({ name }) => !isRefName(name));
  if (wrong !== undefined) throw new GovcError('InvalidName', `'${wrong.name}' is no name of a ref`, { ref: wrong.name });
  const real = moves.filter(({ before, after }) => before !== after);
  const inTheWay = deletionsInTheWay(real);
  // git has no lock for `a/b` while `a` exists: what stands in the way goes first.
  for (const some of [inTheWay, real.filter((move) => !inTheWay.includes(move))]) {
    if (some.length > 0) await new RefTransaction(layout, some, options).run();
  }
}

/** Throws Stale where a ref is not what it should be. Says what `packed-refs` holds. */
export async function expectRefs(layout: Layout, moves: readonly RefMove[]): Promise<PackedRefs> {
  const loose = new Map<string, string | undefined>();
  await inParallel(moves, async ({ name }) => { loose.set(name, await readLoose(refPath(layout, name))); });
  // After the loose ones: while their locks are held, git moves none of them from here to there.
  const packed = await PackedRefs.read(layout.packedRefs);
  for (const { name, before } of moves) {
    const found = loose.get(name) ?? packed.get(name);
    if (found !== before) throw stale(name, before, found);
  }
  return packed;
}

/** Refs that are deleted and whose name is that of a folder for a new ref, or the other way round. */
function deletionsInTheWay(moves: readonly RefMove[]): RefMove[] {
  const created = moves.filter(({ before }) => before === undefined).map(({ name }) => name);
  const folders = new Set(created.flatMap(foldersOf));
  const names = new Set(created);
  return moves.filter(({ name, after }) =>
    after === undefined && (folders.has(name) || foldersOf(name).some((folder) => names.has(folder))));
}

/** `refs/heads/a` and `refs/heads/a/b` for `refs/heads/a/b/c`. */
function foldersOf(name: string): string[] {
  const parts = name.split('/');
  return parts.slice(3).map((_, at) => parts.slice(0, at + 3).join('/'));
}

class RefTransaction {
  readonly #layout: Layout;
  readonly #moves: readonly RefMove[];
  readonly #options: MoveOptions;
  readonly #locks = new Map<string, LockFile>();
  #packedLock: LockFile | undefined;
  #packed!: PackedRefs;
  /** The ref that HEAD leads to, under the lock. */
  #headTarget: string | undefined;
  /** New branches that go to `packed-refs`. */
  readonly #toPacked: ReadonlySet<RefMove>;
  /** What leaves `packed-refs`, and what comes. */
  #removed: string[] = [];
  #added: { name: string; id: string }[] = [];
  #packedReplaced = false;
  readonly #moved: RefMove[] = [];
  readonly #logged: WrittenLine[] = [];

  constructor(layout: Layout, moves: readonly RefMove[], options: MoveOptions) {
    this.#layout = layout;
    this.#moves = [...moves].sort((a, b) => a.name < b.name ? -1 : 1);
    this.#options = options;
    // A tag would need the object that it leads to beside it.
    const branches = this.#moves.filter(({ name, before, after }) =>
      before === undefined && after !== undefined && !after.startsWith('ref: ') && name.startsWith('refs/heads/'));
    this.#toPacked = new Set(branches.length < PACKED_FROM ? [] : branches);
  }

  async run(): Promise<void> {
    try {
      await this.#lockAll();
      await this.#verifyAll();
      await this.#writeAll();
      try {
        await this.#moveAll();
      } catch (thrown) {
        throw await this.#movedBack(thrown);
      }
    } finally {
      await this.#packedLock?.release();
      await inParallel([...this.#locks.values()], (lock) => lock.release());
    }
    await this.#tidy();
  }

  async #lockAll(): Promise<void> {
    const { permissions, refLockTimeoutMs, packedRefsTimeoutMs } = this.#layout.settings;
    const { signal } = this.#options;
    const names = new Set(this.#moves.map(({ name }) => name));
    const head = await readLoose(refPath(this.#layout, 'HEAD'));
    if (head?.startsWith('ref: ') && names.has(head.slice(5))) names.add('HEAD');
    for (const name of [...names].sort()) {
      try {
        this.#locks.set(name, await LockFile.take(refPath(this.#layout, name), refLockTimeoutMs, permissions, signal));
      } catch (thrown) {
        if (!failedBecause(thrown, 'ENOTDIR', 'EEXIST')) throw thrown;
        throw await this.#folderInTheWay(name) ?? thrown;
      }
    }
    if (this.#toPacked.size > 0 || this.#moves.some(({ after }) => after === undefined)) {
      this.#packedLock = await LockFile.take(this.#layout.packedRefs, packedRefsTimeoutMs, permissions, signal);
    }
  }

  /** Compares every ref with what the repository last knew of it. */
  async #verifyAll(): Promise<void> {
    this.#packed = await expectRefs(this.#layout, this.#moves);
    const head = await readLoose(refPath(this.#layout, 'HEAD'));
    this.#headTarget = head?.startsWith('ref: ') ? head.slice(5) : undefined;
    await inParallel(this.#moves.filter(({ before }) => before === undefined), async ({ name }) => {
      const clash = await this.#folderInTheWay(name) ?? await this.#refsBelow(name);
      if (clash !== undefined) throw clash;
    });
  }

  /** The refusal where a ref exists that has the name of a folder which a new ref needs. */
  async #folderInTheWay(name: string): Promise<GovcError | undefined> {
    const packed = this.#packed ?? await PackedRefs.read(this.#layout.packedRefs);
    for (const folder of foldersOf(name)) {
      const isFile = (await ifThere(lstat(refPath(this.#layout, folder))))?.isDirectory() === false;
      if (isFile || packed.get(folder) !== undefined) return clash(name, folder);
    }
    return undefined;
  }

  /** The refusal where refs exist that lie under the name of a new one. */
  async #refsBelow(name: string): Promise<GovcError | undefined> {
    const below = this.#packed.under(name) ?? await firstBelow(refPath(this.#layout, name), name);
    return below === undefined ? undefined : clash(name, below);
  }

  async #writeAll(): Promise<void> {
    await inParallel(this.#moves, async (move) => {
      if (move.after === undefined || this.#toPacked.has(move)) return;
      await this.#locks.get(move.name)?.write(encodeText(`${move.after}\n`));
    }, this.#options.signal);
  }

  /** From here on nothing stops it but a failure of the system. */
  async #moveAll(): Promise<void> {
    const deleted = this.#moves.filter(({ after }) => after === undefined);
    const move = async (move: RefMove) => {
      await this.#log(move);
      if (this.#toPacked.has(move)) return;
      if (move.before === undefined) await removeEmptyFolders(refPath(this.#layout, move.name), listFolder);
      await this.#locks.get(move.name)?.commit();
      this.#moved.push(move);
    };
    const kept = this.#moves.filter(({ after }) => after !== undefined);
    // The log first: it says of a ref what it will be.
    const isLog = ({ name }: RefMove) => name.startsWith('refs/govc/');
    await inParallel(kept.filter(isLog), move);
    await inParallel(kept.filter((each) => !isLog(each)), move);
    this.#removed = deleted.map(({ name }) => name).filter((name) => this.#packed.get(name) !== undefined);
    this.#added = [...this.#toPacked].map(({ name, after }) => ({ name, id: after! }));
    if (this.#removed.length + this.#added.length > 0) {
      await this.#packedLock?.write(this.#packed.edited(this.#removed, this.#added.map(({ name, id }) => newLine(name, id))));
      await this.#packedLock?.commit();
      this.#packedReplaced = true;
      await syncFolder(parent(this.#layout.packedRefs));
    }
    await inParallel(deleted, async (move) => {
      this.#moved.push(move);
      await removeFile(refPath(this.#layout, move.name));
      await this.#logHead(move);
    });
    await this.#syncFolders();
  }

  async #log(move: RefMove): Promise<void> {
    const { name, before, after, message } = move;
    if (name === 'HEAD') return this.#logHeadItself(move);
    if (before?.startsWith('ref: ') || after?.startsWith('ref: ')) return;
    const written = await appendReflog(this.#layout, name, { before, after, by: this.#options.by, message });
    if (written !== undefined) this.#logged.push(written);
    await this.#logHead(move);
  }

  /** The log of HEAD follows the ref that HEAD leads to. */
  async #logHead({ name, before, after, message }: RefMove): Promise<void> {
    if (name !== this.#headTarget || this.#moves.some((move) => move.name === 'HEAD')) return;
    const written = await appendReflog(this.#layout, 'HEAD', { before, after, by: this.#options.by, message });
    if (written !== undefined) this.#logged.push(written);
  }

  /** HEAD leads to another ref, or to a commit: its log has the ids. */
  async #logHeadItself({ before, after, message }: RefMove): Promise<void> {
    const ids = [await this.#idOf(before, 'before'), await this.#idOf(after, 'after')] as const;
    if (ids[0] === undefined && ids[1] === undefined) return;
    const line = { before: ids[0], after: ids[1], by: this.#options.by, message };
    const written = await appendReflog(this.#layout, 'HEAD', line);
    if (written !== undefined) this.#logged.push(written);
  }

  async #idOf(target: string | undefined, side: 'before' | 'after'): Promise<string | undefined> {
    if (!target?.startsWith('ref: ')) return target;
    const name = target.slice(5);
    const move = this.#moves.find((move) => move.name === name);
    const found = move ? move[side] : await readLoose(refPath(this.#layout, name)) ?? this.#packed.get(name);
    return found?.startsWith('ref: ') ? undefined : found;
  }

  async #syncFolders(): Promise<void> {
    const folders = new Map(this.#moves.map(({ name }) => {
      const folder = parent(refPath(this.#layout, name));
      return [folder.toString('latin1'), folder] as const;
    }));
    await inParallel([...folders.values()], async (folder) => { await ifThere(syncFolder(folder)); });
  }

  /** Moves back what was moved; the error to throw. */
  async #movedBack(cause: unknown): Promise<unknown> {
    const stuck: string[] = [];
    if (this.#packedReplaced) {
      await this.#restorePacked().catch(() => stuck.push(...this.#added.map(({ name }) => name), ...this.#removed));
    }
    for (const move of this.#moved.toReversed()) {
      try {
        await this.#moveBack(move);
      } catch {
        stuck.push(move.name);
      }
    }
    for (const line of this.#logged.toReversed()) await takeBack(line).catch(() => {});
    if (stuck.length === 0) return cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `${reason}. These refs had moved by then and could not be moved back: ${stuck.join(', ')}`;
    return new GovcError('Storage', message, { moved: stuck }, { cause });
  }

  async #restorePacked(): Promise<void> {
    const { packedRefs, settings } = this.#layout;
    const lock = await LockFile.take(packedRefs, settings.packedRefsTimeoutMs, settings.permissions);
    try {
      const current = await PackedRefs.read(packedRefs);
      const lines = this.#removed.map((name) => this.#packed.line(name));
      await lock.write(current.edited(this.#added.map(({ name }) => name), lines));
      await lock.commit();
    } finally {
      await lock.release();
    }
  }

  async #moveBack({ name, before, after }: RefMove): Promise<void> {
    const { permissions, refLockTimeoutMs } = this.#layout.settings;
    const path = refPath(this.#layout, name);
    // The lock of a deleted ref is still held; that of a moved one went with its rename.
    const lock = after === undefined ? this.#locks.get(name)! : await LockFile.take(path, refLockTimeoutMs, permissions);
    try {
      if (await readLoose(path) !== after) throw stale(name, after, undefined);
      if (before === undefined) await removeFile(path);
      else {
        await lock.write(encodeText(`${before}\n`));
        await lock.commit();
      }
    } finally {
      await lock.release();
    }
  }

  /** Removes logs of deleted refs, and folders that are empty; of no consequence where it fails. */
  async #tidy(): Promise<void> {
    await inParallel(this.#moves, async (move) => {
      const { name, after } = move;
      if (after === undefined) await removeReflog(this.#layout, name).catch(() => {});
      // Locks were made in these folders.
      else if (!this.#toPacked.has(move)) return;
      await removeEmptyParents(refPath(this.#layout, name), name).catch(() => {});
    });
  }
}

function listFolder(folder: FilePath): Promise<Buffer[]> {
  return ifThere(readdir(folder, 'buffer')).then((names) => names ?? []);
}

/** The name of a ref that has a file under this folder, or undefined. */
async function firstBelow(folder: FilePath, name: string): Promise<string | undefined> {
  for (const entry of await ifThere(readdir(folder, { withFileTypes: true, encoding: 'buffer' })) ?? []) {
    const file = entry.name as unknown as Buffer;
    if (file[0] === 0x2e || file.subarray(-5).toString() === '.lock') continue;
    const below = entry.isDirectory() ? await firstBelow(within(folder, file), `${name}/${file}`) : `${name}/${file}`;
    if (below !== undefined) return below;
  }
  return undefined;
}

function stale(ref: string, expected: string | undefined, found: string | undefined): GovcError {
  const was = found === undefined ? 'it is gone' : expected === undefined ? `it exists, at ${found}` : `it is at ${found}`;
  const message = `'${ref}' was moved by another process: ${was}${expected === undefined ? '' : `, no longer at ${expected}`}. `
    + 'Nothing was written to the refs; open the repository again and repeat the change';
  return new GovcError('Stale', message, { ref, ...(expected && { expected }), ...(found && { found }) });
}

function clash(ref: string, other: string): GovcError {
  const message = `'${ref}' cannot be created: another process created '${other}', and git keeps no two refs of which one is `
    + 'the folder of the other';
  return new GovcError('Stale', message, { ref, found: other });
}
