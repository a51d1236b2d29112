// Bytes between work tree and repository: line ends, attributes, ignore files and settings, each as git does it or refused.
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

import { govc, json, run } from './govc.mjs';
import { random } from './random-tree.mjs';
import { git, gitAs, repository } from './repository.mjs';

const LINE_ENDS = ['a\nb\n', 'a\r\nb\r\n', 'a\r\nb\n', 'a\rb\n', 'a\0\r\nb\n', '\r\n', '', 'no end', 'a\r\n\x1a', `${'x'.repeat(300)}\r\n\x01`, '\x01\x02\x03\r\n'];
const ATTRIBUTES = ['', '* text=auto\n', '* text\n', '* text eol=crlf\n', '* text=auto eol=crlf\n', '* -text\n', '* text=auto\n*.b binary\n', '* crlf\n', '* crlf=input\n', '[attr]mine text eol=lf\n* mine\n', '* eol=crlf\n*.b !eol\n'];
const SETTINGS = [[], ['core.autocrlf', 'true'], ['core.autocrlf', 'input'], ['core.eol', 'crlf']];

for (const [at, setting] of SETTINGS.entries()) {
  test(`line ends with ${setting.join(' = ') || 'the usual settings'}, in and out`, async () => {
    for (const attributes of ATTRIBUTES) {
      const folder = await repository(1);
      if (setting.length > 0) await git(folder, 'config', ...setting);
      // What the index has counts as well.
      await git(folder, '-c', 'core.autocrlf=false', 'commit', '-q', '--allow-empty', '-m', 'empty');
      await writeFile(join(folder, 'kept'), 'x\r\n');
      await git(folder, '-c', 'core.autocrlf=false', 'add', 'kept');
      await writeFile(join(folder, '.gitattributes'), attributes);
      for (const [index, text] of LINE_ENDS.entries()) {
        await writeFile(join(folder, `f${index}.a`), text, 'latin1');
        await writeFile(join(folder, `f${index}.b`), text, 'latin1');
      }
      await writeFile(join(folder, 'kept'), 'x\r\ny\r\n');
      const beside = { GIT_INDEX_FILE: join(folder, '.git', 'beside') };
      await writeFile(join(folder, '.git', 'beside'), await readFile(join(folder, '.git', 'index')));
      await gitAs(folder, beside, 'add', '-A');
      await govc(folder, 'add', '-A');
      assert.equal(await git(folder, 'ls-files', '--stage'), await gitAs(folder, beside, 'ls-files', '--stage'), `${at} ${JSON.stringify(attributes)}`);
      await git(folder, 'commit', '-qm', 'all');
      const tree = await git(folder, 'rev-parse', 'HEAD');
      await govc(folder, 'checkout', '--detach', 'HEAD~1');
      await govc(folder, 'checkout', '--detach', tree);
      const ours = await Promise.all(LINE_ENDS.map((_, index) => readFile(join(folder, `f${index}.a`), 'latin1')));
      await git(folder, 'checkout', '-q', 'HEAD~1');
      await git(folder, 'checkout', '-q', tree);
      const theirs = await Promise.all(LINE_ENDS.map((_, index) => readFile(join(folder, `f${index}.a`), 'latin1')));
      assert.deepEqual(ours, theirs, `${at} ${JSON.stringify(attributes)}`);
    }
  });
}

test('what would need a program, an encoding or an expansion is refused with its reason', async () => {
  const folder = await repository(1);
  await git(folder, 'config', 'filter.lfs.clean', 'touch ran');
  await writeFile(join(folder, '.gitattributes'), '*.bin filter=lfs\n*.u16 working-tree-encoding=UTF-16\n*.id ident\n*.none filter=unknown\n');
  for (const [name, reason] of [['a.bin', /filter 'lfs'/], ['a.u16', /UTF-16/], ['a.id', /ident/]]) {
    await writeFile(join(folder, name), '$Id$\n');
    const { code, stderr } = await run(folder, ['add', name]);
    assert.equal(code, 9);
    assert.match(stderr, reason);
  }
  await writeFile(join(folder, 'a.none'), 'as it is\n');
  await govc(folder, 'add', 'a.none');
  assert.equal((await json(folder, 'status')).entries.some(({ path }) => path === 'ran'), false);
});

