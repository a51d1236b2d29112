/**
 * Text that crosses the boundary: git's names are bytes, JavaScript's are UTF-16.
 *
 * Valid UTF-8 maps as usual. A byte that is no part of valid UTF-8 becomes the lone surrogate U+DC80..U+DCFF that carries
 * it, and back, so that every path and ref name of an old repository survives a round trip through a string.
 */

const encoder = new TextEncoder();
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder('utf-8', { ignoreBOM: true });
const escapes = /[\udc80-\udcff]/;

/** Arrays up to this length lie in the JavaScript heap: filling one costs less than half of what `TextEncoder` takes. */
const SHORT_MAX = 64;

/** Bytes of a name. */
export function encodeText(text: string): Uint8Array {
  return encodeAscii(text) ?? (escapes.test(text) && !isWellFormed(text) ? encodeEscaped(text) : encoder.encode(text));
}

/** Bytes of what people write; a lone surrogate becomes U+FFFD. */
export function encodeContent(text: string): Uint8Array {
  return encodeAscii(text) ?? encoder.encode(text);
}

/** The name that these bytes are. */
export function decodeText(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return decodeEscaped(bytes);
  }
}

/** File content as people read it: bytes that are no UTF-8 become U+FFFD. */
export function decodeContent(bytes: Uint8Array): string {
  return lenient.decode(bytes);
}

/** Bytes of a short text of ASCII; undefined for any other. */
function encodeAscii(text: string): Uint8Array | undefined {
  const { length } = text;
  if (length > SHORT_MAX) return undefined;
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) {
    const unit = text.charCodeAt(at);
    if (unit > 0x7f) return undefined;
    bytes[at] = unit;
  }
  return bytes;
}

function isWellFormed(text: string): boolean {
  return !/(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text);
}

function encodeEscaped(text: string): Uint8Array {
  const out: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= 0xdc80 && code <= 0xdcff) out.push(code - 0xdc00);
    else out.push(...encoder.encode(character));
  }
  return Uint8Array.from(out);
}

function decodeEscaped(bytes: Uint8Array): string {
  let out = '';
  for (let at = 0; at < bytes.length; ) {
    const length = validSequence(bytes, at);
    out += length === 0 ? String.fromCharCode(0xdc00 + bytes[at]!) : strict.decode(bytes.subarray(at, at + length));
    at += Math.max(length, 1);
  }
  return out;
}

/** Length in bytes of the valid UTF-8 sequence at `at`, or 0. */
function validSequence(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!;
  const length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  try {
    strict.decode(bytes.subarray(at, at + length));
    return length;
  } catch {
    return 0;
  }
}
