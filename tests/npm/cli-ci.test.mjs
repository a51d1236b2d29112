// govc ci and hooks: policies on exactly what will be committed, whatever the files of the work tree say.
import assert from 'node:assert/strict';
import { access, chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { command, govc, json, run } from './govc.mjs';
import { commit, environment, git, gitFails, repository } from './repository.mjs';

const CONFIG = `
export default {
  policies: [
    { name: 'syntax', check: 'syntax' },
    { name: 'no-shouting', paths: ['*.md', '!CHANGELOG.md'], severity: 'warning', check: (snapshot, changes) => changes.flatMap(({ path }) =>
      snapshot.readText(path).split('\\n').flatMap((text, at) => /[A-Z]{6}/.test(text) ? [{ path, line: at + 1, column: 1, message: 'do not shout: 100%, a:b' }] : [])) },
    function throws(snapshot, changes) { if (changes.some(({ path }) => path === 'bomb')) throw new Error('boom\\nin two lines'); },
  ],
  commitMessage: (message) => message.startsWith('wip') ? 'wip commits stay at home' : undefined,
};
`;

async function withConfig() {
  const folder = await repository(1);
  await commit(folder, 'govc.config.mjs', CONFIG);
  return folder;
}

/** All files of the object database and the index. */
async function stored(folder) {
  const names = await readdir(join(folder, '.git/objects'), { recursive: true });
  return [names.sort().join(), (await readFile(join(folder, '.git/index'))).toString('hex')];
}

test('the index is checked, and neither files nor repository are touched', async () => {
  const folder = await withConfig();
  await mkdir(join(folder, 'd'));
  await writeFile(join(folder, 'd/x.json'), '{"a":\n  }');
  await writeFile(join(folder, 'good.json'), '{}');
  await git(folder, 'add', '-A');
  // The work tree says the opposite.
  await writeFile(join(folder, 'd/x.json'), '{}');
  await writeFile(join(folder, 'good.json'), '{');
  const before = await stored(folder);
  const { code, stdout } = await run(folder, ['ci', '--json']);
  assert.equal(code, 1);
  const result = JSON.parse(stdout);
  assert.deepEqual(result.problems.map(({ path, line, column, rule, severity }) => [path, line, column, rule, severity]), [['d/x.json', 2, 3, 'syntax', 'error']]);
  assert.deepEqual(await stored(folder), before);
  assert.equal(result.tree, await git(folder, 'write-tree'));
  await git(folder, 'add', 'd/x.json');
  assert.equal((await run(folder, ['ci'])).code, 0);
});

test('nothing is written by a check of an index whose trees are new', async () => {
  const folder = await withConfig();
  await mkdir(join(folder, 'e/f'), { recursive: true });
  await writeFile(join(folder, 'e/f/new.md'), 'ok\n');
  await git(folder, 'add', '-A');
  const before = await stored(folder);
  assert.match(await govc(folder, 'ci', '--staged'), /^no problems in 1 changed file of the index$/);
  assert.deepEqual(await stored(folder), before);
});

test('a commit and a range', async () => {
  const folder = await withConfig();
  const first = await git(folder, 'rev-parse', 'HEAD');
  await commit(folder, 'bad.json', '[');
  await commit(folder, 'bad.json', '[]');
  assert.equal((await run(folder, ['ci', '--commit', 'HEAD~1'])).code, 1);
  assert.equal((await run(folder, ['ci', '--commit', 'HEAD'])).code, 0);
  assert.equal((await run(folder, ['ci', '--range', `${first}..HEAD~1`])).code, 1);
  assert.equal((await run(folder, ['ci', '--range', `${first}..HEAD`])).code, 0);
  assert.equal((await run(folder, ['ci', '--range', 'HEAD'])).code, 2);
  assert.equal((await run(folder, ['ci', '--commit', 'nowhere'])).code, 3);
});

test('a policy looks into changes, into other files, and at other commits', async () => {
  const folder = await repository(2);
  await writeFile(join(folder, 'govc.config.cjs'), `module.exports = { policies: [{ name: 'looks', check: (snapshot, changes) => changes.map((change) => ({
    path: change.path, message: [change.kind, change.hunks().length, change.unified().split('\\n')[0], snapshot.readText('file 1').trim(), snapshot.diff('HEAD~1').length].join() })) }] };`);
  await writeFile(join(folder, 'new'), 'x\n');
  await git(folder, 'add', 'new');
  await git(folder, 'rm', '-q', 'file 2');
  const kinds = (result) => result.problems.map(({ path, message }) => `${path}: ${message}`);
  // An addition and a deletion may be a rename: the engine tells. Alone, neither needs it.
  assert.deepEqual(kinds(JSON.parse((await run(folder, ['ci', '--json'])).stdout)), ['file 2: removed,1,diff --git a/file 2 b/file 2,content 1,1', 'new: added,1,diff --git a/new b/new,content 1,1']);
  await git(folder, 'reset', '-q', '--', 'file 2');
  assert.deepEqual(kinds(JSON.parse((await run(folder, ['ci', '--json'])).stdout)), ['new: added,1,diff --git a/new b/new,content 1,2']);
  await git(folder, 'mv', '-f', 'file 1', 'moved');
  await writeFile(join(folder, 'govc.config.cjs'), `module.exports = { policies: [(snapshot, changes) => changes.map(({ path, from, kind, oldMode, newMode }) => ({ path, message: [kind, from, oldMode, newMode].join() }))] };`);
  assert.deepEqual(kinds(JSON.parse((await run(folder, ['ci', '--json'])).stdout)), ['moved: renamed,file 1,100644,100644', 'new: added,,,100644']);
});

test('a configuration in TypeScript is loaded where Node loads it, else it is said what to do', async () => {
  const folder = await repository(1);
  await writeFile(join(folder, 'govc.config.ts'), "const policies: object[] = [{ name: 'syntax', check: 'syntax' }];\nexport default { policies };\n");
  await writeFile(join(folder, 'x.json'), '{');
  await git(folder, 'add', '-A');
  const { code, stdout, stderr } = await run(folder, ['ci']);
  if (process.features.typescript) assert.deepEqual([code, /x\.json:1:2/.test(stdout)], [1, true]);
  else assert.deepEqual([code, /does not load TypeScript: name it govc\.config\.mjs, or use Node 22\.18/.test(stderr)], [2, true]);
});

test('reports for people, code scanners, CI systems and GitHub', async () => {
  const folder = await withConfig();
  await writeFile(join(folder, 'a,b: 100%.md'), 'QUIET PLEASE\n');
  await writeFile(join(folder, 'bomb'), '<x>\n');
  await git(folder, 'add', '-A');
  const report = async (format) => (await run(folder, ['ci', '--format', format])).stdout;
  assert.equal(await report('text'), 'a,b: 100%.md:1:1: warning: do not shout: 100%, a:b (no-shouting)\nerror: boom\n    in two lines (throws)\n1 error, 1 warning in 2 changed files of the index\n');
  assert.equal(await report('github'), '::warning file=a%2Cb%3A 100%25.md,line=1,col=1,title=no-shouting::do not shout: 100%25, a:b\n::error title=throws::boom%0Ain two lines\n');
  const sarif = JSON.parse(await report('sarif'));
  assert.equal(sarif.version, '2.1.0');
  const [{ tool, results }] = sarif.runs;
  assert.equal(tool.driver.name, 'govc');
  assert.deepEqual(results.map(({ ruleId, level, message }) => [ruleId, level, message.text]), [['no-shouting', 'warning', 'do not shout: 100%, a:b'], ['throws', 'error', 'boom\nin two lines']]);
  assert.ok(results.every(({ ruleId, ruleIndex }) => tool.driver.rules[ruleIndex].id === ruleId));
  const { physicalLocation } = results[0].locations[0];
  assert.deepEqual(physicalLocation, { artifactLocation: { uri: 'a%2Cb%3A%20100%25.md', uriBaseId: 'SRCROOT' }, region: { startLine: 1, startColumn: 1 } });
  const junit = await report('junit');
  assert.match(junit, /<testsuites tests="\d+" failures="1" errors="0">/);
  assert.match(junit, /<failure message="boom&#10;in two lines" type="throws">/);
  const output = join(folder, 'out.sarif');
  const { stdout } = await run(folder, ['ci', '--format', 'sarif', '--output', output]);
  assert.match(stdout, /1 error, 1 warning/);
  assert.deepEqual(JSON.parse(await readFile(output, 'utf8')), sarif);
});

test('a hook of plain git refuses a bad commit, message and push, and goes away again', async () => {
  const folder = await withConfig();
  await govc(folder, 'hook', 'install', '--hook', 'pre-commit', '--hook', 'commit-msg', '--hook', 'pre-push');
  assert.match(await govc(folder, 'hook', 'install'), /^unchanged /);
  await writeFile(join(folder, 'bad.json'), '{');
  assert.match(await gitFails(folder, 'commit', '-qm', 'nothing staged, but all', '-a'), /^|nothing/);
  await git(folder, 'add', 'bad.json');
  assert.match(await gitFails(folder, 'commit', '-qm', 'bad'), /bad\.json:1:2: error: .*\(syntax\)/);
  await git(folder, 'commit', '-qm', 'bad all the same', '--no-verify');
  const remote = await repository(0);
  await git(remote, 'config', 'receive.denyCurrentBranch', 'ignore');
  await git(folder, 'remote', 'add', 'origin', remote);
  assert.match(await gitFails(folder, 'push', '-q', 'origin', 'main'), /bad\.json:1:2: error/);
  await writeFile(join(folder, 'bad.json'), '{}');
  assert.match(await gitFails(folder, 'commit', '-aqm', 'wip: more'), /wip commits stay at home/);
  await git(folder, 'commit', '-aqm', 'Good');
  await git(folder, 'push', '-q', 'origin', 'main');
  assert.deepEqual((await json(folder, 'hook', 'list')).hooks.map(({ state }) => state), ['govc', 'none', 'govc', 'govc']);
  await govc(folder, 'hook', 'uninstall');
  assert.deepEqual((await json(folder, 'hook', 'list')).hooks.map(({ state }) => state), ['none', 'none', 'none', 'none']);
});

test("a commit of some files, which has an index of its own, is checked as it will be", async () => {
  const folder = await withConfig();
  await commit(folder, 'one.json', '{}');
  await govc(folder, 'hook', 'install');
  await writeFile(join(folder, 'one.json'), '{');
  await writeFile(join(folder, 'two.json'), '{');
  await git(folder, 'add', 'two.json');
  await gitFails(folder, 'commit', '-qm', 'one', '--', 'one.json');
  await writeFile(join(folder, 'one.json'), '[]');
  // two.json is staged and broken, and not part of this commit.
  await git(folder, 'commit', '-qm', 'one', '--', 'one.json');
  assert.equal(await git(folder, 'show', '--format=', '--name-only', 'HEAD'), 'one.json');
});

test("somebody's hook is never overwritten", async () => {
  const folder = await withConfig();
  const path = join(folder, '.git/hooks/pre-commit');
  await mkdir(join(folder, '.git/hooks'), { recursive: true });
  await writeFile(path, '#!/bin/sh\necho theirs >> ran\n');
  await chmod(path, 0o755);
  const refused = await run(folder, ['hook', 'install']);
  assert.equal(refused.code, 4);
  assert.match(refused.stderr, /--chain/);
  assert.match(await readFile(path, 'utf8'), /theirs/);
  await govc(folder, 'hook', 'install', '--chain');
  await commit(folder, 'fine.json', '{}');
  assert.equal(await readFile(join(folder, 'ran'), 'utf8'), 'theirs\n');
  await govc(folder, 'hook', 'uninstall');
  assert.match(await readFile(path, 'utf8'), /theirs/);
  await git(folder, 'config', 'core.hooksPath', 'own-hooks');
  await govc(folder, 'hook', 'install');
  await access(join(folder, 'own-hooks/pre-commit'));
  await git(folder, 'config', 'core.hooksPath', '/somewhere/else');
  assert.equal((await run(folder, ['hook', 'install'])).code, 9);
});

test('husky, lefthook, lint-staged and pre-commit: added once, and what is there stays', async () => {
  const folder = await withConfig();
  await mkdir(join(folder, '.husky'));
  await writeFile(join(folder, '.husky/pre-commit'), 'npm test\n');
  await writeFile(join(folder, 'package.json'), '{\n    "name": "x"\n}\n');
  for (const runner of ['husky', 'lefthook', 'lint-staged', 'pre-commit']) {
    assert.match(await govc(folder, 'hook', 'install', '--with', runner), /^written/);
    assert.match(await govc(folder, 'hook', 'install', '--with', runner), /^unchanged/);
  }
  assert.match(await readFile(join(folder, '.husky/pre-commit'), 'utf8'), /^npm test\ngovc hook run pre-commit "\$@" # govc hook\n$/);
  assert.deepEqual(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')), { name: 'x', 'lint-staged': { '*': 'govc ci --staged' } });
  await rm(join(folder, 'lefthook.yml'));
  await writeFile(join(folder, 'lefthook.yml'), 'pre-commit:\n  commands: {}\n');
  const { code, stderr } = await run(folder, ['hook', 'install', '--with', 'lefthook']);
  assert.equal(code, 4);
  assert.match(stderr, /Put this into it/);
});

test('govc commit heeds the policies, too', async () => {
  const folder = await withConfig();
  await writeFile(join(folder, 'bad.json'), '{');
  await govc(folder, 'add', '-A');
  const { code, stdout } = await run(folder, ['commit', '-m', 'bad', '--json']);
  assert.equal(code, 1);
  assert.equal(JSON.parse(stdout).error.code, 'ValidationFailed');
  await govc(folder, 'commit', '-m', 'bad', '--no-verify');
});

test('a configuration that is broken says where', async () => {
  const folder = await repository(1);
  const refused = async (name, text) => {
    await writeFile(join(folder, name), text);
    const { code, stderr } = await run(folder, ['ci']);
    await rm(join(folder, name));
    assert.equal(code, 2, stderr);
    assert.match(stderr, new RegExp(name));
    return stderr;
  };
  await refused('govc.config.mjs', 'export default {');
  await refused('govc.config.json', '{');
  assert.match(await refused('govc.config.json', '{"policies": [{"name": "x", "check": "toString"}]}'), /neither a function nor one of/);
  await writeFile(join(folder, 'govc.config.json'), '{"policies": [{"name": "no keys", "check": "paths", "options": {"deny": ["*.pem"]}}]}');
  await writeFile(join(folder, 'a.pem'), 'x');
  await git(folder, 'add', 'a.pem');
  assert.equal((await run(folder, ['ci'])).code, 1);
});

test('control characters of hostile names do not reach a terminal', async () => {
  const folder = await repository(1);
  await writeFile(join(folder, 'evil\x1b[2J\u202e.json'), '{');
  await git(folder, 'add', '-A');
  for (const words of [['ci'], ['status'], ['ci', '--format', 'github'], ['diff', '--staged', '--name-only']]) {
    assert.doesNotMatch((await run(folder, words)).stdout, /[\x1b\u202e]/u, words.join(' '));
  }
  assert.ok(command && environment);
});