test('gitignore files of all places decide as git has it', async () => {
  const NAMES = ['a', 'b', 'ab', 'a b', 'x.log', 'y.log', 'build', 'src', 'deep', '#x', '!y', 'a\\b', '[z]', 'é'];
  const PATTERNS = ['*', '*.log', '!*.log', 'build', 'build/', '/a', 'a/*', 'a/**', '**/b', 'a/**/b', 'src/*.log', '!src/', 'a b', 'a\\ b ', '\\#x', '\\!y', 'a\\\\b', '[z]', '[[]z]', '?', '[!a]', '*/', '!/deep/', 'deep/*', '!deep/b', '#a', ' ', 'b  ', '/', '!', '**', 'é'];
  for (let seed = 1; seed <= 10; seed++) {
    const next = random(seed * 31);
    const folder = await repository(0);
    const some = (count) => Array.from({ length: count }, () => `${PATTERNS[next(PATTERNS.length)]}${next(6) === 0 ? '\r' : ''}\n`).join('');
    for (let at = 0; at < 60; at++) {
      const path = join(folder, ...Array.from({ length: 1 + next(3) }, () => NAMES[next(NAMES.length)]));
      await mkdir(dirname(path), { recursive: true }).then(() => writeFile(path, 'x')).catch(() => {});
    }
    await writeFile(join(folder, '.gitignore'), some(1 + next(4)));
    await writeFile(join(folder, 'src', '.gitignore'), some(2)).catch(() => {});
    await writeFile(join(folder, 'a', '.gitignore'), some(2)).catch(() => {});
    await writeFile(join(folder, '.git', 'info', 'exclude'), some(1));
    await writeFile(join(folder, '.git', 'personal'), some(1));
    await git(folder, 'config', 'core.excludesFile', join(folder, '.git', 'personal'));
    for (const mode of ['normal', 'all']) {
      assert.equal(await govc(folder, 'status', '--porcelain', '-u', mode), await git(folder, 'status', '--porcelain', `-u${mode}`), `seed ${seed}`);
    }
  }
});

test('who commits is found where git finds it, with includes', async () => {
  const folder = await repository(1);
  await writeFile(join(folder, '.git', 'more'), '[user]\n\tname = Grace; Hopper # no comment\n\temail = "grace@example.org"\n');
  await git(folder, 'config', 'user.name', 'Overridden');
  await git(folder, 'config', 'include.path', 'more');
  await git(folder, 'config', `includeIf.gitdir:${folder}/.path`, 'more');
  const none = { GIT_AUTHOR_NAME: undefined, GIT_AUTHOR_EMAIL: undefined, GIT_COMMITTER_NAME: undefined, GIT_COMMITTER_EMAIL: undefined };
  const { code, stderr } = await run(folder, ['commit', '--allow-empty', '-m', 'x'], none);
  assert.equal(code, 0, stderr);
  assert.equal(await git(folder, 'log', '-1', '--format=%an <%ae>'), await gitAs(folder, none, 'var', 'GIT_AUTHOR_IDENT').then((line) => line.replace(/>.*/, '>')));
  await git(folder, 'config', '--unset-all', 'include.path');
  await git(folder, 'config', '--unset', 'user.name');
  await git(folder, 'config', '--remove-section', `includeIf.gitdir:${folder}/`);
  const nobody = await run(folder, ['commit', '--allow-empty', '-m', 'x'], none);
  assert.equal(nobody.code, 3);
  assert.match(nobody.stderr, /git config --global user\.name/);
});

test('paths count from where the command runs; outside is refused', async () => {
  const folder = await repository(1);
  await mkdir(join(folder, 'd/e'), { recursive: true });
  await writeFile(join(folder, 'd/e/f'), 'x');
  await writeFile(join(folder, 'top'), 'x');
  await govc(join(folder, 'd'), 'add', 'e');
  assert.equal(await git(folder, 'status', '--porcelain'), 'A  d/e/f\n?? top');
  await govc(join(folder, 'd'), 'add', '../to*');
  assert.equal(await git(folder, 'status', '--porcelain'), 'A  d/e/f\nA  top');
  assert.equal((await run(folder, ['add', '../x'])).code, 5);
  assert.equal((await run(folder, ['add', 'nothing'])).code, 3);
});
