/** What `.gitattributes` say of a file, as far as they change its bytes between work tree and repository. */
import { join } from 'node:path';

import type { Engine } from '../binding.js';
import type { Config } from '../storage/git-directory/config.js';
import type { FilePath } from '../storage/git-directory/files.js';
import { patternsOf, personalFile, readPatterns } from './ignore.js';
import { type BytePath, onDisk, pathBytes } from './path.js';
import { settingPath } from './settings.js';

/** Set, unset, a value, or nothing said. */
export type AttributeState = true | false | string | undefined;

/** Attributes of one file by their names. */
export type Attributes = Record<string, AttributeState>;

/** Names that change bytes, or how a file is merged or compared. */
const WANTED = ['text', 'crlf', 'eol', 'filter', 'ident', 'working-tree-encoding', 'merge', 'diff'];
/** Longer lines count for nothing, in bytes; git's own bound. */
const LINE_BYTES_MAX = 2048;
const MACROS = new Map<string, string[]>([['binary', ['-diff', '-merge', '-text']]]);

interface Line { patterns: InstanceType<Engine['Patterns']>; attributes: string[] }

/** Where the `.gitattributes` of a folder are read: on disk, or in an index or a tree. */
export type AttributeSource = (path: BytePath) => Buffer | undefined;

/** The attributes of a work tree. */
export class AttributeRules {
  readonly #low: Line[][];
  readonly #high: Line[];
  readonly #folders = new Map<BytePath, Line[]>();
  readonly #macros = new Map(MACROS);
  readonly #source: AttributeSource;

  constructor(root: FilePath, commonFolder: FilePath, config: Config, source: AttributeSource, environment: NodeJS.ProcessEnv = process.env) {
    this.#source = source;
    const own = config.get('core.attributesfile');
    const personal = own === undefined ? personalFile('attributes', environment) : settingPath(own, String(root), environment);
    const system = environment['GIT_ATTR_NOSYSTEM'] === undefined ? ['/etc/gitattributes'] : [];
    this.#low = [...system, personal].map((path) => this.#lines(readPatterns(Buffer.from(path), true), true));
    this.#high = this.#lines(readPatterns(Buffer.from(join(String(commonFolder), 'info', 'attributes')), true), true);
  }

  /** What holds for the file at `path`. */
  of(path: BytePath): Attributes {
    const found: Attributes = {};
    for (const lines of this.#low) this.#apply(lines, path, found);
    const folders: BytePath[] = [''];
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) folders.push(path.slice(0, slash));
    for (const folder of folders) this.#apply(this.#folder(folder), folder === '' ? path : path.slice(folder.length + 1), found);
    this.#apply(this.#high, path, found);
    return found;
  }

  #folder(folder: BytePath): Line[] {
    let lines = this.#folders.get(folder);
    if (lines === undefined) {
      lines = this.#lines(this.#source(folder === '' ? '.gitattributes' : `${folder}/.gitattributes`) ?? Buffer.of(), folder === '');
      this.#folders.set(folder, lines);
    }
    return lines;
  }

  #apply(lines: Line[], path: BytePath, found: Attributes): void {
    for (const { patterns, attributes } of lines) {
      if (patterns.decide(pathBytes(path), false) !== true) continue;
      for (const attribute of attributes) this.#set(attribute, found, 0);
    }
  }

  #set(attribute: string, found: Attributes, depth: number): void {
    const [, sign = '', name = '', , value] = /^([-!]?)([^=]*)(=(.*))?$/s.exec(attribute) ?? [];
    found[name] = sign === '-' ? false : sign === '!' ? undefined : value ?? true;
    if (found[name] === true && depth < 8) for (const one of this.#macros.get(name) ?? []) this.#set(one, found, depth + 1);
  }

  #lines(content: Buffer, mayDefine: boolean): Line[] {
    const text = content.toString('latin1').replace(/^\xef\xbb\xbf/, '');
    return text.split('\n').flatMap((line) => {
      if (line.length > LINE_BYTES_MAX) return [];
      const parts = /^[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^ \t\r#"][^ \t\r]*))(.*)$/.exec(line.replace(/\r$/, ''));
      if (parts === null) return [];
      const pattern = parts[1] === undefined ? parts[2]! : parts[1].replace(/\\(["\\])/g, '$1');
      const attributes = (parts[3] ?? '').split(/[ \t\r]+/).filter(Boolean);
      const macro = /^\[attr\](.+)$/.exec(pattern)?.[1];
      if (macro !== undefined) {
        if (mayDefine) this.#macros.set(macro, attributes);
        return [];
      }
      const relevant = attributes.some((one) => {
        const name = one.replace(/^[-!]/, '').replace(/=.*$/s, '');
        return WANTED.includes(name) || this.#macros.has(name);
      });
      return !relevant || pattern.startsWith('!') ? [] : [{ patterns: patternsOf([pattern]), attributes }];
    });
  }
}

/** Attributes as the work tree has them, and the index where a file is missing there. */
export function fromDisk(root: FilePath, otherwise: AttributeSource): AttributeSource {
  return (path) => {
    const bytes = readPatterns(onDisk(root, path), false);
    return bytes.length > 0 ? bytes : otherwise(path);
  };
}
