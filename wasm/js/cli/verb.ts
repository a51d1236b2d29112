/** What a verb of the command line is made of. */
import { WorkTree } from '../worktree/work-tree.js';

/** An option as `node:util` parses it, with what the help says. */
export interface OptionSpec {
  type: 'string' | 'boolean';
  short?: string;
  multiple?: boolean;
  /** What stands for the value in the help. */
  value?: string;
  help: string;
}

/** What a verb has to say. */
export interface Answer {
  /** What `--json` prints. */
  value: unknown;
  /** What is printed for people; bytes go out as they are. */
  text: string | Uint8Array;
  /** The exit code: 0 where nothing else is said, 1 for a negative answer. */
  code?: number;
}

/** A verb: one file, one entry of the table. */
export interface Verb {
  name: string;
  summary: string;
  /** The line after `govc`. */
  usage: string[];
  options: Record<string, OptionSpec>;
  run(context: Context): Promise<Answer | undefined>;
}

/** What a verb is given. */
export class Context {
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly json: boolean;
  /** What stands before `--`. */
  readonly words: readonly string[];
  /** What stands after `--`; undefined where there is none. */
  readonly afterDashes: readonly string[] | undefined;
  readonly #values: Record<string, unknown>;

  constructor(given: {
    folder: string; environment: NodeJS.ProcessEnv; json: boolean; words: string[]; afterDashes: string[] | undefined; values: Record<string, unknown>;
  }) {
    this.folder = given.folder;
    this.environment = given.environment;
    this.json = given.json;
    this.words = given.words;
    this.afterDashes = given.afterDashes;
    this.#values = given.values;
  }

  /** Whether an option without a value was given. */
  has(name: string): boolean {
    return this.#values[name] !== undefined && this.#values[name] !== false;
  }

  /** The value of an option. */
  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** The values of an option that may be given more than once. */
  texts(name: string): string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : [];
  }

  /** All words, of which `--` separates nothing. */
  get all(): string[] {
    return [...this.words, ...this.afterDashes ?? []];
  }

  open(): Promise<WorkTree> {
    return WorkTree.open(this.folder, this.environment);
  }

  /** Writes to the output at once: for what does not end, and for large answers. */
  print(text: string | Uint8Array): void {
    process.stdout.write(text);
  }

  /** Tells people something that is not the answer. */
  note(text: string): void {
    process.stderr.write(`${text}\n`);
  }
}

/** A wrong use of the command line. */
export class UsageError extends Error {}
