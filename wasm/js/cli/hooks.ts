/** Hooks of a repository: where they lie, what stands there, and how govc gets in without pushing anybody out. */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

import { GovcError } from '../errors.js';
import { settingPath } from '../worktree/settings.js';
import type { WorkTree } from '../worktree/work-tree.js';

/** Hooks that govc knows how to run. */
export const HOOKS = ['pre-commit', 'pre-merge-commit', 'commit-msg', 'pre-push'] as const;
export type HookName = typeof HOOKS[number];

/** Programs that run hooks, which govc can be put into. */
export const RUNNERS = ['husky', 'lefthook', 'lint-staged', 'pre-commit'] as const;
export type Runner = typeof RUNNERS[number];

/** What a file says that was written here. */
const MARK = '# govc hook';
/** What a hook is called that was there before. */
const BEFORE = '.before-govc';

/** What was done, for people and for `--json`. */
export interface HookChange { path: string; change: 'written' | 'unchanged' | 'removed' | 'restored'; note?: string }

/** The folder in which git looks for hooks. */
export function hookFolder(tree: WorkTree): string {
  const common = String(tree.layout.commonFolder);
  const setting = tree.config.get('core.hookspath');
  if (setting === undefined || setting === '') return join(common, 'hooks');
  return settingPath(setting, tree.hasFiles ? String(tree.root) : common, tree.environment);
}

/** What stands in the place of a hook. */
export function stateOfHook(tree: WorkTree, name: HookName): 'govc' | 'other' | 'none' {
  const path = join(hookFolder(tree), name);
  if (!existsSync(path)) return 'none';
  return readFileSync(path, 'utf8').includes(MARK) ? 'govc' : 'other';
}

/** Writes a hook of plain git. Somebody's own hook stays: with `chain` it runs first, else nothing is changed. */
export function installHook(tree: WorkTree, name: HookName, chain: boolean): HookChange {
  const folder = hookFolder(tree);
  const inside = [String(tree.layout.commonFolder), ...tree.hasFiles ? [String(tree.root)] : []].some((root) => folder === root || folder.startsWith(`${root}${sep}`));
  if (!inside) {
    throw new GovcError('Rejected', `core.hooksPath leads to ${folder}, which serves other repositories, too: set it for this one alone with 'git config --local core.hooksPath .git/hooks'`, { path: folder });
  }
  if (folder.split(sep).slice(-2).join('/') === '.husky/_') {
    throw new GovcError('Rejected', "husky runs the hooks of this repository: 'govc hook install --with husky'", { path: folder });
  }
  const path = join(folder, name);
  const content = script(tree, name);
  if (existsSync(path)) {
    if (readFileSync(path, 'utf8') === content) return { path, change: 'unchanged' };
    if (stateOfHook(tree, name) === 'other') {
      if (!chain) {
        throw new GovcError('AlreadyExists', `${path} is somebody else's: it was not changed. With --chain it is kept as ${name}${BEFORE} and runs first; or call 'govc hook run ${name}' from it`, { path });
      }
      if (existsSync(path + BEFORE)) throw new GovcError('AlreadyExists', `${path}${BEFORE} is there already: nothing was changed`, { path: path + BEFORE });
      renameSync(path, path + BEFORE);
    }
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, content);
  chmodSync(path, 0o755);
  return { path, change: 'written', ...(existsSync(path + BEFORE) && { note: `${name}${BEFORE} runs first` }) };
}

/** Removes a hook that was written here, and puts back what was there before. */
export function uninstallHook(tree: WorkTree, name: HookName): HookChange {
  const path = join(hookFolder(tree), name);
  if (stateOfHook(tree, name) !== 'govc') return { path, change: 'unchanged' };
  rmSync(path);
  if (!existsSync(path + BEFORE)) return { path, change: 'removed' };
  renameSync(path + BEFORE, path);
  return { path, change: 'restored' };
}

/** Runs Node on the command itself: neither npx nor a shell's search comes between. */
function script(tree: WorkTree, name: HookName): string {
  const own = resolve(__dirname, 'cli.cjs');
  const root = tree.hasFiles ? String(tree.root) : String(tree.layout.commonFolder);
  const fromRoot = relative(root, own);
  const path = fromRoot.startsWith('..') ? own : fromRoot.split(sep).join('/');
  return [
    '#!/bin/sh', `${MARK}: written by 'govc hook install', removed by 'govc hook uninstall'.`,
    `if [ -x "$0${BEFORE}" ]; then "$0${BEFORE}" "$@" || exit $?; fi`,
    `if [ -f ${shellWord(path)} ]; then exec node ${shellWord(path)} hook run ${name} "$@"; fi`,
    `if command -v govc >/dev/null 2>&1; then exec govc hook run ${name} "$@"; fi`,
    `echo "govc is not installed here: run 'npm install', or pass this hook by with --no-verify" >&2`, 'exit 1', '',
  ].join('\n');
}

