// What gitDirectory hands over of repositories that real git made, without an engine behind it.
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { gitDirectory } from './installed.mjs';
import { allObjects, allRefs, commit, git, gitWith, loaded, objectsOf, repository, temporaryFolder } from './repository.mjs';

/** Opens `path` and compares all objects and refs with what git finds in `folder`. */
async function assertSame(path, folder = path) {
  const found = await loaded(gitDirectory(path));
  assert.deepEqual(await objectsOf(found), await allObjects(folder));
  assert.deepEqual([...found.refs].sort(), [...await allRefs(folder)].sort());
  return found;
}

test('loose objects, loose refs', async () => {
  const folder = await repository();
  await git(folder, 'branch', 'topic/a');
  await git(folder, 'tag', '--annotate', '--message', 'a release', 'v1');
  const found = await assertSame(folder);
  assert.equal(found.packs.length, 0);
  assert.equal(found.refs.get('HEAD'), 'ref: refs/heads/main');
});

test('packs, packed refs, loose ones over them, a symbolic ref', async () => {
  const folder = await repository();
  await git(folder, 'tag', '--annotate', '--message', 'a release', 'v1');
  await git(folder, 'branch', 'old');
  await git(folder, 'gc', '--quiet');
  await commit(folder, 'later', 'later\n');
  await git(folder, 'repack', '--quiet', '-d');
  await git(folder, 'update-ref', 'refs/remotes/origin/main', 'HEAD');
  await git(folder, 'symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main');
  await commit(folder, 'last', 'last\n');
  const found = await assertSame(folder);
  assert.equal(found.packs.length, 2);
  assert.ok(found.packs.every(({ index }) => index !== undefined));
});

test('it is found from the work tree, a folder in it, the .git folder, a bare clone', async () => {
  const folder = await repository();
  await mkdir(join(folder, 'a/b'), { recursive: true });
  const bare = join(await temporaryFolder(), 'bare.git');
  await git(folder, 'clone', '--quiet', '--bare', folder, bare);
  for (const path of ['', 'a/b', '.git']) await assertSame(join(folder, path), folder);
  await assertSame(bare);
});

test('a linked work tree has its own HEAD and its own few refs', async () => {
  const folder = await repository();
  const linked = join(await temporaryFolder(), 'linked');
  await git(folder, 'worktree', 'add', '--quiet', '-b', 'topic', linked);
  await commit(linked, 'in topic', 'x\n');
  await git(linked, 'update-ref', 'refs/worktree/mine', 'HEAD');
  await git(linked, 'update-ref', 'refs/bisect/bad', 'HEAD');
  await git(folder, 'update-ref', 'refs/worktree/theirs', 'HEAD');
  assert.equal((await assertSame(linked)).refs.get('HEAD'), 'ref: refs/heads/topic');
  assert.equal((await assertSame(folder)).refs.get('HEAD'), 'ref: refs/heads/main');
});

