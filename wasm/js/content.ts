/** File content as callers give it, to bytes. */
import { GovcError } from './errors.js';
import { formatOf } from './formats/port.js';
import { writtenBytes } from './formats/written.js';
import { encodeContent } from './text.js';
import type { Content, FileMode, Path } from './types.js';

const MODES: Record<FileMode, number> = { file: 0o100644, executable: 0o100755, symlink: 0o120000 };

/** The bytes that are written at `path`. */
export function contentBytes(content: Content, path: Path): Uint8Array {
  if (typeof content === 'string') return encodeContent(content);
  if (content instanceof Uint8Array) return content;
  if (content instanceof ArrayBuffer) return new Uint8Array(content);
  if (typeof content !== 'object' || content === null) {
    throw new GovcError('InvalidArgument', `content of '${path}' is ${String(content)}: give a string, bytes or an object`, { path });
  }
  const format = formatOf(path);
  return writtenBytes(format === 'yaml' || format === 'toml' ? format : 'json', content, `content of '${path}'`);
}

/** The number of a mode; 0, which keeps what is there, for none. */
export function modeBits(mode: FileMode | undefined): number {
  if (mode === undefined) return 0;
  const bits = MODES[mode];
  if (bits === undefined) throw new GovcError('InvalidArgument', `'${String(mode)}' is not file, executable or symlink`, { mode });
  return bits;
}
