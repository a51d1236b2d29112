/** `govc init`: a new repository, as `git init` makes it. */
import { existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { GovcError } from '../../errors.js';
import { readSettings } from '../../worktree/settings.js';
import { branchRef } from '../../worktree/refs.js';
import type { Verb } from '../verb.js';
import { safe } from '../output.js';

export const init: Verb = {
  name: 'init',
  summary: 'make a new repository',
  usage: ['[--bare] [-b BRANCH] [FOLDER]'],
  options: {
    bare: { type: 'boolean', help: 'without files beside it' },
    'initial-branch': { type: 'string', short: 'b', value: 'BRANCH', help: "its first branch; default init.defaultBranch, else 'main'" },
  },
  async run(context) {
    const folder = resolve(context.folder, context.all[0] ?? '.');
    const bare = context.has('bare');
    mkdirSync(folder, { recursive: true });
    const gitFolder = bare ? folder : join(folder, '.git');
    if (existsSync(join(gitFolder, 'HEAD'))) {
      throw new GovcError('AlreadyExists', `${gitFolder} is a repository already: nothing was changed`, { path: gitFolder });
    }
    const config = readSettings(undefined, undefined, context.environment);
    const branch = context.text('initial-branch') ?? config.get('init.defaultbranch') ?? 'main';
    const head = branchRef(branch);
    for (const name of ['objects/info', 'objects/pack', 'refs/heads', 'refs/tags', 'hooks', 'info']) mkdirSync(join(gitFolder, name), { recursive: true });
    const modes = process.platform !== 'win32';
    const settings = ['repositoryformatversion = 0', `filemode = ${modes}`, `bare = ${bare}`, ...bare ? [] : ['logallrefupdates = true']];
    writeFileSync(join(gitFolder, 'config'), `[core]\n${settings.map((line) => `\t${line}\n`).join('')}`);
    writeFileSync(join(gitFolder, 'description'), "Unnamed repository; edit this file 'description' to name the repository.\n");
    writeFileSync(join(gitFolder, 'info', 'exclude'), '# Patterns of files that git leaves alone in this clone only.\n');
    // Last: with it, the folder is a repository.
    writeFileSync(join(gitFolder, 'HEAD'), `ref: ${head}\n`);
    const path = realpathSync(gitFolder);
    return { value: { path, branch, bare }, text: `Made a repository in ${safe(path)}, on branch ${safe(branch)}\n` };
  },
};