test('a submodule', async () => {
  const [folder, inner] = [await repository(), await repository(1)];
  await git(folder, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', inner, 'inner');
  await assertSame(join(folder, 'inner'));
});

test('objects are borrowed from other repositories, once each even in a circle', async () => {
  const folder = await repository();
  await git(folder, 'gc', '--quiet');
  const borrower = join(await temporaryFolder(), 'borrower');
  await git(folder, 'clone', '--quiet', '--shared', folder, borrower);
  await commit(borrower, 'own', 'own\n');
  await assertSame(borrower);
  const alternates = join(folder, '.git/objects/info/alternates');
  await writeFile(alternates, `# a circle\n"${borrower}/.git/objects"\n`);
  await assertSame(borrower);
  await writeFile(alternates, '/nowhere/objects\n');
  await assert.rejects(loaded(gitDirectory(borrower)), { code: 'Storage', message: /nowhere/ });
});

test('a shallow clone tells its boundary', async () => {
  const folder = await repository(5);
  const shallow = join(await temporaryFolder(), 'shallow');
  await git(folder, 'clone', '--quiet', '--depth', '2', `file://${folder}`, shallow);
  const found = await assertSame(shallow);
  assert.deepEqual(found.shallow, [await git(folder, 'rev-parse', 'main~1')]);
});

test('a detached HEAD, an unborn one, one that is a symbolic link', async () => {
  const folder = await repository();
  await git(folder, 'checkout', '--quiet', '--detach');
  await assertSame(folder);
  await git(folder, 'symbolic-ref', 'HEAD', 'refs/heads/unborn');
  await assertSame(folder);
  await rm(join(folder, '.git/HEAD'));
  await symlink('refs/heads/main', join(folder, '.git/HEAD'));
  await assertSame(folder);
});

test('names that are no UTF-8 keep their bytes', async () => {
  const folder = await repository();
  const id = await git(folder, 'rev-parse', 'HEAD');
  const raw = Buffer.from('6c61746971ff', 'hex');
  const command = Buffer.concat([Buffer.from('create refs/heads/'), raw, Buffer.from(` ${id}\n`)]);
  await gitWith(folder, command, 'update-ref', '--stdin');
  for (const packed of [false, true]) {
    if (packed) await git(folder, 'pack-refs', '--all');
    const { refs } = await loaded(gitDirectory(folder));
    assert.equal(refs.get('refs/heads/latiq\udcff'), id);
  }
});

test('an index of version 1 is left out, and made anew by the engine', async () => {
  const folder = await repository();
  await git(folder, '-c', 'pack.indexVersion=1', 'gc', '--quiet');
  const [pack] = (await assertSame(folder)).packs;
  assert.equal(pack.index, undefined);
});

test('nothing of the configuration is executed or included', async () => {
  const folder = await repository();
  const witness = join(folder, 'witness');
  await writeFile(join(folder, 'program'), `#!/bin/sh\ntouch '${witness}'\n`, { mode: 0o755 });
  for (const name of ['core.fsmonitor', 'core.sshCommand', 'core.pager', 'core.editor']) {
    await git(folder, 'config', name, join(folder, 'program'));
  }
  await git(folder, 'config', 'include.path', join(folder, 'included'));
  await writeFile(join(folder, 'included'), '[extensions]\n\tunknown = true\n[core]\n\trepositoryformatversion = 9\n');
  await loaded(gitDirectory(folder));
  await assert.rejects(readFile(witness), { code: 'ENOENT' });
});

test('the configuration is read as git reads it', async () => {
  const folder = await repository(1);
  const config = join(folder, '.git/config');
  const text = await readFile(config, 'utf8');
  await writeFile(config, `${text}\n[a "b\\"] c"] d = "x ; y" \\\n  z ; comment\n e\n[core] # comment\n  repositoryFormatVersion = 0 # old\n`);
  await loaded(gitDirectory(folder));
  await writeFile(config, `${text}\n[core\n`);
  await assert.rejects(loaded(gitDirectory(folder)), { code: 'Storage', message: /bad config line 7/ });
});

const REFUSED = [
  ['SHA-256', /SHA-1/, (folder) => git(folder, 'init', '--quiet', '--object-format=sha256')],
  ['reftable', /git refs migrate/, (folder) => git(folder, 'init', '--quiet', '--ref-format=reftable')],
  ['an unknown extension', /'new'/, async (folder) => {
    await git(folder, 'init', '--quiet');
    await git(folder, 'config', 'core.repositoryformatversion', '1');
    await git(folder, 'config', 'extensions.new', 'true');
  }],
  ['a later format', /version 2/, async (folder) => {
    await git(folder, 'init', '--quiet');
    await git(folder, 'config', 'core.repositoryformatversion', '2');
  }],
];
for (const [name, message, make] of REFUSED) {
  test(`refuses ${name}`, async () => {
    const folder = await temporaryFolder();
    await make(folder);
    await assert.rejects(loaded(gitDirectory(folder)), { name: 'GovcError', code: 'Storage', message });
  });
}

test('a partial clone is opened on request only', async () => {
  const folder = await repository();
  await git(folder, 'config', 'uploadpack.allowFilter', 'true');
  const partial = join(await temporaryFolder(), 'partial');
  await git(folder, 'clone', '--quiet', '--bare', '--filter=blob:none', `file://${folder}`, partial);
  await assert.rejects(loaded(gitDirectory(partial)), { code: 'Storage', message: /partial clone/ });
  const found = await loaded(gitDirectory(partial, { partial: true }));
  assert.equal(found.refs.get('refs/heads/main'), await git(folder, 'rev-parse', 'main'));
});

test('no repository, no folder', async () => {
  const folder = await temporaryFolder();
  await assert.rejects(loaded(gitDirectory(folder)), { code: 'NotFound', message: /git init/ });
  await assert.rejects(loaded(gitDirectory(join(folder, 'missing'))), { code: 'NotFound', message: /does not exist/ });
  await writeFile(join(folder, '.git'), 'gitdir: elsewhere\n');
  await assert.rejects(loaded(gitDirectory(folder)), { code: 'Storage', message: /elsewhere/ });
  await writeFile(join(folder, '.git'), 'no pointer\n');
  await assert.rejects(loaded(gitDirectory(folder)), { code: 'Storage', message: /gitdir: / });
});

test('broken refs are named, and passed over where somebody is told', async () => {
  const folder = await repository();
  const broken = {
    'refs/heads/empty': '', 'refs/heads/short': 'abc\n', 'refs/heads/out': 'ref: ../../config\n',
    'refs/heads/loose end': `${'1'.repeat(40)}\n`, 'refs/heads/sha256': `${'1'.repeat(64)}\n`,
  };
  for (const [name, text] of Object.entries(broken)) {
    await writeFile(join(folder, '.git', name), text);
    await assert.rejects(loaded(gitDirectory(folder)), { code: 'Storage', message: /onProblem/ }, name);
    const problems = [];
    const { refs } = await loaded(gitDirectory(folder, { onProblem: (problem) => problems.push(problem) }));
    assert.deepEqual([...refs.keys()], ['HEAD', 'refs/heads/main']);
    assert.ok(problems[0].message.includes(name.slice(11).split('.')[0]));
    await rm(join(folder, '.git', name));
  }
  // What git passes over without a word.
  await writeFile(join(folder, '.git/refs/heads/main.lock'), '');
  await writeFile(join(folder, '.git/refs/heads/.DS_Store'), 'x');
  await loaded(gitDirectory(folder));
  for (const text of ['no id refs/heads/x\n', `${'1'.repeat(40)} refs/heads/cut`]) {
    await writeFile(join(folder, '.git/packed-refs'), text);
    await assert.rejects(loaded(gitDirectory(folder)), { code: 'Storage', message: /packed-refs: line 1/ });
  }
});

test('files with names of every kind: the refs are those that git finds', async () => {
  const folder = await repository(1);
  const id = await git(folder, 'rev-parse', 'HEAD');
  const names = [
    'foo.', '.foo', 'a..b', 'a b', 'a?b', 'a*b', 'a[b', 'a]b', 'a~b', 'a^b', 'a:b', 'a\\b', 'foo.lock', 'bar.lock/foo', 'v@{x', 'v@', '@',
    '-name', 'x\x7f', 'x\ty', 'x\ny', '..%2f', 'HEAD', '__proto__', 'constructor', 'hasOwnProperty', 'toString', 'A', 'a', 'n'.repeat(200),
    '\u00e9', 'e\u0301', '.git/x', 'z/.y/z', 'z/y', '{', '!', '%', 'a.b', '\ud83d\ude00',
  ];
  for (const name of names) {
    const path = join(folder, '.git/refs/heads', name);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, `${id}\n`);
  }
  const problems = [];
  const { refs } = await loaded(gitDirectory(folder, { onProblem: ({ details }) => problems.push(details.ref) }));
  const known = await git(folder, 'for-each-ref', '--format=%(refname)');
  assert.deepEqual([...refs.keys()].filter((name) => name !== 'HEAD').sort(), known.split('\n').sort());
  assert.ok(problems.includes('refs/heads/a b') && !problems.includes('refs/heads/foo.lock'));
});

