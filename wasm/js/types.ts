/** The vocabulary of the API: plain shapes, no behaviour. */
import type { Commit } from './commit.js';
import type { MergeOptions } from './merge.js';
import type { Reality } from './reality.js';
import type { Snapshot } from './snapshot.js';

/** 40 lower-case hex digits: the id that git itself gives the same object. */
export type ObjectId = string;
/** Path relative to the root of the tree: no leading '/', no '.', '..', '.git' parts. */
export type Path = string;
/** What a caller may give as file content. Plain objects are written as YAML or TOML where the path's extension says so, else as JSON, two spaces a level. */
export type Content = string | Uint8Array | object;
/** A glob as in .gitignore: '*.tf', 'k8s/**\/*.yaml', '!secret/**'. */
export type Glob = string;
/** What kind of file it is: 'executable' may be run, the content of a 'symlink' is the path it leads to. */
export type FileMode = 'file' | 'executable' | 'symlink';

/** Who, and when: `time` as a Date or in milliseconds since the epoch, `offsetMinutes` east of UTC. */
export interface Signature {
  /** Without angle brackets and line ends. */
  name: string;
  /** Without angle brackets and line ends. */
  email: string;
  /** When: a Date, or milliseconds since the epoch; git keeps whole seconds. Default: now. */
  time?: Date | number;
  /** The time zone, in minutes east of UTC. Default 0. */
  offsetMinutes?: number;
}

/** Everything that names a state: a revision expression of git, or a value of this API. */
export type Revision = string | Commit | Reality | Snapshot;

/** For everything that may take longer than a blink. */
export interface Progressive {
  /** Stops it: the promise rejects with the code Aborted, and nothing is left half done. */
  signal?: AbortSignal;
  /** Is told how far it is, now and then; `total` where it is known. */
  onProgress?: (progress: { phase: string; done: number; total?: number }) => void;
}

/** Bounds on hostile input; each has a safe default. */
export interface Limits {
  /** Largest inflated object, in bytes. Default 512 MiB. */
  maxObjectBytes: number;
  /** Longest chain of deltas that is followed. Default 4,095. */
  maxDeltaDepth: number;
  /** Most objects in one pack. Default 20 million. */
  maxPackObjects: number;
  /** Most bytes that the repository may hold in memory. Default 3 GiB. */
  maxMemoryBytes: number;
  /**
   * Most operations that the log holds, in memory and where it is kept; at least 16. With more, the oldest quarter goes: it
   * can no longer be undone, and its events are gone. Default 1,048,576.
   */
  maxOperations: number;
}

/** What a new repository is given. */
export interface RepositoryOptions {
  /** Name of the first reality. Default 'main'. */
  main?: string;
  /** Who acts where a commit names nobody. Default 'govc <govc@localhost>'. */
  author?: Signature;
  /** A clock in milliseconds since the epoch, for reproducible commits. Default Date.now. */
  now?: () => number;
  /** Bounds other than the defaults. */
  limits?: Partial<Limits>;
  /** What every state has to pass before a reality comes to it; see `Repository.validators`. */
  validators?: Validator[];
  /** Is told of what those validators only warn of. */
  onWarning?: (warnings: Problem[]) => void;
  /**
   * Whether the storage keeps the log of operations, with `flush`: then operations, undo, cursors and moments go on after a
   * restart. True, or a name where several programs keep a log each. Default: where it was kept before, under 'main'.
   */
  log?: boolean | string;
}

/** Who commits, and how. */
export interface CommitOptions {
  /** Who wrote it. Default: the repository's author. */
  author?: Signature;
  /** Default: the author. */
  committer?: Signature;
  /** Commit even where nothing changed. Default false: such a commit is refused. */
  allowEmpty?: boolean;
  /** Makes the armoured signature of the commit's bytes. */
  sign?: (payload: Uint8Array) => string;
}

/** How a commit's change is taken over, or taken back. */
export interface PickOptions extends CommitOptions, Pick<MergeOptions, 'strategy' | 'renames' | 'resolver' | 'conflicts'> {
  /** Which parent of a merge its change is counted from, 1 for the first. Without it a merge is refused. */
  mainline?: number;
  /** Default: the commit's own, or git's `Revert "..."`. The author of a pick is that of the commit. */
  message?: string;
}

/** How commits are put on another. */
export type RebaseOptions = Pick<MergeOptions, 'strategy' | 'renames' | 'conflicts'>;

/** Staged changes that were put aside: the commit that git makes of them. Its first parent is what they lay over. */
export type Stash = Commit;

/** How a stash is brought back. */
export interface UnstashOptions extends Pick<MergeOptions, 'renames' | 'conflicts'> {
  /** Forget the stash once it is back without conflicts: `git stash pop`. */
  drop?: boolean;
}

