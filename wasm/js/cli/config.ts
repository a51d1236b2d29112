/** `govc.config.{js,mjs,cjs,ts,json}`: the policies of a repository, for `govc ci`, for hooks and for `govc commit`. */
import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { GovcError } from '../errors.js';
import type { Problem, Validator } from '../types.js';
import { conflictMarkers } from '../validators/markers.js';
import { paths, type PathRules } from '../validators/policy.js';
import { syntax } from '../validators/syntax.js';

/** A policy as a configuration gives it. A validator alone is one, too. */
export interface PolicyEntry {
  name: string;
  /** Changed files that it is for, as globs; all where there are none. */
  paths?: string | string[];
  /** A validator, or the name of one that govc has: 'syntax', 'conflict-markers', 'paths'. */
  check: Validator | 'syntax' | 'conflict-markers' | 'paths';
  /** The rules of 'paths'. */
  options?: PathRules;
  /** Of everything that it finds; by default what it says itself. */
  severity?: 'error' | 'warning';
}

/** What is wrong with a commit's message: nothing, words, or problems. */
export type MessageCheck = (message: string) => void | undefined | string | string[] | Problem[];

export interface Configuration {
  /** The file, or undefined where there is none and the built-in policies hold. */
  file: string | undefined;
  policies: { name: string; paths: string[]; validator: Validator; severity: 'error' | 'warning' | undefined }[];
  commitMessage: MessageCheck | undefined;
}

const NAMES = ['govc.config.js', 'govc.config.mjs', 'govc.config.cjs', 'govc.config.ts', 'govc.config.json'];
const BUILT_IN: Record<string, (options: PathRules) => Validator> = { syntax: () => syntax(), 'conflict-markers': () => conflictMarkers(), paths };

/** Loads the configuration of the repository at `root`, or the one that is named. */
export async function loadConfiguration(root: string, named?: string): Promise<Configuration> {
  const file = named === undefined ? NAMES.map((name) => join(root, name)).find(existsSync) : isAbsolute(named) ? named : resolve(named);
  if (file === undefined) return { file, policies: [builtIn('syntax'), builtIn('conflict-markers')], commitMessage: undefined };
  const content = await load(file);
  const refuse = (problem: string) => new GovcError('InvalidArgument', `${file}: ${problem}`, { path: file });
  if (typeof content !== 'object' || content === null) throw refuse("its default export is no object with 'policies'");
  const { policies = [], commitMessage } = content as { policies?: unknown; commitMessage?: unknown };
  if (!Array.isArray(policies)) throw refuse("'policies' is no list");
  if (commitMessage !== undefined && typeof commitMessage !== 'function') throw refuse("'commitMessage' is no function");
  return { file, policies: policies.map((entry: unknown, at) => policyOf(entry, at, refuse)), commitMessage: commitMessage as MessageCheck | undefined };
}

function builtIn(name: string): Configuration['policies'][number] {
  return { name, paths: [], validator: BUILT_IN[name]!({}), severity: undefined };
}

async function load(file: string): Promise<unknown> {
  if (!existsSync(file)) throw new GovcError('NotFound', `${file} does not exist`, { path: file });
  if (file.endsWith('.json')) {
    try {
      return JSON.parse(readFileSync(file, 'utf8'));
    } catch (thrown) {
      throw new GovcError('InvalidArgument', `${file} is no valid JSON: ${(thrown as Error).message}`, { path: file });
    }
  }
  try {
    const module = await import(pathToFileURL(file).href) as { default?: { default?: unknown } };
    return module.default?.default ?? module.default;
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    if (code === 'ERR_UNKNOWN_FILE_EXTENSION') {
      throw new GovcError('InvalidArgument', `${file}: Node ${process.version} does not load TypeScript: name it govc.config.mjs, or use Node 22.18 or later`, { path: file });
    }
    throw new GovcError('InvalidArgument', `${file} does not load: ${message}`, { path: file }, { cause: thrown });
  }
}

function policyOf(entry: unknown, at: number, refuse: (problem: string) => GovcError): Configuration['policies'][number] {
  if (typeof entry === 'function') return { name: entry.name || `policy ${at + 1}`, paths: [], validator: entry as Validator, severity: undefined };
  const { name, paths: globs = [], check, options = {}, severity } = (entry ?? {}) as Partial<PolicyEntry>;
  if (typeof name !== 'string' || name === '') throw refuse(`policy ${at + 1} has no name`);
  if (severity !== undefined && severity !== 'error' && severity !== 'warning') throw refuse(`policy '${name}': its severity is neither 'error' nor 'warning'`);
  const validator = typeof check === 'function' ? check : typeof check === 'string' && Object.hasOwn(BUILT_IN, check) ? BUILT_IN[check]!(options) : undefined;
  if (validator === undefined) throw refuse(`policy '${name}': its check is neither a function nor one of ${Object.keys(BUILT_IN).join(', ')}`);
  const list = Array.isArray(globs) ? globs : [globs];
  if (!list.every((glob) => typeof glob === 'string')) throw refuse(`policy '${name}': its paths are no globs`);
  return { name, paths: list, validator, severity };
}
