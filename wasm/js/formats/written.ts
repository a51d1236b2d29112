/** Plain objects as files: JSON by JSON.stringify, YAML and TOML by the formats module. */
import { GovcError } from '../errors.js';
import { encodeContent } from '../text.js';
import { type Format, type FormatProblem, type FormatText, formatsFor } from './port.js';

/** The document that `value` becomes. `subject` is what an error names. */
export function writtenBytes(format: Format, value: unknown, subject = 'a value'): Uint8Array {
  const isJson = format === 'json' || format === 'jsonc';
  const text = JSON.stringify(value, null, isJson ? 2 : 0) as string | undefined;
  if (text === undefined) throw new GovcError('InvalidArgument', `${subject} has no JSON form`, { subject });
  if (isJson) return encodeContent(`${text}\n`);
  const written = formatsFor(`writing ${subject} as ${format.toUpperCase()}`).write(format, encodeContent(text));
  if ('bytes' in written) return written.bytes;
  throw new GovcError('InvalidArgument', `${subject} cannot be written as ${format.toUpperCase()}: ${written.message}`, { subject, format });
}

/** The text, or ValidationFailed with the place. */
export function textOf(text: FormatText | FormatProblem): Uint8Array {
  if ('bytes' in text) return text.bytes;
  const { line, column, message } = text;
  throw new GovcError('ValidationFailed', `line ${line}, column ${column}: ${message}`, { problems: [text] });
}
