/** What cloning, fetching and pushing take and give. */
import type { ObjectId, Progressive } from '../types.js';

/** A git host that a repository knows by a name. */
export interface Remote {
  /** Its address, http or https. */
  url: string;
  /** What `fetch` fetches where it is not told: names or refspecs. Default: all branches. */
  refs?: string[];
}

/** A token goes as `Bearer`; hosts that want it in the place of a password (GitHub, GitLab) take `username` and `password`. */
export type Credentials = { token: string } | { username: string; password: string };

/** Credentials, or who is asked for some when the server wants any. They go to the address they are for, and nowhere else. */
export type Auth = Credentials | ((url: string) => Promise<Credentials | undefined>);

/** How a server is reached. */
export interface ConnectionOptions extends Progressive {
  /** Used when the server asks for credentials. */
  auth?: Auth;
  /** In place of the host's `fetch`: for other headers, for cookies, for tests. */
  fetch?: typeof fetch;
  /** A page of another origin reaches most git hosts only through such a proxy, which adds CORS headers: `PROXY/host/path`. */
  corsProxy?: string;
}

/** How a repository is cloned. */
export interface CloneOptions extends ConnectionOptions {
  /** Cut history after so many commits, and bring one branch alone, as `git clone --depth` does. */
  depth?: number;
  /** Bring this branch alone, and make it main. */
  singleBranch?: string;
}

/** What is fetched, and how. */
export interface FetchOptions extends ConnectionOptions {
  /** Cut history after so many commits; Infinity brings all of a history that is cut. */
  depth?: number;
  /** Bring this branch alone. */
  singleBranch?: string;
  /** Names of branches or tags, or refspecs. Default: the remote's `refs`, or all branches. New tags of what is here come along. */
  refs?: string[];
  /** Delete the refs here that follow branches which the server has no more. */
  prune?: boolean;
}

/** What is pushed, and how. */
export interface PushOptions extends ConnectionOptions {
  /** Names of realities or tags, or refspecs: `local:remote`, `:gone`, `+forced`. Default: main. */
  refs?: string[];
  /** Overwrite what the server has; 'with-lease': only where it is what was last fetched or pushed. */
  force?: boolean | 'with-lease';
  /** All refs, or none. */
  atomic?: boolean;
}

/** What a fetch did. */
export interface FetchResult {
  /** The refs here that moved or came. */
  updated: Record<string, { before?: ObjectId; after: ObjectId }>;
  /** The refs here that `prune` deleted. */
  pruned: string[];
  /** The refs here that stayed where they were, with the reason: tags do not move, and refspecs without `+` only forward. */
  rejected: Record<string, string>;
  /** Objects that came. */
  objects: number;
  /** Bytes of the pack in which they came. */
  bytes: number;
}

/** What became of a push. */
export interface PushResult {
  /** Whether every ref is on the server what it was to be. */
  ok: boolean;
  /** By the ref's full name on the server; `reason` in git's words. */
  refs: Record<string, { ok: boolean; reason?: string }>;
  /** What the server's hooks printed. */
  messages: string;
}
