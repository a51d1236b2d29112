/** Events: what happened to a reality, and how one says which of them one wants. */
import { call } from '../binding.js';
import { Commit } from '../commit.js';
import { GovcError } from '../errors.js';
import { PackedReader } from '../packed.js';
import type { Repository } from '../repository.js';
import { Snapshot } from '../snapshot.js';
import { encodeText } from '../text.js';
import type { Change, Glob, ObjectId } from '../types.js';

/** In the order of `EventKind` in `core/engine/src/event.rs`. */
const KINDS = ['commit', 'merge', 'rollback', 'created', 'deleted', 'conflict'] as const;

/** The state of a reality without a commit. */
const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

/**
 * What happened to a reality.
 *
 * 'commit': new commits, by a commit, a cherry-pick, a revert, a rebase, a push, an import. 'merge': another reality was
 * merged into it, also by moving it along. 'rollback': it moved to another state without a new commit. 'created', 'deleted':
 * it came to be, it is gone. 'conflict': a merge into it left conflicts, which are staged in it. `undo` is a 'rollback', and
 * turns 'created' and 'deleted' around; `redo` is what it does again. A tag, `setMain` and a reality without a commit make
 * no events.
 */
export type EventKind = typeof KINDS[number];

/**
 * Position in the stream of a repository's events, to go on after. '0' stands before the first that the log holds. Where a
 * storage keeps the log it holds after a restart, else for this repository object alone.
 */
export type EventCursor = string;

/**
 * One move of a reality, seen after it is visible. Every commit here is an event; commits that come together (a push, a
 * fast-forward, an import) are one, from `before` to `commit`.
 */
export class CommitEvent {
  /** Its position in the log: what `after` of a later subscription takes. */
  readonly cursor: EventCursor;
  /** What moved the reality. */
  readonly kind: EventKind;
  /** The name of the reality that moved. */
  readonly reality: string;
  /** Its commit after; undefined where it has none any more. */
  readonly commit?: Commit;
  /** Its commit before; undefined where it had none. */
  readonly before?: ObjectId;
  readonly #repository: Repository;
  /** @internal Whether a rule did it. */
  readonly byRule: boolean;
  readonly #hasChanges: boolean;
  /** The tree that a merge with conflicts staged. */
  readonly #staged: ObjectId | undefined;
  readonly #description: string;

  /** @internal */
  constructor(repository: Repository, position: number, bytes: Uint8Array) {
    const packed = new PackedReader(bytes);
    this.#repository = repository;
    this.kind = KINDS[packed.u8()]!;
    const flags = packed.u8();
    this.#hasChanges = (flags & 1) !== 0;
    this.byRule = (flags & 2) !== 0;
    this.reality = packed.text();
    const [before, after] = [packed.id(), packed.id()];
    this.#staged = packed.id();
    this.#description = packed.text();
    this.cursor = `${position}.${(after ?? before)!.slice(0, 8)}`;
    if (before !== undefined) this.before = before;
    if (after !== undefined) this.commit = new Commit(repository.engine, after);
  }

  /** `Name <email>`: the commit's author; for other kinds than 'commit' and 'merge' the repository's. */
  get author(): string {
    const { name, email } = this.#written?.author ?? this.#repository.author;
    return `${name} <${email}>`;
  }

  /** The commit's message; for other kinds than 'commit' and 'merge' the operation's description. */
  get message(): string {
    return this.#written?.message ?? this.#description;
  }

  /**
   * The files that changed from `before` to `commit`; those that `pattern` means by their new or old path. For 'conflict',
   * what the merge staged, markers included. None for 'deleted', for a reality that was created from a commit that was
   * here, and for a conflict from before a restart or with 1,024 newer ones.
   */
  changes(pattern?: Glob): Change[] {
    const bytes = this.#diff(pattern, 50);
    return bytes === undefined ? [] : this.#repository.changesFrom(bytes);
  }

  /** Whether one of the files that changed is meant. */
  matches(pattern: Glob): boolean {
    const bytes = this.#diff(pattern, 0);
    return bytes !== undefined && new PackedReader(bytes).u32() > 0;
  }

