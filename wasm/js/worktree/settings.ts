/**
 * Configuration as a person has it: of the system, of their own, of the repository, of the environment, with includes.
 *
 * Nothing that it names is executed.
 */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';

import { call } from '../binding.js';
import { GovcError } from '../errors.js';
import { type Config, CONFIG_BYTES_MAX, flag, parseConfig } from '../storage/git-directory/config.js';
import type { Layout } from '../storage/git-directory/layout.js';
import { encodeText } from '../text.js';

/** Files that include each other. */
const INCLUDE_DEPTH_MAX = 10;
/** Settings that the environment may bring. */
const ENVIRONMENT_SETTINGS_MAX = 1000;

/** Reads everything that git would. `branch` is the one that is checked out, which an include may depend on. */
export function readSettings(layout: Layout | undefined, branch: string | undefined, environment: NodeJS.ProcessEnv = process.env): Config {
  const config: Config = new Map();
  const include = new Includer(config, layout && String(layout.gitFolder), branch);
  if (!isTrue(environment['GIT_CONFIG_NOSYSTEM'])) include.read(environment['GIT_CONFIG_SYSTEM'] ?? '/etc/gitconfig');
  const own = environment['GIT_CONFIG_GLOBAL'];
  if (own !== undefined) include.read(own);
  else {
    const home = environment['HOME'] ?? homedir();
    include.read(join(environment['XDG_CONFIG_HOME'] || join(home, '.config'), 'git', 'config'));
    include.read(join(home, '.gitconfig'));
  }
  if (layout !== undefined) {
    include.read(join(String(layout.commonFolder), 'config'));
    if (flag(config, 'extensions.worktreeconfig')) include.read(join(String(layout.gitFolder), 'config.worktree'));
  }
  const count = Math.min(Number(environment['GIT_CONFIG_COUNT'] ?? 0) || 0, ENVIRONMENT_SETTINGS_MAX);
  for (let at = 0; at < count; at++) {
    const name = environment[`GIT_CONFIG_KEY_${at}`];
    if (name !== undefined) config.set(normalized(name), environment[`GIT_CONFIG_VALUE_${at}`] ?? '');
  }
  return config;
}

/** A path of the configuration: `~/` is the home folder, a relative one counts from `base`. */
export function settingPath(value: string, base: string, environment: NodeJS.ProcessEnv = process.env): string {
  if (value === '~' || value.startsWith('~/')) return join(environment['HOME'] ?? homedir(), value.slice(1));
  return isAbsolute(value) ? value : resolve(base, value);
}

class Includer {
  readonly #config: Config;
  readonly #gitFolder: string | undefined;
  readonly #branch: string | undefined;

  constructor(config: Config, gitFolder: string | undefined, branch: string | undefined) {
    this.#config = config;
    this.#gitFolder = gitFolder;
    this.#branch = branch;
  }

  read(path: string, depth = 0): void {
    if (path === '' || !existsSync(path)) return;
    if (depth > INCLUDE_DEPTH_MAX) {
      throw new GovcError('LimitExceeded', `${path}: configuration files include each other more than ${INCLUDE_DEPTH_MAX} deep`, { path });
    }
    const bytes = readFileSync(path);
    if (bytes.length > CONFIG_BYTES_MAX) {
      throw new GovcError('LimitExceeded', `${path} has ${bytes.length} bytes: a configuration has ${CONFIG_BYTES_MAX} at most`, { path });
    }
    // In the order of the file: what comes after an include wins over what it brings.
    const inOrder = { set: (name: string, value: string) => this.#set(name, value, path, depth) };
    parseConfig(bytes.toString(), path, inOrder as unknown as Config);
  }

  #set(name: string, value: string, file: string, depth: number): void {
    this.#config.set(name, value);
    const condition = /^includeif\.(.*)\.path$/s.exec(name)?.[1];
    if (name === 'include.path' || condition !== undefined && this.#holds(condition, file)) {
      this.read(settingPath(value, dirname(file)), depth + 1);
    }
  }

  #holds(condition: string, file: string): boolean {
    const [, kind = '', rest = ''] = /^([^:]*):(.*)$/s.exec(condition) ?? [];
    if (kind === 'onbranch') return this.#branch !== undefined && matches(rest.endsWith('/') ? `${rest}**` : rest, this.#branch);
    if (kind !== 'gitdir' && kind !== 'gitdir/i' || this.#gitFolder === undefined) return false;
    let pattern = rest.startsWith('./') ? join(dirname(file), rest) : rest.startsWith('~') ? settingPath(rest, '/') : rest;
    if (!isAbsolute(pattern)) pattern = `**/${pattern}`;
    if (rest.endsWith('/') && !pattern.endsWith('/')) pattern += '/';
    if (pattern.endsWith('/')) pattern += '**';
    const fold = (text: string) => kind === 'gitdir/i' ? text.toLowerCase() : text;
    return matches(fold(pattern), fold(this.#gitFolder));
  }
}

function matches(pattern: string, path: string): boolean {
  const patterns = call((engine) => new engine.Patterns(encodeText(!pattern.startsWith('/') && !pattern.startsWith('**') ? `/${pattern}` : pattern)));
  try {
    return patterns.decide(encodeText(path.replace(/^\//, '')), false) === true;
  } finally {
    patterns.free();
  }
}

function normalized(name: string): string {
  const [first, last] = [name.indexOf('.'), name.lastIndexOf('.')];
  return name.slice(0, first).toLowerCase() + name.slice(first, last) + name.slice(last).toLowerCase();
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && ['1', 'true', 'yes', 'on'].includes(value.toLowerCase());
}
