/**
 * A generation: all refs and the packs that hold their objects, at one moment, in one file that ends with its own hash.
 *
 * A file that a crash cut off, or that holds other bytes than were written, does not match its hash: it does not count.
 */
import { hashObject } from '../../object.js';
import { decodeText, encodeText } from '../../text.js';

/** What a repository is at one moment. */
export interface Generation {
  /** Counts up; the highest whole one is what the repository is. */
  number: number;
  /** Chosen at random when the repository is first stored: another one in its place is told from it. */
  repository: string;
  packs: StoredPack[];
  /** Targets by name, each an id, or `ref: ` and the name that a symbolic ref leads to. */
  refs: Map<string, string>;
}

/** A pack, by the checksum that names its files. */
export interface StoredPack {
  checksum: string;
  packBytes: number;
  indexBytes: number;
  /** Packs whose objects it holds: whoever has read all of those need not read it. */
  joined: string[];
}

/** The folder of the files of generations. */
export const GENERATIONS = 'govc';
/** A file of a generation that is larger is not read, in bytes. */
export const GENERATION_BYTES_MAX = 256 << 20;

const FORMAT = 'govc refs 1';
const ID = /^[0-9a-f]{40}$/;
const HASH_CHARACTERS = 40;

/** The path of a generation's file. */
export function generationPath(number: number): string {
  return `${GENERATIONS}/${number}.refs`;
}

/** The number that a file of the folder has; undefined where it is another file. */
export function generationNumber(name: string): number | undefined {
  const digits = /^(\d{1,15})\.refs$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The bytes of a generation's file. */
export function formatGeneration({ number, repository, packs, refs }: Generation): Uint8Array {
  const lines = [
    `${FORMAT} ${number} ${repository}`,
    ...packs.map((pack) => ['pack', pack.checksum, pack.packBytes, pack.indexBytes, ...pack.joined].join(' ')),
    ...[...refs].map(([name, target]) => `${target}\0${name}`),
  ];
  const text = encodeText(`${lines.join('\n')}\n`);
  const bytes = new Uint8Array(text.length + HASH_CHARACTERS);
  bytes.set(text);
  bytes.set(encodeText(hashObject('blob', text)), text.length);
  return bytes;
}

/** What tells a new repository from all others. */
export function randomRepository(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The generation that a file holds; undefined where it is not whole. */
export function parseGeneration(bytes: Uint8Array, number: number): Generation | undefined {
  const end = bytes.length - HASH_CHARACTERS;
  if (end <= 0 || hashObject('blob', bytes.subarray(0, end)) !== decodeText(bytes.subarray(end))) return undefined;
  const [first, ...lines] = decodeText(bytes.subarray(0, end)).split('\n');
  const start = `${FORMAT} ${number} `;
  const repository = first!.slice(start.length);
  if (!first!.startsWith(start) || !/^[0-9a-f]{32}$/.test(repository) || lines.pop() !== '') return undefined;
  const generation: Generation = { number, repository, packs: [], refs: new Map() };
  for (const line of lines) {
    const [target, name, ...more] = line.split('\0');
    if (name === undefined) {
      const pack = parsePack(line);
      if (pack === undefined) return undefined;
      generation.packs.push(pack);
    } else {
      if (more.length > 0) return undefined;
      generation.refs.set(name, target!);
    }
  }
  return generation;
}

function parsePack(line: string): StoredPack | undefined {
  const [word, checksum = '', packBytes, indexBytes, ...joined] = line.split(' ');
  const pack = { checksum, packBytes: Number(packBytes), indexBytes: Number(indexBytes), joined };
  const lengths = [pack.packBytes, pack.indexBytes].every((length) => Number.isSafeInteger(length) && length > 0);
  return word === 'pack' && lengths && [checksum, ...joined].every((id) => ID.test(id)) ? pack : undefined;
}
