/** A work tree with its repository: where it lies, how it is configured, its index and its objects. */
import { lstatSync, readFileSync, type Stats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { GovcError } from '../errors.js';
import { type Config, flag } from '../storage/git-directory/config.js';
import { failedBecause, type FilePath, ifThere, parent, within } from '../storage/git-directory/files.js';
import { findRepository, type Layout } from '../storage/git-directory/layout.js';
import { LockFile } from '../storage/git-directory/lock.js';
import { AttributeRules, type AttributeSource, fromDisk } from './attributes.js';
import { Ignore } from './ignore.js';
import { formatIndex, type Index, type IndexEntry, INDEX_BYTES_MAX, parseIndex } from './index-file.js';
import { ObjectDatabase } from './objects.js';
import { type Head, readHead } from './refs.js';
import { readSettings } from './settings.js';

/** An index as it was read, and when its file was written: files that are not older may have changed unseen. */
export interface ReadIndex extends Index { writtenAt: number }

/** How a work tree stands to the file system. */
export interface FileHabits {
  /** Whether the executable bit of a file says something. */
  modes: boolean;
  symlinks: boolean;
  /** Whether the time of the last change of an inode says something. */
  changeTimes: boolean;
}

/** An open repository. */
export class WorkTree {
  readonly layout: Layout;
  readonly config: Config;
  readonly objects: ObjectDatabase;
  readonly environment: NodeJS.ProcessEnv;
  readonly habits: FileHabits;
  readonly #root: FilePath | undefined;
  #head: Head;
  #ignore: Ignore | undefined;

  private constructor(layout: Layout, root: FilePath | undefined, head: Head, config: Config, environment: NodeJS.ProcessEnv) {
    this.layout = layout;
    this.#root = root;
    this.#head = head;
    this.config = config;
    this.habits = habitsOf(config);
    this.environment = environment;
    this.objects = new ObjectDatabase(layout);
  }

  /** Opens the repository that `folder` is in, as git does; GIT_DIR, GIT_WORK_TREE and GIT_INDEX_FILE count. */
  static async open(folder: string, environment: NodeJS.ProcessEnv = process.env): Promise<WorkTree> {
    const named = environment['GIT_DIR'];
    const layout = await findRepository(named === undefined ? folder : resolve(folder, named), true);
    const head = await readHead(layout);
    const config = readSettings(layout, head.branch?.replace('refs/heads/', ''), environment);
    const root = await findRoot(folder, layout, config, environment);
    return new WorkTree(layout, root, head, config, environment);
  }

  /** Where HEAD was when this was opened, or last set. */
  get head(): Head {
    return this.#head;
  }

  async refreshHead(): Promise<void> {
    this.#head = await readHead(this.layout);
  }

  /** Whether there are files beside the repository. */
  get hasFiles(): boolean {
    return this.#root !== undefined;
  }

  /** The folder of the files. Throws NotFound in a bare repository. */
  get root(): FilePath {
    if (this.#root !== undefined) return this.#root;
    throw new GovcError('NotFound', `${this.layout.gitFolder} has no work tree: run this in a folder with files, or in a clone`, {
      path: String(this.layout.gitFolder),
    });
  }

  /** The tree of HEAD's commit. */
  get headTree(): string | undefined {
    return this.#head.commit === undefined ? undefined : this.treeOf(this.#head.commit);
  }

  treeOf(commit: string): string {
    const found = /^tree ([0-9a-f]{40})\n/.exec(this.objects.readKind(commit, 'commit').toString('latin1', 0, 46));
    if (found === null) throw new GovcError('CorruptObject', `commit ${commit} names no tree`, { id: commit });
    return found[1]!;
  }

  get ignore(): Ignore {
    return this.#ignore ??= new Ignore(this.root, this.layout.commonFolder, this.config, this.environment);
  }

  /** Attributes for what goes into the repository: as the work tree has them, else as the index has. */
  attributesInward(entries: readonly IndexEntry[]): AttributeRules {
    return this.#attributes(fromDisk(this.root, this.#kept(entries)));
  }

  /** Attributes for what comes out: as the index that is written has them. */
  attributesOutward(entries: readonly IndexEntry[]): AttributeRules {
    return this.#attributes(this.#kept(entries));
  }

  get indexPath(): FilePath {
    const named = this.environment['GIT_INDEX_FILE'];
    return named ? Buffer.from(resolve(named)) : within(this.layout.gitFolder, 'index');
  }

  /** The index; an empty one where there is none yet. */
  readIndex(): ReadIndex {
    const path = this.indexPath;
    try {
      const found = lstatSync(path);
      if (found.size > INDEX_BYTES_MAX) {
        throw new GovcError('LimitExceeded', `${path} has ${found.size} bytes: ${INDEX_BYTES_MAX} are read at most`, { path: String(path) });
      }
      return { ...parseIndex(readFileSync(path), String(path)), writtenAt: found.mtimeMs };
    } catch (thrown) {
      if (failedBecause(thrown, 'ENOENT')) return { version: 2, entries: [], writtenAt: 0 };
      throw thrown;
    }
  }

  /** Changes the index under git's lock: reads it, lets `change` work on it, and writes what came of it. */
  async changeIndex<T>(change: (index: ReadIndex) => T | Promise<T>): Promise<T> {
    const { permissions, refLockTimeoutMs } = this.layout.settings;
    const lock = await LockFile.take(this.indexPath, refLockTimeoutMs, permissions);
    try {
      const index = this.readIndex();
      const result = await change(index);
      await lock.write(formatIndex(index));
      await lock.commit();
      return result;
    } finally {
      await lock.release();
    }
  }

  #attributes(source: AttributeSource): AttributeRules {
    return new AttributeRules(this.root, this.layout.commonFolder, this.config, source, this.environment);
  }

  #kept(entries: readonly IndexEntry[]): AttributeSource {
    const files = new Map(entries.filter(({ path, stage }) => stage === 0 && path.endsWith('.gitattributes')).map(({ path, id }) => [path, id]));
    return (path) => {
      const id = files.get(path);
      return id === undefined ? undefined : this.objects.readKind(id, 'blob');
    };
  }
}

