// `govc hook install --with` beside the programs that it writes for: real commits through husky, lefthook and lint-staged.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { govc, json, run } from './govc.mjs';
import { folder as installed } from './installed.mjs';
import { environment, git, gitFails, temporaryFolder } from './repository.mjs';

const start = promisify(execFile);
const CONFIGURATION = `module.exports = {
  policies: [{ name: 'syntax', check: 'syntax' }],
  commitMessage: (message) => /^[A-Z]/.test(message) ? undefined : 'begins with no capital',
};
`;

/** A repository that has govc and these among its modules, and nothing of anybody's settings. */
async function project(...modules) {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'node_modules', '.bin'), { recursive: true });
  await symlink(join(installed, 'node_modules', 'govc'), join(folder, 'node_modules', 'govc'));
  await symlink('../govc/dist/cli.cjs', join(folder, 'node_modules', '.bin', 'govc'));
  for (const name of modules) await symlink(program(name), join(folder, 'node_modules', name));
  await writeFile(join(folder, 'package.json'), '{\n  "name": "visitor"\n}\n');
  await writeFile(join(folder, '.gitignore'), 'node_modules\n');
  await writeFile(join(folder, 'govc.config.cjs'), CONFIGURATION);
  await git(folder, 'init', '--quiet', '--initial-branch=main');
  return folder;
}

function program(path) {
  return fileURLToPath(new URL(`../node_modules/${path}`, import.meta.url));
}

/** Starts a program of Node in the project. */
function node(folder, path, ...words) {
  return start(process.execPath, [program(path), ...words], { cwd: folder, env: environment });
}

/** A broken file is refused, and a sound one is committed. */
async function assertChecksFiles(folder) {
  await git(folder, 'add', '-A');
  await git(folder, 'commit', '--quiet', '-m', 'First');
  await writeFile(join(folder, 'broken.json'), '{ "a": 1,');
  await git(folder, 'add', '-A');
  assert.match(await gitFails(folder, 'commit', '-m', 'Broken'), /broken\.json:1:\d+: error/);
  // What counts is the index: the file in the work tree is sound by now.
  await writeFile(join(folder, 'broken.json'), '{}');
  await gitFails(folder, 'commit', '-m', 'Broken');
  await git(folder, 'add', '-A');
  await git(folder, 'commit', '--quiet', '-m', 'Sound');
}

/** A message is looked at, and so is what goes out. */
async function assertChecksAll(folder) {
  await assertChecksFiles(folder);
  assert.match(await gitFails(folder, 'commit', '--allow-empty', '-m', 'no capital'), /begins with no capital/);
  const other = await temporaryFolder();
  await git(other, 'init', '--quiet', '--bare');
  await git(folder, 'push', '--quiet', other, 'main');
  await writeFile(join(folder, 'broken.json'), '{ "a": 1,');
  await git(folder, 'commit', '--quiet', '--no-verify', '-a', '-m', 'Unchecked');
  assert.match(await gitFails(folder, 'push', other, 'main'), /broken\.json:1:\d+: error/);
  assert.equal(await git(other, 'log', '-1', '--format=%s', 'main'), 'Sound');
}

const ALL = ['--hook', 'pre-commit', '--hook', 'commit-msg', '--hook', 'pre-push'];

test('husky', async () => {
  const folder = await project();
  await node(folder, 'husky/bin.js');
  await govc(folder, 'hook', 'install', '--with', 'husky', ...ALL);
  await assertChecksAll(folder);
  const again = await json(folder, 'hook', 'install', '--with', 'husky', ...ALL);
  assert.deepEqual(again.map(({ change }) => change), ['unchanged', 'unchanged', 'unchanged']);
});

test('lefthook', async () => {
  // The program alone: what comes with it would put itself into the hooks of this repository as it is installed.
  const name = `lefthook-${process.platform}-${process.arch}`;
  const folder = await project(name);
  await govc(folder, 'hook', 'install', '--with', 'lefthook');
  const written = await json(folder, 'hook', 'install', '--with', 'lefthook', ...ALL);
  assert.deepEqual(written.map(({ change }) => change), ['unchanged', 'written', 'written']);
  await start(program(`${name}/bin/lefthook`), ['install'], { cwd: folder, env: environment });
  await assertChecksAll(folder);
  await writeFile(join(folder, 'lefthook.yml'), 'pre-commit:\n  commands:\n    mine:\n      run: "true"\n');
  const { code, stderr } = await run(folder, ['hook', 'install', '--with', 'lefthook']);
  assert.deepEqual([code, /Put this into it:\n\npre-commit:/.test(stderr)], [4, true]);
});

test('lint-staged', async () => {
  const folder = await project();
  await govc(folder, 'hook', 'install', '--with', 'lint-staged');
  const hook = join(folder, '.git', 'hooks', 'pre-commit');
  await mkdir(dirname(hook), { recursive: true });
  await writeFile(hook, `#!/bin/sh\nexec '${process.execPath}' '${program('lint-staged/bin/lint-staged.js')}'\n`, { mode: 0o755 });
  await assertChecksFiles(folder);
  const { code, stderr } = await run(folder, ['hook', 'install', '--with', 'lint-staged', '--hook', 'commit-msg']);
  assert.deepEqual([code, /pre-commit alone/.test(stderr)], [2, true]);
});

test('what is written for pre-commit, beside hooks that are there', async () => {
  const folder = await project();
  const path = join(folder, '.pre-commit-config.yaml');
  const before = 'repos:\n- repo: local\n  hooks: []\n';
  await writeFile(path, before);
  await govc(folder, 'hook', 'install', '--with', 'pre-commit', '--hook', 'commit-msg');
  assert.equal(await readFile(path, 'utf8'), `${before}- repo: local
  hooks:
    - id: govc-commit-msg
      name: govc commit-msg
      entry: node node_modules/govc/dist/cli.cjs hook run commit-msg
      language: system
      stages: [commit-msg]
`);
  // It tells a hook of a push by its environment.
  await git(folder, 'add', '-A');
  await git(folder, 'commit', '--quiet', '-m', 'First');
  await writeFile(join(folder, 'broken.json'), '{');
  await git(folder, 'add', '-A');
  await git(folder, 'commit', '--quiet', '-m', 'Broken');
  const [from, to] = [await git(folder, 'rev-parse', 'HEAD~1'), await git(folder, 'rev-parse', 'HEAD')];
  const told = { PRE_COMMIT: '1', PRE_COMMIT_LOCAL_BRANCH: 'refs/heads/main', PRE_COMMIT_FROM_REF: from, PRE_COMMIT_TO_REF: to };
  assert.match((await run(folder, ['hook', 'run', 'pre-push'], told)).stderr, /broken\.json:1:\d+: error/);
  assert.equal((await run(folder, ['hook', 'run', 'pre-push'], { ...told, PRE_COMMIT_FROM_REF: to })).code, 0);
});
