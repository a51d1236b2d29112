/** `govc add`: takes files into the index, as they are in the work tree now. */
import { lstatSync } from 'node:fs';

import { GovcError } from '../../errors.js';
import type { AttributeRules } from '../../worktree/attributes.js';
import { behindLink, contentOf, markUncertain, modeOf, stateOf, statOf } from '../../worktree/content.js';
import { type IndexEntry, inOrder, newEntry } from '../../worktree/index-file.js';
import { type BytePath, checkPath, onDisk, shown } from '../../worktree/path.js';
import { isRepository, Known, untracked } from '../../worktree/scan.js';
import { submoduleHead } from '../../worktree/submodule.js';
import { FILE, forgetTrees, SUBMODULE } from '../../worktree/trees.js';
import { lookAt, type ReadIndex, type WorkTree } from '../../worktree/work-tree.js';
import { named } from '../output.js';
import { selected, type Selection, selections } from '../select.js';
import { UsageError, type Verb } from '../verb.js';

export const add: Verb = {
  name: 'add',
  summary: 'take changes of files into the index',
  usage: ['[-f] [-n] PATH...', '-A [PATH...]', '-u [PATH...]'],
  options: {
    all: { type: 'boolean', short: 'A', help: 'everything: new, changed and removed files' },
    update: { type: 'boolean', short: 'u', help: 'only files that the index knows' },
    force: { type: 'boolean', short: 'f', help: 'ignored files, too' },
    'dry-run': { type: 'boolean', short: 'n', help: 'change nothing; say what would be taken' },
  },
  async run(context) {
    const everything = context.has('all') || context.has('update');
    if (context.all.length === 0 && !everything) throw new UsageError("nothing to add: name files, or give '.' for this folder, or -A for everything");
    const tree = await context.open();
    const some = selections(tree, context.folder, context.all);
    const options = { update: context.has('update'), force: context.has('force'), dryRun: context.has('dry-run') };
    const work = (index: ReadIndex) => new Addition(tree, index, options).run(some);
    const { added, removed } = options.dryRun ? work(tree.readIndex()) : await tree.changeIndex(work);
    const lines = [...added.map((path) => `add ${named(path)}\n`), ...removed.map((path) => `remove ${named(path)}\n`)];
    return { value: { added: added.map(shown), removed: removed.map(shown) }, text: options.dryRun ? lines.join('') : '' };
  },
};

/** Takes all changes of files that the index knows into it: `commit -a`. */
export function addKnown(tree: WorkTree, index: ReadIndex): void {
  new Addition(tree, index, { update: true, force: false, dryRun: false }).run([]);
}

interface Options { update: boolean; force: boolean; dryRun: boolean }

class Addition {
  readonly #tree: WorkTree;
  readonly #index: ReadIndex;
  readonly #options: Options;
  readonly #entries = new Map<BytePath, IndexEntry[]>();
  readonly #added: BytePath[] = [];
  readonly #removed: BytePath[] = [];
  #rules: AttributeRules | undefined;
  #atStart: Known | undefined;

  constructor(tree: WorkTree, index: ReadIndex, options: Options) {
    this.#tree = tree;
    this.#index = index;
    this.#options = options;
    for (const entry of index.entries) {
      const stages = this.#entries.get(entry.path);
      if (stages === undefined) this.#entries.set(entry.path, [entry]);
      else stages.push(entry);
    }
  }