function habitsOf(config: Config): FileHabits {
  return {
    modes: flag(config, 'core.filemode') ?? process.platform !== 'win32',
    symlinks: flag(config, 'core.symlinks') ?? process.platform !== 'win32',
    changeTimes: flag(config, 'core.trustctime') ?? true,
  };
}

async function findRoot(folder: string, layout: Layout, config: Config, environment: NodeJS.ProcessEnv): Promise<FilePath | undefined> {
  const named = environment['GIT_WORK_TREE'];
  if (named !== undefined) return real(resolve(folder, named));
  const linked = !layout.gitFolder.equals(layout.commonFolder);
  if (!linked && flag(config, 'core.bare') === true) return undefined;
  const elsewhere = linked ? undefined : config.get('core.worktree');
  if (elsewhere !== undefined) return real(resolve(String(layout.gitFolder), elsewhere));
  // Hooks are given GIT_DIR, and run in the root of the work tree.
  if (environment['GIT_DIR'] !== undefined) return real(folder);
  for (let at: FilePath = Buffer.from(await realpath(folder)); ; at = parent(at)) {
    if (at.equals(layout.gitFolder)) return undefined;
    if (await ifThere(stat(within(at, '.git'))) !== undefined) return at;
    if (parent(at).equals(at)) return undefined;
  }
}

async function real(path: string): Promise<FilePath> {
  return Buffer.from(await realpath(path));
}

/** What `lstat` says of a path; undefined where nothing is there. */
export function lookAt(path: FilePath): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (thrown) {
    if (failedBecause(thrown, 'ENOTDIR', 'ENOENT', 'ELOOP')) return undefined;
    throw thrown;
  }
}

/** A file inside of the git folder, as text, or undefined. */
export function readGitFile(layout: Layout, name: string): string | undefined {
  try {
    return readFileSync(join(String(layout.gitFolder), name), 'utf8');
  } catch (thrown) {
    if (failedBecause(thrown, 'ENOENT')) return undefined;
    throw thrown;
  }
}
