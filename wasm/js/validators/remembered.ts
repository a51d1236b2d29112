/** What was found out about a content, by its id: a thousand realities with one file look at it once. */

/** Most contents that one validator remembers; beyond, the oldest is forgotten. */
const REMEMBERED_MAX = 10_000;

/** @internal */
export class Remembered<T> {
  readonly #found = new Map<string, T>();

  /** What is known under `key`, else what `find` finds. */
  of(key: string, find: () => T): T {
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    const found = find();
    if (this.#found.size >= REMEMBERED_MAX) for (const oldest of this.#found.keys()) { this.#found.delete(oldest); break; }
    this.#found.set(key, found);
    return found;
  }
}
