/** The formats module behind its generated glue. Only the entries that bring it import this file. */
import * as glue from '../../pkg/govc_formats.js';
import { GovcError } from '../errors.js';
import { PackedReader } from '../packed.js';
import { decodeContent } from '../text.js';
import { type Format, type FormatProblem, FORMATS, type FormatText, type Formats, provideFormats } from './port.js';

let ready = false;
let deathReason: string | undefined;

/** Instantiates the module at once; does nothing if that has been done. */
export function instantiateFormats(module: BufferSource | WebAssembly.Module): Formats {
  if (!ready) glue.initSync({ module });
  return provided();
}

/** Instantiates the module from wherever it comes; does nothing if that has been done. */
export async function instantiateFormatsFrom(
  source: BufferSource | WebAssembly.Module | URL | Request | Response | Promise<Response>,
): Promise<void> {
  if (!ready) await glue.default({ module_or_path: source });
  provided();
}

function provided(): Formats {
  ready = true;
  provideFormats(formats);
  return formats;
}

const formats: Formats = {
  check: (format, bytes) => problems(new PackedReader(call(() => glue.check(numberOf(format), bytes)))),
  locate(format, bytes, pointers) {
    const places = call(() => glue.locate(numberOf(format), bytes, pointers.join('\0')));
    return pointers.map((_, at) => ({ line: places[at * 2] ?? 1, column: places[at * 2 + 1] ?? 1 }));
  },
  toJson: (format, bytes) => answer(call(() => glue.toJson(numberOf(format), bytes))),
  merge: (format, base, ours, theirs, lines, favor) => call(() => glue.merge(numberOf(format), base, ours, theirs, lines, favor)),
  write: (format, json) => answer(call(() => glue.write(numberOf(format), json))),
};

/** Text after a 1, of a list of documents after a 2; after a 0 the one problem. */
function answer(packed: Uint8Array): FormatText | FormatProblem {
  const [kind] = packed;
  const rest = packed.subarray(1);
  return kind === 0 ? problems(new PackedReader(rest))[0]! : { bytes: rest, isStream: kind === 2 };
}

function problems(packed: PackedReader): FormatProblem[] {
  return packed.list(() => ({ line: packed.u32(), column: packed.u32(), message: decodeContent(packed.bytes()) }));
}

function numberOf(format: Format): number {
  const at = FORMATS.indexOf(format);
  if (at < 0) throw new GovcError('InvalidArgument', `format is '${String(format)}': give one of ${FORMATS.join(', ')}`, { format });
  return at;
}

/** A trap leaves the module's memory in an unknown state: it is not called again. */
function call<T>(operation: () => T): T {
  if (deathReason === undefined) {
    try {
      return operation();
    } catch (thrown) {
      if (!(thrown instanceof WebAssembly.RuntimeError || thrown instanceof RangeError)) throw thrown;
      deathReason = thrown.message;
    }
  }
  throw new GovcError('Disposed', `the formats module has stopped and must be loaded anew: ${deathReason}`, { reason: deathReason });
}
