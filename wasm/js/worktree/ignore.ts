/**
 * Which files git leaves alone: `.gitignore` in each folder, `info/exclude`, `core.excludesFile`; the engine matches.
 */
import { lstatSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { call, type Engine } from '../binding.js';
import type { Config } from '../storage/git-directory/config.js';
import { failedBecause, type FilePath } from '../storage/git-directory/files.js';
import { type BytePath, onDisk, pathBytes } from './path.js';
import { settingPath } from './settings.js';

/** A larger file of patterns is not read, in bytes; git's own bound. */
const PATTERN_FILE_BYTES_MAX = 100 << 20;

type Patterns = InstanceType<Engine['Patterns']>;

/** What is ignored in a work tree. */
export class Ignore {
  readonly #root: FilePath;
  readonly #everywhere: Patterns[];
  readonly #folders = new Map<BytePath, Patterns | undefined>();

  constructor(root: FilePath, commonFolder: FilePath, config: Config, environment: NodeJS.ProcessEnv = process.env) {
    this.#root = root;
    const own = config.get('core.excludesfile');
    const paths = [
      join(String(commonFolder), 'info', 'exclude'),
      own === undefined ? personalFile('ignore', environment) : settingPath(own, String(root), environment),
    ];
    // The first that says something decides.
    this.#everywhere = paths.flatMap((path) => compiled(readPatterns(Buffer.from(path), true)) ?? []);
  }

  /** Whether the file or folder itself is ignored; ask for each folder on the way first. */
  has(path: BytePath, isFolder: boolean): boolean {
    for (let slash = path.lastIndexOf('/'); ; slash = path.lastIndexOf('/', slash - 1)) {
      const said = this.#of(path.slice(0, Math.max(slash, 0)))?.decide(pathBytes(path.slice(slash + 1)), isFolder);
      if (said !== undefined) return said;
      if (slash < 0) break;
    }
    for (const patterns of this.#everywhere) {
      const said = patterns.decide(pathBytes(path), isFolder);
      if (said !== undefined) return said;
    }
    return false;
  }

  /** Whether the path is ignored, or a folder above it. */
  covers(path: BytePath, isFolder: boolean): boolean {
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      if (this.has(path.slice(0, slash), true)) return true;
    }
    return this.has(path, isFolder);
  }

  #of(folder: BytePath): Patterns | undefined {
    if (!this.#folders.has(folder)) {
      const path = folder === '' ? '.gitignore' : `${folder}/.gitignore`;
      this.#folders.set(folder, compiled(readPatterns(onDisk(this.#root, path), false)));
    }
    return this.#folders.get(folder);
  }
}

/** A file of git in the home folder of a person. */
export function personalFile(name: string, environment: NodeJS.ProcessEnv): string {
  return join(environment['XDG_CONFIG_HOME'] || join(environment['HOME'] ?? homedir(), '.config'), 'git', name);
}

/** A file of patterns; none where it is a symbolic link inside of the work tree, which git does not follow. */
export function readPatterns(path: FilePath, follow: boolean): Buffer {
  try {
    const found = lstatSync(path);
    if (!found.isFile() && !(follow && found.isSymbolicLink()) || found.size > PATTERN_FILE_BYTES_MAX) return Buffer.of();
    return readFileSync(path);
  } catch (thrown) {
    if (failedBecause(thrown, 'ENOENT', 'ENOTDIR', 'EACCES', 'EISDIR')) return Buffer.of();
    throw thrown;
  }
}

function compiled(content: Buffer): Patterns | undefined {
  const lines = ignoreLines(content);
  return lines.length === 0 ? undefined : patternsOf(lines);
}

/** Patterns for the engine, a character for each byte. */
export function patternsOf(lines: readonly string[]): Patterns {
  return call((engine) => new engine.Patterns(Buffer.from(lines.join('\0'), 'latin1')));
}

function ignoreLines(content: Buffer): string[] {
  const text = content.toString('latin1').replace(/^\xef\xbb\xbf/, '');
  return text.split('\n').flatMap((line) => {
    const pattern = withoutSpacesAtEnd(line.replace(/\r$/, ''));
    return pattern === '' || pattern.startsWith('#') || /^!?\/?$/.test(pattern) || pattern.includes('\0') ? [] : [pattern];
  });
}

/** Spaces at the end do not count, except those after a backslash. */
function withoutSpacesAtEnd(line: string): string {
  return /^(?:\\.|[^\\ ]|\\$| +(?=[^ ]))*/s.exec(line)?.[0] ?? line;
}