test('a symbolic ref in a circle, folders in a circle', async () => {
  const folder = await repository();
  await writeFile(join(folder, '.git/refs/heads/circle'), 'ref: refs/heads/circle\n');
  assert.equal((await loaded(gitDirectory(folder))).refs.get('refs/heads/circle'), 'ref: refs/heads/circle');
  await rm(join(folder, '.git/refs/heads/circle'));
  await symlink('..', join(folder, '.git/refs/heads/up'));
  await assert.rejects(loaded(gitDirectory(folder)), ({ code }) => ['LimitExceeded', 'Storage'].includes(code));
});

test('a pack without its index is unfinished', async () => {
  const folder = await repository();
  await git(folder, 'gc', '--quiet');
  const packs = join(folder, '.git/objects/pack');
  const [pack] = (await readdir(packs)).filter((name) => name.endsWith('.pack'));
  await rename(join(packs, pack.replace('.pack', '.idx')), join(packs, 'elsewhere'));
  assert.equal((await loaded(gitDirectory(folder))).packs.length, 0);
  await rename(join(packs, 'elsewhere'), join(packs, pack.replace('.pack', '.idx')));
  assert.equal((await loaded(gitDirectory(folder))).packs.length, 1);
});

test('it reports progress, and stops when asked', async () => {
  const folder = await repository();
  const steps = [];
  await loaded(gitDirectory(folder), { onProgress: (progress) => steps.push(progress) });
  assert.ok(steps.length >= 9 && steps.every(({ phase, done }) => phase === 'open' && done > 0));
  const controller = new AbortController();
  const reason = new Error('enough');
  const stopped = loaded(gitDirectory(folder), { signal: controller.signal, onProgress: () => controller.abort(reason) });
  await assert.rejects(stopped, { code: 'Aborted', cause: reason });
});

test('git repacks all the time while it is read', async () => {
  const folder = await repository(10);
  const storage = gitDirectory(folder);
  let running = true;
  const repacking = (async () => {
    for (let round = 0; running; round++) {
      await git(folder, ...round % 2 ? ['gc', '--quiet', '--prune=now'] : ['repack', '--quiet', '-a', '-d', '-f']);
      await git(folder, 'pack-refs', '--all');
    }
  })();
  try {
    const expected = await allObjects(folder);
    for (let round = 0; round < 40; round++) {
      const found = await loaded(storage);
      assert.equal(found.refs.get('refs/heads/main'), await git(folder, 'rev-parse', 'main'));
      if (round % 8 === 0) assert.deepEqual(await objectsOf(found), expected);
    }
  } finally {
    running = false;
    await repacking;
  }
});