  run(some: readonly Selection[]): { added: BytePath[]; removed: BytePath[] } {
    markUncertain(this.#tree, this.#index, () => this.#attributes());
    const fresh = this.#options.update ? [] : this.#fresh(some);
    const known = [...this.#entries.keys()].filter((path) => selected(some, path));
    this.#checkNames(some, known, fresh);
    for (const path of known) this.#update(path);
    for (const path of fresh) this.#take(path);
    this.#index.entries = inOrder([...this.#entries.values()].flat());
    return { added: this.#added, removed: this.#removed };
  }

  /** Files that the index does not know. */
  #fresh(some: readonly Selection[]): BytePath[] {
    const known = this.#known();
    const found = untracked(this.#tree, known, 'files', { ignored: this.#options.force }).filter((path) => selected(some, path.replace(/\/$/, '')));
    const ignored = some.filter(({ path, isGlob }) => !isGlob && path !== '' && !known.hasFile(path) && !known.hasFolder(path)
      && this.#isIgnored(path) && !this.#options.force);
    if (ignored.length > 0) {
      const names = ignored.map(({ given }) => given);
      throw new GovcError('Rejected', `ignored by a .gitignore: ${names.join(', ')}. To add them all the same, give -f`, { paths: names });
    }
    return found;
  }

  /** What the index had at the start. */
  #known(): Known {
    return this.#atStart ??= new Known(this.#index.entries);
  }

  #isIgnored(path: BytePath): boolean {
    const found = lookAt(onDisk(this.#tree.root, path));
    return found !== undefined && this.#tree.ignore.covers(path, found.isDirectory());
  }

  #checkNames(some: readonly Selection[], known: BytePath[], fresh: BytePath[]): void {
    for (const { given, path, matches } of some) {
      if (path !== '' && behindLink(this.#tree, path)) {
        throw new GovcError('InvalidPath', `'${given}' lies behind a symbolic link: add it under its own name`, { path: given });
      }
      if (path === '' || known.some(matches) || fresh.some((one) => matches(one.replace(/\/$/, '')))) continue;
      if (lookAt(onDisk(this.#tree.root, path))?.isDirectory()) continue;
      throw new GovcError('NotFound', `'${given}' matches no file, here or in the index`, { path: given });
    }
  }

  /** A file that the index knows: changed, gone, or as it was. */
  #update(path: BytePath): void {
    const stages = this.#entries.get(path)!;
    const [entry] = stages;
    if (entry === undefined) return;
    const settled = entry.stage === 0;
    if (settled && (entry.assumeUnchanged || entry.skipWorktree)) return;
    if (entry.mode === SUBMODULE) return this.#updateSubmodule(entry);
    const found = behindLink(this.#tree, path) ? undefined : lookAt(onDisk(this.#tree.root, path));
    if (found === undefined || modeOf(this.#tree, found, entry.mode) === undefined) {
      // A pipe, a socket or the like in the place of the file: it is gone for git.
      this.#remove(path);
    } else if (!settled || stateOf(this.#tree, this.#index, entry, () => this.#attributes()) !== 'same') {
      this.#take(path);
    } else {
      entry.stat = statOf(onDisk(this.#tree.root, path));
    }
  }

  #updateSubmodule(entry: IndexEntry): void {
    if (lookAt(onDisk(this.#tree.root, entry.path)) === undefined) return this.#remove(entry.path);
    const id = submoduleHead(this.#tree, entry.path);
    if (id === undefined || id === entry.id) return;
    this.#put(newEntry(entry.path, SUBMODULE, id));
  }

  #take(path: BytePath): void {
    if (path.endsWith('/') || isRepository(this.#tree, path)) {
      const folder = shown(path.replace(/\/$/, ''));
      throw new GovcError('Rejected', `'${folder}' is a repository of its own: use 'git submodule add', or remove its .git folder`, { path: folder });
    }
    checkPath(path);
    const place = onDisk(this.#tree.root, path);
    const kept = this.#entries.get(path)?.find(({ stage }) => stage === 0 || stage === 2);
    const mode = modeOf(this.#tree, lstatSync(place), kept?.mode) ?? FILE;
    const stat = statOf(place);
    const content = contentOf(this.#tree, path, mode, this.#attributes(), kept?.id);
    const { objects } = this.#tree;
    const id = this.#options.dryRun ? objects.keep('blob', content) : objects.write('blob', content);
    this.#put(newEntry(path, mode, id, 0, stat));
  }

  #put(entry: IndexEntry): void {
    const { path } = entry;
    // A file and a folder of the same name cannot both be.
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) this.#entries.delete(path.slice(0, slash));
    if (!this.#entries.has(path) && this.#known().hasFolder(path)) for (const other of this.#entries.keys()) if (other.startsWith(`${path}/`)) this.#entries.delete(other);
    this.#entries.set(path, [entry]);
    forgetTrees(this.#index.trees, path);
    this.#added.push(path);
  }

  #remove(path: BytePath): void {
    this.#entries.delete(path);
    forgetTrees(this.#index.trees, path);
    this.#removed.push(path);
  }

  #attributes(): AttributeRules {
    return this.#rules ??= this.#tree.attributesInward(this.#index.entries);
  }
}
