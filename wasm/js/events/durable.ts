/** How far one has come who goes on after a restart: kept beside the log, as a mark. */
import { call } from '../binding.js';
import { GovcError } from '../errors.js';
import type { Repository } from '../repository.js';
import { decodeText, encodeText } from '../text.js';
import type { EventCursor } from './event.js';

/** Most failures that are kept, and the longest text of one. */
const KEPT_ERRORS_MAX = 100;
const KEPT_MESSAGE_MAX = 500;

/** What is kept. */
interface Kept {
  /** The position of the first event that is not done. */
  next: number;
  /** The event whose effect had begun. */
  begun?: EventCursor;
  errors: { code: GovcError['code']; message: string; details: Record<string, unknown> }[];
}

/** @internal A place in the stream of events that outlives the program. */
export class DurableCursor {
  readonly #repository: Repository;
  readonly #mark: string;
  /** Where it stood when it was read; undefined where there was none. */
  readonly next: number | undefined;
  /** The event whose effect had begun when the program before ended. */
  readonly begunBefore: EventCursor | undefined;
  readonly errors: GovcError[];
  /** The event whose effect has begun. */
  begun: EventCursor | undefined;

  constructor(repository: Repository, kind: 'watch' | 'effect', name: string) {
    repository.needLog(`${kind} '${name}'`);
    this.#repository = repository;
    this.#mark = `${kind}.${name}`;
    const kept = this.#read();
    this.next = kept?.next;
    this.begunBefore = kept?.begun;
    this.errors = (kept?.errors ?? []).map(({ code, message, details }) => new GovcError(code, message, details));
    // A name that cannot be kept is refused here.
    if (kept === undefined) call(() => repository.engine.setMark(this.#mark));
  }

  /** The name of its mark. */
  get name(): string {
    return this.#mark;
  }

  /** Sets down how far it has come; the next flush keeps it. */
  keep(next: number, errors: readonly GovcError[]): void {
    const kept: Kept = {
      next,
      ...(this.begun !== undefined && { begun: this.begun }),
      errors: errors.slice(-KEPT_ERRORS_MAX).map(({ code, message, details }) => ({ code, message: message.slice(0, KEPT_MESSAGE_MAX), details })),
    };
    call(() => this.#repository.engine.setMark(this.#mark, encodeText(`${JSON.stringify(kept)}\n`)));
  }

  #read(): Kept | undefined {
    const bytes = call(() => this.#repository.engine.mark(this.#mark));
    if (bytes === undefined) return undefined;
    try {
      const kept = JSON.parse(decodeText(bytes)) as Kept;
      const isSound = Number.isSafeInteger(kept.next) && kept.next >= 0 && ['string', 'undefined'].includes(typeof kept.begun)
        && kept.errors.every(({ code, message, details }) => typeof code === 'string' && typeof message === 'string' && typeof details === 'object');
      if (isSound) return kept;
    } catch {
      // It is no JSON, or of another shape.
    }
    throw new GovcError('CorruptObject', `what is kept of '${this.#mark}' cannot be read`, { mark: this.#mark });
  }
}
