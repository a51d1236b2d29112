// Measures what a hook takes on a repository of 10,000 files with one staged change: govc, lint-staged, and husky with one
// command. Each checks that the staged JSON file parses. Times are those of the hook alone, as git would start it.
//
//   node hook.mjs PACKED.tgz [ROUNDS]
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { median } from './measure.mjs';

const FILES = 10_000;
const FOLDERS = 200;
const [packed, rounds = '15'] = process.argv.slice(2);
const modules = fileURLToPath(new URL('node_modules', import.meta.url));

/** What lint-staged and husky run: the same as govc checks, without a program of its own. */
const CHECK = `import { readFileSync } from 'node:fs';
for (const path of process.argv.slice(2)) JSON.parse(readFileSync(path, 'utf8'));
`;

const folder = mkdtempSync(join(tmpdir(), 'govc-hook-'));
const git = (...args) => execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] }).toString();

function prepare() {
  git('init', '-q', '-b', 'main');
  git('config', 'gc.auto', '0');
  git('config', 'maintenance.auto', 'false');
  for (let at = 0; at < FOLDERS; at++) mkdirSync(join(folder, `folder-${at}`, 'deep'), { recursive: true });
  for (let at = 0; at < FILES; at++) writeFileSync(join(folder, `folder-${at % FOLDERS}`, 'deep', `file-${at}.json`), `{ "number": ${at} }\n`);
  writeFileSync(join(folder, '.gitignore'), 'node_modules\n');
  writeFileSync(join(folder, 'check.mjs'), CHECK);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'x', private: true, type: 'module', 'lint-staged': { '*.json': 'node check.mjs' } }));
  mkdirSync(join(folder, 'node_modules'));
  for (const name of ['husky', 'lint-staged']) symlinkSync(join(modules, name), join(folder, 'node_modules', name));
  const own = mkdtempSync(join(tmpdir(), 'govc-packed-'));
  execFileSync('tar', ['-xzf', packed, '-C', own]);
  cpSync(join(own, 'package'), join(folder, 'node_modules', 'govc'), { recursive: true });
  rmSync(own, { recursive: true });
  git('add', '-A');
  git('commit', '-q', '-m', 'All');
  git('gc', '-q');
  writeFileSync(join(folder, 'folder-7', 'deep', 'file-7.json'), '{ "number": "seven" }\n');
  git('add', '-A');
}

/** The hooks, each as the file that git would run. */
function hooks() {
  const node = process.execPath;
  execFileSync(node, [join(folder, 'node_modules/govc/dist/cli.cjs'), 'hook', 'install'], { cwd: folder });
  const husky = (name, line) => {
    execFileSync(node, [join(folder, 'node_modules/husky/bin.js'), name], { cwd: folder });
    writeFileSync(join(folder, name, 'pre-commit'), `${line}\n`);
    return ['sh', join(folder, name, '_', 'pre-commit')];
  };
  const found = {
    'govc hook': ['sh', join(folder, '.git/hooks/pre-commit')],
    'lint-staged, one command': [node, join(folder, 'node_modules/lint-staged/bin/lint-staged.js')],
    'husky, lint-staged with one command': husky('.husky-a', `node node_modules/lint-staged/bin/lint-staged.js`),
    'husky, one command of npm': husky('.husky-b', 'npm exec --offline -c "node check.mjs $(git diff --cached --name-only)"'),
    'husky, node alone': husky('.husky-c', 'node check.mjs $(git diff --cached --name-only)'),
  };
  git('config', '--unset', 'core.hooksPath');
  return found;
}

prepare();
const all = hooks();
const times = Object.fromEntries(Object.keys(all).map((name) => [name, []]));
for (let round = 0; round < Number(rounds); round++) {
  for (const [name, [program, ...args]] of Object.entries(all)) {
    const started = performance.now();
    const { status, stderr } = spawnSync(program, args, { cwd: folder });
    const wall = performance.now() - started;
    if (status !== 0) throw new Error(`${name}: ${stderr}`);
    times[name].push(wall);
  }
}
for (const [name, wall] of Object.entries(times)) {
  console.log(`${name.padEnd(38)} median ${median(wall).toFixed(0).padStart(5)} ms   least ${Math.min(...wall).toFixed(0).padStart(5)} ms`);
}
rmSync(folder, { recursive: true });