function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Puts govc into a program that runs hooks. */
export function installWith(tree: WorkTree, runner: Runner, name: HookName): HookChange {
  const root = String(tree.root);
  switch (runner) {
    case 'husky': return huskyHook(join(root, '.husky', name), name);
    case 'lefthook': return lefthookHook(join(root, 'lefthook.yml'), name, commandIn(root));
    case 'lint-staged': return lintStaged(join(root, 'package.json'), name);
    case 'pre-commit': return preCommitHook(join(root, '.pre-commit-config.yaml'), name, commandIn(root));
  }
}

/** How others start govc in the root of a project: npm's own start takes longer than most checks. */
function commandIn(root: string): string {
  const installed = 'node_modules/govc/dist/cli.cjs';
  return existsSync(join(root, installed)) ? `node ${installed}` : 'npx --no-install govc';
}

/** lefthook gives arguments only where they are asked for, and the lines of git's input, too. */
function lefthookHook(path: string, name: HookName, command: string): HookChange {
  const argument = name === 'commit-msg' ? ' {1}' : '';
  const input = name === 'pre-push' ? '      use_stdin: true\n' : '';
  const block = `${name}:\n  commands:\n    govc:\n      run: ${command} hook run ${name}${argument}\n${input}`;
  return appended(path, name, block, new RegExp(`^${name}:`, 'm'), "run 'npx lefthook install'");
}

/** pre-commit tells of a push by its environment, and gives the file of a message as it gives others. */
function preCommitHook(path: string, name: HookName, command: string): HookChange {
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const indent = /^([ \t]*)- +repo:/m.exec(before)?.[1] ?? '  ';
  const files = name === 'commit-msg' ? [] : ['pass_filenames: false', 'always_run: true'];
  const hook = [`name: govc ${name}`, `entry: ${command} hook run ${name}`, 'language: system', `stages: [${name}]`, ...files];
  const lines = ['- repo: local', '  hooks:', `    - id: govc-${name}`, ...hook.map((line) => `      ${line}`)];
  const block = `${/^repos:/m.test(before) ? '' : 'repos:\n'}${lines.map((line) => `${indent}${line}\n`).join('')}`;
  return appended(path, name, block, /^(?!repos:|#|\s|-|$)[^\n]*|^repos:[ \t]*\S/m, `run 'pre-commit install --hook-type ${name}'`);
}

/** A line of its own in husky's file for the hook: others stay. */
function huskyHook(path: string, name: HookName): HookChange {
  const line = `govc hook run ${name} "$@" ${MARK}\n`;
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
  if (before.includes(MARK)) return { path, change: 'unchanged' };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, before === '' || before.endsWith('\n') ? before + line : `${before}\n${line}`);
  const ready = existsSync(join(dirname(path), '_'));
  return { path, change: 'written', ...(!ready && { note: "husky is not set up yet: run 'npx husky'" }) };
}

/** Adds a block at the end of a YAML file, or refuses and shows it where the file has what it would clash with. */
function appended(path: string, name: HookName, block: string, clash: RegExp, note: string): HookChange {
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
  if (before.includes(`hook run ${name}`)) return { path, change: 'unchanged' };
  if (clash.test(before)) throw new GovcError('AlreadyExists', `${path} was not changed, because it has such hooks already. Put this into it:\n\n${block}`, { path, block });
  writeFileSync(path, before === '' || before.endsWith('\n') ? before + block : `${before}\n${block}`);
  return { path, change: 'written', note };
}

/** lint-staged checks the files of a commit, and nothing else. */
function lintStaged(path: string, name: HookName): HookChange {
  if (name !== 'pre-commit') throw new GovcError('InvalidArgument', `lint-staged runs in pre-commit alone: install ${name} without --with, or with husky`, { hook: name });
  if (!existsSync(path)) throw new GovcError('NotFound', `${path} does not exist: lint-staged is configured there`, { path });
  const text = readFileSync(path, 'utf8');
  const manifest = JSON.parse(text) as Record<string, unknown>;
  const block = '"lint-staged": {\n  "*": "govc ci --staged"\n}';
  if (manifest['lint-staged'] !== undefined) {
    if (/\bgovc\b/.test(JSON.stringify(manifest['lint-staged']))) return { path, change: 'unchanged' };
    throw new GovcError('AlreadyExists', `${path} was not changed, because it configures lint-staged already. Put this into it:\n\n${block}`, { path, block });
  }
  const indent = /\n([ \t]+)"/.exec(text)?.[1] ?? '  ';
  writeFileSync(path, `${JSON.stringify({ ...manifest, 'lint-staged': { '*': 'govc ci --staged' } }, null, indent)}\n`);
  return { path, change: 'written', note: 'it is given the staged files; a hook has to start lint-staged' };
}
