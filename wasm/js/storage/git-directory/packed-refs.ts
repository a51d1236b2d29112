/** The file `packed-refs`: lookups without taking it apart, and deletions that leave the rest as it stands. */
import { GovcError } from '../../errors.js';
import { decodeText, encodeText } from '../../text.js';
import { type FilePath, readSmall } from './files.js';

/** A larger file is not read, in bytes: it would hold more than ten million refs. */
const BYTES_MAX = 1 << 30;
const NEWLINE = 0x0a;
const ID_DIGITS = 40;
/** So many names are searched for in the bytes; for more, all names are looked up in a table. */
const SEARCHES_MAX = 16;

/** What git writes above refs that are in order, each with the object that it leads to where it is a tag's. */
const HEADER = Buffer.from('# pack-refs with: peeled fully-peeled sorted \n');

/** The refs of a file `packed-refs`, as its bytes. */
export class PackedRefs {
  /** As they stand in the file. */
  readonly #bytes: Buffer;
  readonly #path: FilePath;
  #lookups = 0;
  #starts: Map<string, number> | undefined;

  private constructor(path: FilePath, bytes: Buffer) {
    this.#path = path;
    this.#bytes = bytes;
  }

  /** Reads the file; one that is not there holds no refs. */
  static async read(path: FilePath): Promise<PackedRefs> {
    return new PackedRefs(path, await readSmall(path, BYTES_MAX) ?? Buffer.of());
  }

  /** All refs in the order of the file. Throws where a line is not as git writes it. */
  *all(): Iterable<{ name: string; id: string }> {
    const bytes = this.#bytes;
    for (let at = 0, line = 1; at < bytes.length; line++) {
      const newline = bytes.indexOf(NEWLINE, at);
      const [first, end] = [bytes[at], newline < 0 ? bytes.length : newline];
      // The header, and the object that the tag in the line above leads to.
      if (first !== 0x23 && first !== 0x5e) {
        const id = bytes.toString('latin1', at, at + ID_DIGITS);
        const name = decodeText(bytes.subarray(at + ID_DIGITS + 1, end));
        if (newline < 0 || !/^[0-9a-f]{40}$/.test(id) || bytes[at + ID_DIGITS] !== 0x20 || name === '') {
          const problem = newline < 0 ? 'ends without a newline' : 'is not an id, a space and a name';
          throw new GovcError('Storage', `${this.#path}: line ${line} ${problem}`, { path: String(this.#path), line });
        }
        yield { name, id };
      }
      at = end + 1;
    }
  }

  /** The id of a ref, or undefined. */
  get(name: string): string | undefined {
    const at = this.#find(encodeText(`${name}\n`));
    return at === undefined ? undefined : this.#bytes.toString('latin1', at, at + ID_DIGITS);
  }

  /** The name of a ref that lies under `name/`, or undefined. */
  under(name: string): string | undefined {
    const at = this.#find(encodeText(`${name}/`));
    return at === undefined ? undefined : decodeText(this.#bytes.subarray(at + ID_DIGITS + 1, this.#bytes.indexOf(NEWLINE, at)));
  }

  /** What the file says of a ref: its line, and the one below where the ref is a tag's. */
  line(name: string): Buffer {
    const start = this.#find(encodeText(`${name}\n`));
    return start === undefined ? Buffer.of() : this.#bytes.subarray(start, endOfEntry(this.#bytes, start));
  }

  /** The file without some refs and with some new lines, as `line` gives or `newLine` makes them. */
  edited(removed: readonly string[], added: readonly Buffer[]): Buffer {
    const kept: Buffer[] = [];
    const starts = removed.flatMap((name) => this.#find(encodeText(`${name}\n`)) ?? []).sort((a, b) => a - b);
    let from = 0;
    for (const start of starts) {
      kept.push(this.#bytes.subarray(from, start));
      from = endOfEntry(this.#bytes, start);
    }
    const rest = Buffer.concat([...kept, this.#bytes.subarray(from)]);
    return added.length === 0 ? rest : merged(rest, added);
  }

  /** Where the line begins whose name starts with these bytes, which end with a newline or a slash. */
  #find(nameStart: Uint8Array): number | undefined {
    if (++this.#lookups > SEARCHES_MAX) {
      this.#starts ??= this.#allStarts();
      return this.#starts.get(Buffer.from(nameStart).toString('latin1'));
    }
    const wanted = Buffer.concat([Buffer.of(0x20), nameStart]);
    for (let at = this.#bytes.indexOf(wanted); at >= 0; at = this.#bytes.indexOf(wanted, at + 1)) {
      const start = at - ID_DIGITS;
      // Only a space that ends an id stands before a name.
      if (start >= 0 && (start === 0 || this.#bytes[start - 1] === NEWLINE) && this.#bytes[start] !== 0x23) return start;
    }
    return undefined;
  }

  /** What `#find` gives for each name and each folder of names. */
  #allStarts(): Map<string, number> {
    const starts = new Map<string, number>();
    for (let at = 0; at < this.#bytes.length; ) {
      const end = this.#bytes.indexOf(NEWLINE, at) + 1 || this.#bytes.length;
      if (this.#bytes[at] !== 0x23 && this.#bytes[at] !== 0x5e) {
        const name = this.#bytes.toString('latin1', at + ID_DIGITS + 1, end);
        starts.set(name, at);
        for (let slash = name.lastIndexOf('/'); slash > 0; slash = name.lastIndexOf('/', slash - 1)) {
          const folder = name.slice(0, slash + 1);
          if (starts.has(folder)) break;
          starts.set(folder, at);
        }
      }
      at = end;
    }
    return starts;
  }
}

/** The line of a ref that leads to a commit: a tag's object would need one more. */
export function newLine(name: string, id: string): Buffer {
  return Buffer.concat([Buffer.from(`${id} `), encodeText(`${name}\n`)]);
}

/** Where the line of the next ref begins, or the file ends. */
function endOfEntry(bytes: Buffer, start: number): number {
  let end = bytes.indexOf(NEWLINE, start) + 1 || bytes.length;
  while (bytes[end] === 0x5e) end = bytes.indexOf(NEWLINE, end) + 1 || bytes.length;
  return end;
}

/** Puts new lines where they belong in the order of names; at the end where the file claims no order. */
function merged(bytes: Buffer, added: readonly Buffer[]): Buffer {
  const lines = [...added].sort(byName);
  if (bytes.length === 0) return Buffer.concat([HEADER, ...lines]);
  const headerEnd = bytes[0] === 0x23 ? bytes.indexOf(NEWLINE) + 1 : 0;
  if (!bytes.toString('latin1', 0, headerEnd).includes(' sorted ')) return Buffer.concat([bytes, ...lines]);
  const out = [bytes.subarray(0, headerEnd)];
  let next = 0;
  for (let at = headerEnd; at < bytes.length; ) {
    const end = endOfEntry(bytes, at);
    const line = bytes.subarray(at, end);
    while (next < lines.length && byName(lines[next]!, line) < 0) out.push(lines[next++]!);
    out.push(line);
    at = end;
  }
  return Buffer.concat([...out, ...lines.slice(next)]);
}

/** Compares lines by their names; a newline is below every byte of a name, so that `a` comes before `a/b`. */
function byName(a: Buffer, b: Buffer): number {
  return Buffer.compare(a.subarray(ID_DIGITS + 1), b.subarray(ID_DIGITS + 1));
}