  /** The state after the event. Throws NotFound where the reality has no commit any more. */
  snapshot(): Snapshot {
    if (this.commit === undefined) {
      const message = `'${this.reality}' has no commit any more: at(event.before) is what it had`;
      throw new GovcError('NotFound', message, { reality: this.reality, ...(this.before && { before: this.before }) });
    }
    return new Snapshot(this.#repository, this.commit.id, this.commit.id);
  }

  /** @internal Whether the event is about what somebody wrote. */
  get isWritten(): boolean {
    return this.kind === 'commit' || this.kind === 'merge';
  }

  #diff(pattern: Glob | undefined, similarity: number): Uint8Array | undefined {
    if (!this.#hasChanges) return undefined;
    const globs = joinedGlobs(pattern) ?? new Uint8Array();
    return call(() => this.#repository.engine.diff(this.before ?? EMPTY_TREE, this.#staged ?? this.commit?.id ?? EMPTY_TREE, globs, similarity));
  }

  get #written(): Commit | undefined {
    return this.isWritten ? this.commit : undefined;
  }
}

/** Which events are wanted: those that pass everything that is given. */
export interface EventFilter {
  /** Events that changed a file that these mean; of several, the last that matches decides, as in a .gitignore. */
  paths?: Glob | Glob[];
  /** Events of realities whose names these mean, as for paths. */
  realities?: Glob | Glob[];
  /** Events of kind 'commit' and 'merge' whose author contains this, or matches it. */
  author?: string | RegExp;
  /** Events of kind 'commit' and 'merge' whose message contains this, or matches it. */
  message?: string | RegExp;
  /** Only events of these kinds. */
  kinds?: EventKind[];
  /** Asked last, when the event's turn has come. */
  where?: (event: CommitEvent) => boolean;
}

/** Whether an event passes what the engine does not look at. */
export function passes(event: CommitEvent, { author, message, where }: EventFilter): boolean {
  // A rollback because of a message must not pass for having that message.
  return (author === undefined || event.isWritten && speaksOf(event.author, author))
    && (message === undefined || event.isWritten && speaksOf(event.message, message))
    && (where === undefined || where(event));
}

function speaksOf(text: string, wanted: string | RegExp): boolean {
  return typeof wanted === 'string' ? text.includes(wanted) : text.search(wanted) >= 0;
}

/** Patterns as `decode::globs` reads them. */
export function joinedGlobs(globs: Glob | Glob[] | undefined): Uint8Array | undefined {
  const all = globs === undefined ? [] : [globs].flat();
  // '' alone would read as no pattern; '/' means no file either.
  return all.length === 0 ? undefined : encodeText(all.join('\0') || '/');
}

/** Kinds as bits; 0 for all. */
export function kindBits(kinds: EventKind[] | undefined): number {
  const bits = (kinds ?? []).map((kind) => {
    const at = KINDS.indexOf(kind);
    if (at < 0) throw new GovcError('InvalidArgument', `kind is '${kind}': give some of ${KINDS.join(', ')}`, { kind });
    return 1 << at;
  });
  return bits.reduce((all, bit) => all | bit, 0);
}

/** The refusal of a position before what the log holds. */
export function dropped(cursor: EventCursor, first: number): GovcError {
  const message = `the log no longer holds what came after '${cursor}': its events begin at position ${first}, and '0' begins there`;
  return new GovcError('NotFound', message, { cursor, first });
}

/** The position behind a cursor. */
export function positionAfter(repository: Repository, cursor: EventCursor): number {
  if (cursor === '0') return call(() => repository.engine.eventsStart());
  const position = /^(\d{1,15})\.[0-9a-f]{8}$/.exec(cursor)?.[1];
  const first = call(() => repository.engine.eventsStart());
  if (Number(position) + 1 < first) throw dropped(cursor, first);
  // The event itself may be gone where all behind it are there.
  if (Number(position) + 1 === first && first > 0) return first;
  const bytes = position === undefined ? undefined : call(() => repository.engine.eventAt(Number(position)));
  if (bytes === undefined || new CommitEvent(repository, Number(position), bytes).cursor !== cursor) {
    throw new GovcError('NotFound', `'${cursor}' is no cursor of this repository since it was opened`, { cursor });
  }
  return Number(position) + 1;
}