/** Which commits, and in which order. */
export interface LogOptions {
  /** Where to start. Default: main, or the reality whose log it is. */
  from?: Revision | Revision[];
  /** What is reachable from these is left out. */
  not?: Revision[];
  /** At most this many. */
  limit?: number;
  /** Only commits that changed this file or folder. */
  path?: Path;
  /** Only commits whose author line contains this. */
  author?: string;
  /** Only commits from this moment on, by committer date. */
  since?: Date;
  /** Only commits up to this moment, by committer date. */
  until?: Date;
  /** Of merges, follow the first parent alone. */
  firstParent?: boolean;
  /** 'time': the newest first (default). 'topological': no commit before those that build on it, branches together. */
  order?: 'time' | 'topological';
  /** Only commits that change how often a file holds this text (`git log -S`), or a line that this expression finds (`-G`). */
  changed?: string | RegExp;
}

/** How a commit is named by a tag. */
export interface DescribeOptions {
  /** Tags without a message count too. Default false, as in git. */
  tags?: boolean;
  /** Number and id follow also where the commit itself is tagged. */
  long?: boolean;
  /** Digits of the id, 4 to 40; more where it takes more. 0: the tag alone. Default: git's, 7 or more. */
  abbrev?: number;
  /** Only tags of which one of these globs is true; `*` matches slashes too. */
  match?: Glob | Glob[];
  /** No tags of which one of these globs is true. */
  exclude?: Glob | Glob[];
  /** Follow only the first parent of a merge. */
  firstParent?: boolean;
  /** Only a tag of the commit itself will do. */
  exactMatch?: boolean;
  /** How many tags are weighed against each other, at most 27. Default 10. */
  candidates?: number;
  /** A commit that no tag describes goes by its abbreviated id. */
  always?: boolean;
}

/** How a patch is applied. */
export interface ApplyPatchOptions {
  /** Take the patch back. */
  reverse?: boolean;
  /** How many leading names of its paths are left away. Default 1: the `a/` and `b/` of git. */
  strip?: number;
  /** Where the content that the patch was made for is known, merge the change from there. */
  threeWay?: boolean;
}

/** A file that differs. */
export interface Change {
  /** Where it is; for a removed one, where it was. */
  path: Path;
  /** What happened; 'mode' where only the mode differs. */
  kind: 'added' | 'modified' | 'removed' | 'renamed' | 'mode';
  /** Where it was, for a renamed file. */
  from?: Path;
  /** The id of the old content; none where the file is new. */
  oldId?: ObjectId;
  /** The id of the new content; none where the file is gone. */
  newId?: ObjectId;
}

/** A line and where it comes from. Lines count from 1. */
export interface BlameLine {
  /** The line, from 1. */
  line: number;
  /** Without the newline that ends it. */
  text: string;
  /** The commit that brought it. */
  commit: ObjectId;
  /** The path of the file in that commit. */
  path: Path;
  /** The line in the file of that commit. */
  originLine: number;
}

/** What a validator found. */
export interface Problem {
  /** The file; none where it is about the whole state. */
  path?: Path;
  /** From 1. */
  line?: number;
  /** From 1, in characters. */
  column?: number;
  /** What is wrong, in words. */
  message: string;
  /** The rule that it breaks. */
  rule?: string;
  /** An 'error' (default) refuses the change, a 'warning' is told. */
  severity?: 'error' | 'warning';
}
/**
 * Looks at a would-be state and at what changed, and returns at once: problems, or nothing. What it throws is one problem. Each
 * change is a `FileDiff`. `govc/validators` has some ready.
 */
export type Validator = (snapshot: Snapshot, changes: Change[]) => void | Problem[];

/** One change of the repository, all or nothing: what `undo` takes back. */
export interface Operation {
  /** Position in the log, from 1. */
  id: number;
  /** What it was: 'commit', 'merge', 'create', 'delete', 'undo', 'import', ... */
  kind: string;
  /** The same in words. */
  description: string;
  /** Milliseconds since the epoch. */
  time: number;
  /** What moved; a symbolic ref's target reads 'ref: NAME'. */
  refs: { name: string; before?: ObjectId; after?: ObjectId }[];
}

/** What realities and tags were after an operation. */
export interface Moment {
  /** After which operation. */
  operation: number;
  /** The main reality's name; an id where `HEAD` named a commit. */
  main?: string;
  /** The commit of each reality that had one, by name. */
  realities: Map<string, ObjectId>;
  /** What each tag pointed to, by name. */
  tags: Map<string, ObjectId>;
}

/** What a repository holds. */
export interface RepositoryStats {
  /** Objects, those in packs included. */
  objects: number;
  /** Bytes of the bodies of objects that were made or taken in here and are in no pack. */
  objectBytes: number;
  /** Bytes that packs, indexes, caches and objects take. */
  memoryBytes: number;
  /** Realities, main included. */
  realities: number;
  /** Commits that the commit graph has seen. */
  commits: number;
  /** Entries that the log of operations holds. */
  operations: number;
  /** How far the stream of events has come: each move of a ref takes a place in it, and those of realities are events. */
  events: number;
  /** Subscriptions at work: of `watch`, `on`, `events`, `effect` and rules. */
  subscriptions: number;
}
