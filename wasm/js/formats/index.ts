/** Documents without a repository: JSON, YAML and TOML checked and read. */
import { GovcError } from '../errors.js';
import { decodeContent, encodeContent } from '../text.js';
import { type Format, type FormatProblem, formatsFor } from './port.js';

export { formatOf, type Format, type FormatProblem } from './port.js';

/** What is wrong with a document: where it stops being one, and keys that stand twice in one map. */
export function checkFormat(format: Format, content: string | Uint8Array): FormatProblem[] {
  return formatsFor('checking a document').check(format, bytesOf(content));
}

/** What a document says. Dates of TOML and aliases of YAML are strings. Throws ValidationFailed with line and column. */
export function parseFormat(format: Format, content: string | Uint8Array): unknown {
  const json = formatsFor('reading a document').toJson(format, bytesOf(content));
  if (json instanceof Uint8Array) return JSON.parse(decodeContent(json));
  const { line, column, message } = json;
  throw new GovcError('ValidationFailed', `line ${line}, column ${column}: ${message}`, { problems: [json] });
}

function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? encodeContent(content) : content;
}
