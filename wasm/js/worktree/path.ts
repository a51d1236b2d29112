/**
 * Paths of a work tree as git has them: bytes. Here each byte is one character (U+0000 to U+00FF), so that strings
 * compare as git orders them; `shown` gives the text that people and the API see.
 */
import { call } from '../binding.js';
import { decodeText, encodeText } from '../text.js';
import type { FilePath } from '../storage/git-directory/files.js';

/** A path relative to the root of the work tree, `/` between its parts, a character for each byte. */
export type BytePath = string;

/** The bytes of a path. */
export function pathBytes(path: BytePath): Buffer {
  return Buffer.from(path, 'latin1');
}

/** The path as text: UTF-8 decoded, other bytes as lone surrogates. */
export function shown(path: BytePath): string {
  return /^[\x00-\x7f]*$/.test(path) ? path : decodeText(pathBytes(path));
}

/** The path that this text means. */
export function bytePath(text: string): BytePath {
  return Buffer.from(encodeText(text)).toString('latin1');
}

/** Where a path lies on disk. */
export function onDisk(root: FilePath, path: BytePath): FilePath {
  return Buffer.concat([root, SLASH, pathBytes(path)]);
}
const SLASH = Buffer.from('/');

/** The folder that a path lies in; '' for the root. */
export function folderOf(path: BytePath): BytePath {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0));
}

/** Throws InvalidPath where no tree may hold this path: `..`, `.git` and everything that a file system takes for it. */
export function checkPath(path: BytePath): void {
  call((engine) => engine.checkPath(pathBytes(path)));
}

/** Compares as git orders an index. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
