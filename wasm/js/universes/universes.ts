/**
 * A world for each test: a copy of a repository that is made once, in microseconds, and gone when the test is over. Knows no
 * test runner: what it takes from one is that a test is a function which gets one argument and may return a promise.
 */
import { GovcError, Repository } from '../entry/node.js';
import type { Reality } from '../reality.js';
import type { Storage } from '../storage/storage.js';
import type { Content, Path, RepositoryOptions } from '../types.js';
import { changesSince, startsOf, type Starts, toldWith } from './changes.js';

/** What every test starts from: files, what a function does to a fresh repository, a stored repository, or one in memory as it is now. */
export type Start = Record<Path, Content> | ((repo: Repository) => void | Promise<void>) | Storage | Repository;

/** The world of one test. */
export interface Universe extends Disposable {
  /** A repository that nobody else sees. */
  readonly repo: Repository;
  /** Its main reality. */
  readonly reality: Reality;
  /** What the test changed so far, committed or staged, as patches; empty where it changed nothing. */
  changes(): string;
}

/** Makes worlds that all have the same start, one for each test. */
export interface Universes extends AsyncDisposable {
  /** A test for a runner: runs `body` in a world of its own, which is gone afterwards. A failure says what `body` had changed. */
  <Context = unknown>(body: (universe: Universe, context: Context) => unknown): (context: Context) => Promise<void>;
  /** A world to dispose of by yourself: `const universe = await inUniverse.open()`. */
  open(): Promise<Universe>;
  /** For vitest's `test.extend`: the tests get `universe`, `repo` and `reality`. */
  readonly fixtures: UniverseFixtures;
  /** How many worlds are open. */
  readonly size: number;
}

/** Fixtures as vitest takes them. */
export interface UniverseFixtures {
  /** The world of the test. */
  universe: (context: FixtureContext, use: (universe: Universe) => Promise<void>) => Promise<void>;
  /** Its repository. */
  repo: (context: { universe: Universe }, use: (repo: Repository) => Promise<void>) => Promise<void>;
  /** Its main reality. */
  reality: (context: { universe: Universe }, use: (reality: Reality) => Promise<void>) => Promise<void>;
}

/** What the fixtures take from vitest. */
export interface FixtureContext {
  onTestFailed?: (handler: (context: { task: { result?: { errors?: { message: string }[] | undefined } | undefined } }) => void) => void;
}

/** Worlds that all start from `start`, which is made with the first of them. */
export function universes(start: Start, options: RepositoryOptions = {}): Universes {
  const given = start instanceof Repository ? start.copy() : undefined;
  let template: Promise<Template> | undefined;
  const worlds = new Set<Universe>();

  async function open(): Promise<Universe> {
    const { made, starts } = await (template ??= templateOf(given ?? start as Exclude<Start, Repository>, options));
    const repo = made.copy();
    const universe: Universe = {
      repo,
      reality: repo.main,
      changes: () => changesSince(repo, starts),
      [Symbol.dispose]() {
        worlds.delete(universe);
        repo[Symbol.dispose]();
      },
    };
    worlds.add(universe);
    return universe;
  }

  function inUniverse<Context>(body: (universe: Universe, context: Context) => unknown): (context: Context) => Promise<void> {
    return async (context) => {
      const universe = await open();
      try {
        await body(universe, context);
      } catch (error) {
        throw toldWith(error, universe);
      } finally {
        universe[Symbol.dispose]();
      }
    };
  }

  const fixtures: UniverseFixtures = {
    universe: async ({ onTestFailed }, use) => {
      const universe = await open();
      let changes = '';
      onTestFailed?.(({ task }) => task.result?.errors?.forEach((error) => toldWith(error, { changes: () => changes })));
      await use(universe);
      changes = universe.changes();
      universe[Symbol.dispose]();
    },
    repo: async ({ universe }, use) => use(universe.repo),
    reality: async ({ universe }, use) => use(universe.reality),
  };

  async function dispose(): Promise<void> {
    [...worlds].forEach((universe) => universe[Symbol.dispose]());
    const last = template;
    template = Promise.reject(new GovcError('Disposed', 'these universes are over: make others'));
    template.catch(() => {});
    (await last)?.made[Symbol.dispose]();
  }

  return Object.defineProperties(Object.assign(inUniverse, { open, fixtures, [Symbol.asyncDispose]: dispose }), {
    size: { get: () => worlds.size },
  }) as unknown as Universes;
}

/** What is copied for each test, and where its realities are. */
interface Template { made: Repository; starts: Starts }

async function templateOf(start: Start, options: RepositoryOptions): Promise<Template> {
  const made = await madeOf(start, options);
  return { made, starts: startsOf(made) };
}

async function madeOf(start: Start, options: RepositoryOptions): Promise<Repository> {
  if (start instanceof Repository) return start;
  if (isStorage(start)) {
    using stored = await Repository.open(start, options);
    return stored.copy();
  }
  const repo = new Repository(options);
  if (typeof start === 'function') await start(repo);
  else if (Object.keys(start).length > 0) repo.main.apply(start, 'start');
  return repo;
}

function isStorage(start: Start): start is Storage {
  return typeof (start as Partial<Storage>).load === 'function';
}
