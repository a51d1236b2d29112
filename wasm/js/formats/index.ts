/** Documents without a repository: JSON, YAML and TOML checked and read. */
import { decodeContent, encodeContent } from '../text.js';
import { type Format, type FormatProblem, formatsFor } from './port.js';
import { textOf, writtenBytes } from './written.js';

export { formatOf, type Format, type FormatProblem } from './port.js';

/** What is wrong with a document: where it stops being one, and keys that stand twice in one map. */
export function checkFormat(format: Format, content: string | Uint8Array): FormatProblem[] {
  return formatsFor('checking a document').check(format, bytesOf(content));
}

/**
 * What a document says; of a YAML file with several documents or none, their list. Dates of TOML are strings. Throws
 * ValidationFailed with line and column.
 */
export function parseFormat(format: Format, content: string | Uint8Array): unknown {
  return JSON.parse(decodeContent(textOf(formatsFor('reading a document').toJson(format, bytesOf(content)))));
}

/** A value as a document, as `reality.write` writes a plain object; JSON with two spaces a level. */
export function writeFormat(format: Format, value: unknown): string {
  return decodeContent(writtenBytes(format, value));
}

function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? encodeContent(content) : content;
}
