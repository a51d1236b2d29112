/** `govc watch`: prints commits as they arrive in a repository, from whatever process. */
import { type FSWatcher, watch as watchFolder } from 'node:fs';

import { readRefs } from '../../storage/git-directory/refs.js';
import { readCommit, readIdentity, subject } from '../../worktree/commits.js';
import { patternsOf } from '../../worktree/ignore.js';
import { bytePath, pathBytes, shown } from '../../worktree/path.js';
import { changedFiles } from '../../worktree/trees.js';
import type { WorkTree } from '../../worktree/work-tree.js';
import { named, safe, safeLine, shortId } from '../output.js';
import type { Context, Verb } from '../verb.js';

/** Folders are also looked at this often, in milliseconds: not every file system tells of changes. */
const POLL_MS = 1000;
/** Changes that come together are looked at together. */
const PAUSE_MS = 20;
/** Commits that one move of a ref may bring; of more, the newest are told. */
const COMMITS_MAX = 100_000;

export const watch: Verb = {
  name: 'watch',
  summary: 'print commits as they arrive, from every process',
  usage: ['[--json] [--count N] [GLOB...]'],
  options: { count: { type: 'string', value: 'N', help: 'end after so many commits' } },
  async run(context) {
    const tree = await context.open();
    const count = context.text('count') === undefined ? Infinity : Number(context.text('count'));
    const patterns = context.all.length === 0 ? undefined : patternsOf(context.all.map(bytePath));
    const meant = (path: string) => patterns === undefined || patterns.matches(pathBytes(path));
    let left = count;
    await follow(tree, (commits) => {
      return commits.every((commit) => {
        if (commit.files.some(meant) || patterns === undefined) {
          tell(tree, context, commit);
          left--;
        }
        return left > 0;
      });
    });
    return undefined;
  },
};

interface Arrived { ref: string; id: string; author: string; time: number; message: string; files: string[] }

function tell(tree: WorkTree, context: Context, { ref, id, author, time, message, files }: Arrived): void {
  const value = { ref, commit: id, author, time, message, files: files.map(shown) };
  const text = `${shortId(tree.objects, id)} ${safe(ref.replace(/^refs\/(?:heads|remotes)\//, ''))} ${safeLine(author)}: ${safeLine(subject(message))}\n${files.map((path) => `  ${named(path)}\n`).join('')}`;
  context.print(context.json ? `${JSON.stringify(value)}\n` : text);
}

/** Hands over the commits that refs come to, the oldest first, until `take` has enough or the process is stopped. */
async function follow(tree: WorkTree, take: (commits: Arrived[]) => boolean): Promise<void> {
  let seen = await tips(tree);
  process.stderr.write('watching\n');
  const change = new Changes(tree);
  try {
    for (;;) {
      await change.next();
      const now = await tips(tree);
      for (const [ref, id] of now) {
        if (seen.get(ref) !== id && !take(arrivedAt(tree, ref, id, [...seen.values()]))) return;
        seen.set(ref, id);
      }
      seen = now;
    }
  } finally {
    change.close();
  }
}

async function tips(tree: WorkTree): Promise<Map<string, string>> {
  const refs = await readRefs(tree.layout, () => {});
  return new Map(refs.filter(({ name, target }) => /^refs\/(?:heads|remotes)\//.test(name) && !target.startsWith('ref: ')).map(({ name, target }) => [name, target]));
}

/** What a tip brings that was not reachable before. */
function arrivedAt(tree: WorkTree, ref: string, tip: string, before: readonly string[]): Arrived[] {
  const { objects } = tree;
  const known = new Set(before);
  const found: Arrived[] = [];
  const queue = [tip];
  // What was there before is gone through only as far as the new commits are: a date older than theirs ends it.
  while (queue.length > 0 && found.length < COMMITS_MAX) {
    const id = queue.shift()!;
    if (known.has(id) || !objects.has(id)) continue;
    known.add(id);
    const { tree: state, parents, author, message } = readCommit(objects, id);
    if (found.length === 0 && before.some((old) => isAncestor(tree, id, old))) return [];
    const base = parents[0] !== undefined && objects.has(parents[0]) ? tree.treeOf(parents[0]) : undefined;
    const who = readIdentity(author);
    found.push({ ref, id, author: `${who.name} <${who.email}>`, time: who.seconds * 1000, message: message.trimEnd(), files: [...changedFiles(objects, base, state).keys()] });
    queue.push(...parents.filter((parent) => !before.some((old) => isAncestor(tree, parent, old))));
  }
  return found.reverse();
}

/** Whether `old` holds the commit, as far as its dates tell. */
function isAncestor(tree: WorkTree, id: string, old: string): boolean {
  const { objects } = tree;
  if (!objects.has(id)) return false;
  const seconds = (committer: string) => readIdentity(committer).seconds;
  const oldest = seconds(readCommit(objects, id).committer);
  const seen = new Set<string>();
  const queue = [old];
  for (let at = 0; at < queue.length && at < COMMITS_MAX; at++) {
    const commit = queue[at]!;
    if (commit === id) return true;
    if (seen.has(commit) || !objects.has(commit)) continue;
    seen.add(commit);
    const { committer, parents } = readCommit(objects, commit);
    if (seconds(committer) >= oldest) queue.push(...parents);
  }
  return false;
}

/** Wakes up when files of refs may have changed. */
class Changes {
  readonly #watchers: FSWatcher[] = [];
  readonly #timer: NodeJS.Timeout;
  #wake: (() => void) | undefined;
  #woken = false;

  constructor(tree: WorkTree) {
    const wake = () => {
      this.#woken = true;
      this.#wake?.();
    };
    const common = String(tree.layout.commonFolder);
    for (const [folder, recursive] of [[common, false], [`${common}/refs`, true]] as const) {
      try {
        this.#watchers.push(watchFolder(folder, { recursive }, wake).on('error', () => {}));
      } catch {
        // The timer looks, too.
      }
    }
    this.#timer = setInterval(wake, POLL_MS);
  }

  async next(): Promise<void> {
    if (!this.#woken) await new Promise<void>((resolve) => { this.#wake = resolve; });
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    this.#woken = false;
    this.#wake = undefined;
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close();
    clearInterval(this.#timer);
  }
}
