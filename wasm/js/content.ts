/** File content as callers give it, to bytes. */
import { GovcError } from './errors.js';
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
  return encodeContent(serialized(content, path));
}

function serialized(content: object, path: Path): string {
  if (/\.(ya?ml|toml)$/i.test(path)) {
    const message = `an object is not written as ${path.replace(/.*\./, '').toUpperCase()} here: serialize '${path}' yourself and pass the text`;
    throw new GovcError('InvalidArgument', message, { path });
  }
  const text = JSON.stringify(content, null, 2) as string | undefined;
  if (text === undefined) throw new GovcError('InvalidArgument', `content of '${path}' has no JSON form`, { path });
  return `${text}\n`;
}

/** The number of a mode; 0, which keeps what is there, for none. */
export function modeBits(mode: FileMode | undefined): number {
  if (mode === undefined) return 0;
  const bits = MODES[mode];
  if (bits === undefined) throw new GovcError('InvalidArgument', `'${String(mode)}' is not file, executable or symlink`, { mode });
  return bits;
}
