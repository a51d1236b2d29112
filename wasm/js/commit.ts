/** Commits: what they say, read when it is asked for, and what a new one is to say. */
import { call, type EngineRepository } from './binding.js';
import { GovcError } from './errors.js';
import { PackedReader } from './packed.js';
import { decodeContent, decodeText, encodeContent } from './text.js';
import type { CommitOptions, ObjectId, Signature } from './types.js';

interface Fields {
  tree: ObjectId;
  parents: ObjectId[];
  author: Required<Signature>;
  committer: Required<Signature>;
  message: string;
}

/** A commit. Its id is at hand; the rest is read on first use. */
export class Commit {
  /** The commit's id, as git has it. */
  readonly id: ObjectId;
  readonly #engine: EngineRepository;
  #fields: Fields | undefined;

  /** @internal */
  constructor(engine: EngineRepository, id: ObjectId) {
    this.#engine = engine;
    this.id = id;
  }

  /** The id of its tree. */
  get tree(): ObjectId {
    return this.#read().tree;
  }

  /** Ids of its parents: none of a first commit, two or more of a merge. */
  get parents(): ObjectId[] {
    return this.#read().parents;
  }

  /** Who wrote it, and when; `time` in milliseconds since the epoch. */
  get author(): Required<Signature> {
    return this.#read().author;
  }

  /** Who committed it, and when; `time` in milliseconds since the epoch. */
  get committer(): Required<Signature> {
    return this.#read().committer;
  }

  /** Without the newline that ends it in the object. */
  get message(): string {
    return this.#read().message;
  }

  /** Its fields as a plain object. */
  toJSON(): Fields & { id: ObjectId } {
    return { id: this.id, ...this.#read() };
  }

  #read(): Fields {
    return this.#fields ??= readFields(new PackedReader(call(() => this.#engine.commitFields(this.id))));
  }
}

function readFields(packed: PackedReader): Fields {
  const tree = packed.someId();
  const parents = packed.list(() => packed.someId());
  const author = readSignature(packed);
  const committer = readSignature(packed);
  const encoding = packed.text();
  return { tree, parents, author, committer, message: decodeMessage(packed.bytes(), encoding).replace(/\n$/, '') };
}

function readSignature(packed: PackedReader): Required<Signature> {
  return { name: packed.text(), email: packed.text(), time: packed.f64() * 1000, offsetMinutes: packed.f64() };
}

/** A message in the encoding that its commit names; UTF-8 where that is unknown here. */
function decodeMessage(bytes: Uint8Array, encoding: string): string {
  if (encoding === '') return decodeContent(bytes);
  try {
    return new TextDecoder(encoding).decode(bytes);
  } catch {
    return decodeContent(bytes);
  }
}

/** Git's identity line: `Name <email> seconds zone`. */
export function identityLine(signature: Signature, nowMs: number): string {
  const { name, email, time = nowMs, offsetMinutes = 0 } = signature;
  const seconds = Math.floor(Number(time) / 1000);
  if (!Number.isSafeInteger(seconds) || !Number.isInteger(offsetMinutes)) {
    throw new GovcError('InvalidArgument', 'a signature has a time and an offset in whole minutes', { time, offsetMinutes });
  }
  const minutes = Math.abs(offsetMinutes);
  const zone = `${String(Math.floor(minutes / 60)).padStart(2, '0')}${String(minutes % 60).padStart(2, '0')}`;
  return `${cleaned(name)} <${cleaned(email)}> ${seconds} ${offsetMinutes < 0 ? '-' : '+'}${zone}`;
}

/** Without the characters that would end the name or address in a commit. */
function cleaned(text: string): string {
  return text.replace(/[<>\n\0]/g, '');
}

/** The buffer that `commit_request` in `wasm/src/decode.rs` reads. */
export function commitDetails(message: string, options: CommitOptions, nowMs: number): Uint8Array {
  if (typeof message !== 'string') throw new GovcError('InvalidArgument', 'a commit has a message, which is a string', {});
  const { author, committer, allowEmpty } = options;
  const flags = (allowEmpty ? 1 : 0) | (author ? 2 : 0) | (committer ? 4 : 0);
  const lines = (author ? `${identityLine(author, nowMs)}\n` : '') + (committer ? `${identityLine(committer, nowMs)}\n` : '');
  return encodeContent(String.fromCharCode(flags) + lines + message);
}

/** @internal Ids of a packed answer: 40 hex digits each, nothing between. */
export function commitsOf(engine: EngineRepository, hex: Uint8Array): Commit[] {
  const text = decodeText(hex);
  return Array.from({ length: text.length / 40 }, (_, at) => new Commit(engine, text.slice(at * 40, at * 40 + 40)));
}
