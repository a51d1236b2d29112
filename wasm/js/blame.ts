/** Blame: which commit brought each line of a file, at once or in slices. */
import { call, type EngineBlame } from './binding.js';
import { PackedReader } from './packed.js';
import { inSlices } from './progress.js';
import type { Repository } from './repository.js';
import { decodeContent, encodeText } from './text.js';
import type { BlameLine, ObjectId, Path, Progressive } from './types.js';

/** Commits that are looked at before progress is told. */
const STEP_COMMITS = 100;

/** A search for the commits behind the lines of a file. */
export class Blame {
  readonly #repository: Repository;
  readonly #search: EngineBlame;

  constructor(repository: Repository, commit: ObjectId, path: Path) {
    this.#repository = repository;
    this.#search = call((module) => new module.Blame(repository.engine, commit, encodeText(path)));
  }

  /** Goes on until all lines are found. */
  run(): this {
    while (!this.#step().finished);
    return this;
  }

  /** Goes on in slices, with progress and a way to stop. */
  async runInSlices(options: Progressive): Promise<this> {
    try {
      await inSlices('blame', options, () => this.#step());
    } catch (error) {
      this.#search.free();
      throw error;
    }
    return this;
  }

  /** What was found, for the lines of `content`. Ends the search. */
  lines(content: Uint8Array): BlameLine[] {
    const packed = new PackedReader(call(() => this.#search.ranges(this.#repository.engine)));
    const texts = split(content);
    const lines: BlameLine[] = [];
    packed.list(() => {
      const [commit, path, origin, first, count] = [packed.someId(), packed.text(), packed.u32(), packed.u32(), packed.u32()];
      for (let at = 0; at < count; at++) {
        lines.push({ line: first + at + 1, text: texts[first + at]!, commit, path, originLine: origin + at + 1 });
      }
    });
    return lines;
  }

  #step(): { done: number; total: number; finished: boolean } {
    const [done = 0, total = 0, finished = 0] = call(() => this.#search.step(this.#repository.engine, STEP_COMMITS));
    return { done, total, finished: finished === 1 };
  }
}

/** The lines of a file, without the newlines that end them. */
function split(content: Uint8Array): string[] {
  const lines: string[] = [];
  for (let at = 0; at < content.length; ) {
    const newline = content.indexOf(10, at);
    const end = newline < 0 ? content.length : newline;
    lines.push(decodeContent(content.subarray(at, end)));
    at = end + 1;
  }
  return lines;
}
