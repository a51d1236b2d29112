/**
 * Where the module for JSON, YAML and TOML is asked for. It is not part of what every page loads: `govc/formats` brings it,
 * and on Node the entry loads it when it is asked for first.
 */
import { GovcError } from '../errors.js';
import type { Path } from '../types.js';

/** The formats, in the order of `Format::ALL` in `core/formats/src/document.rs`. */
export const FORMATS = ['json', 'jsonc', 'yaml', 'toml'] as const;

/** How a document is written; 'jsonc' is JSON with comments and trailing commas. */
export type Format = typeof FORMATS[number];

/** A place in a document and what is wrong there; line and column count from 1, columns in characters. */
export interface FormatProblem {
  /** From 1. */
  line: number;
  /** From 1, in characters. */
  column: number;
  /** What is wrong, in words. */
  message: string;
}

/** @internal What the module does. */
export interface Formats {
  check(format: Format, bytes: Uint8Array): FormatProblem[];
  /** The values that JSON pointers name; of their keys, where a `#` follows. */
  locate(format: Format, bytes: Uint8Array, pointers: string[]): { line: number; column: number }[];
  /** The document as JSON, or why it is none. */
  toJson(format: Format, bytes: Uint8Array): FormatText | FormatProblem;
  /** A merge by key: 0 where the merge of the lines counts, 1 where that is broken, 2 and the document. */
  merge(format: Format, base: Uint8Array, ours: Uint8Array, theirs: Uint8Array, lines: Uint8Array | undefined, favor: number): Uint8Array;
  /** A value, given as JSON, in a format, or why that cannot be. */
  write(format: Format, json: Uint8Array): FormatText | FormatProblem;
}

/** @internal A text that the module made; of a stream of documents, their list. */
export interface FormatText { bytes: Uint8Array; isStream: boolean }

let formats: Formats | undefined;
let loader: (() => Formats) | undefined;

/** @internal Makes the module known. */
export function provideFormats(loaded: Formats): void {
  formats = loaded;
}

/** @internal Says how the module is loaded, at once, when it is needed first. */
export function provideLoader(load: () => Formats): void {
  loader = load;
}

/** @internal The module, for `need`, which is what the error names where it is not loaded. */
export function formatsFor(need: string): Formats {
  const loaded = loadedFormats();
  if (loaded !== undefined) return loaded;
  // Not as a statement: linters of packages take the command, which is CommonJS and holds this, for a module.
  const advice = 'import govc/formats first, or call initializeFormats() of govc/slim';
  throw new GovcError('Disposed', `${need} needs the formats module, which is not loaded: ${advice}`, { module: 'govc/formats' });
}

/** @internal The module, if it is there or can be loaded at once. */
export function loadedFormats(): Formats | undefined {
  return formats ??= loader?.();
}

/** Files that editors read as JSON with comments, whatever their extension says. */
const WITH_COMMENTS = /(^|\/)(\.vscode\/[^/]*\.json|(tsconfig|jsconfig)([.-][^/]*)?\.json|devcontainer\.json|\.(eslintrc|babelrc|swcrc)(\.json)?)$/;

/** The format that a path's extension names, if any. */
export function formatOf(path: Path): Format | undefined {
  const extension = /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? '';
  switch (extension) {
    case 'json': return WITH_COMMENTS.test(path) ? 'jsonc' : 'json';
    case 'webmanifest': case 'geojson': case 'jsonld': case 'topojson': case 'ipynb': case 'avsc': return 'json';
    case 'jsonc': case 'code-workspace': case 'eslintrc': case 'babelrc': case 'swcrc': return 'jsonc';
    case 'yaml': case 'yml': return 'yaml';
    case 'toml': return 'toml';
    default: return undefined;
  }
}
