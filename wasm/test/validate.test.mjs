// Validators: what they find, and that no way to a new state goes around those of the repository.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { GovcError, Repository } from 'govc';
import { checkFormat, formatOf, parseFormat, writeFormat } from 'govc/formats';
import { conflictMarkers, jsonSchema, paths, policy, runValidators, syntax } from 'govc/validators';
import { codeOf } from './code.mjs';

const problemsOf = (action) => {
  try { action(); } catch (error) { assert.equal(error.code, 'ValidationFailed', error.stack); return error.details.problems; }
  return [];
};
const placed = (problems) => problems.map(({ path, line, column, rule }) => [path, line, column, rule]);

test('what a transaction would commit has to parse', () => {
  const { main } = new Repository();
  const staged = main.begin().add('a.json', '{\n  "b": 1,\n}').add('b/c.webmanifest', '{ "x": 1, "x": 2 }').add('tsconfig.json', '{ "a": 1, /* why */ }')
    .add('empty.json', '').add('blank.json', ' \n').add('link.json', 'no json', 'symlink').add('x.txt', '{');
  assert.deepEqual(placed(problemsOf(() => staged.validate())), [['a.json', 2, 9, 'syntax'], ['b/c.webmanifest', 1, 11, 'syntax']]);
  staged.remove('a.json').remove('b/c.webmanifest');
  assert.deepEqual(staged.validate(), []);
  main.write('d.json', '[1 2]');
  assert.deepEqual(placed(problemsOf(() => main.validate())), [['d.json', 1, 4, 'syntax']]);
});

test('only what changed is looked at, and a content once', () => {
  const repo = new Repository();
  repo.main.apply({ 'broken.json': '{', 'fine.txt': '' });
  repo.main.write('other.json', '{}');
  assert.deepEqual(repo.main.validate(), []);
  const seen = [];
  const realities = repo.realities(['a', 'b', 'c']);
  const once = jsonSchema({ compile: () => (value) => seen.push(value) }, { '*.json': {} });
  for (const reality of realities) {
    reality.write('same.json', { same: true });
    reality.validate([once]);
  }
  assert.deepEqual(seen, [{ same: true }]);
});

test('conflict markers, paths and policies', () => {
  const { main } = new Repository();
  const staged = main.begin().add('t.md', 'Title\n=======\n').add('c.txt', 'a\n<<<<<<< ours\nb\n=======\nc\n>>>>>>> theirs\n=======\n')
    .add('bin', new Uint8Array([0, ...Buffer.from('<<<<<<< x')])).add('.env', 'S=1').add('k8s/a', 'image: x:latest\n');
  assert.deepEqual(placed(problemsOf(() => staged.validate([conflictMarkers()]))), [2, 4, 6].map((line) => ['c.txt', line, 1, 'conflict-markers']));
  const rules = paths({ deny: ['.env', '*.pem'], require: ['README.md'], maxBytes: 45 });
  assert.deepEqual(problemsOf(() => staged.validate([rules])).map(({ path, rule }) => [path, rule]), [
    ['.env', 'paths/deny'], [undefined, 'paths/require'], ['c.txt', 'paths/maxBytes'],
  ]);
  const noLatest = policy('no-latest', 'k8s/**', 'deny', (file) => file.text().includes(':latest') ? { message: 'pin the image', line: 1 } : undefined);
  assert.deepEqual(placed(problemsOf(() => staged.validate([noLatest]))), [['k8s/a', 1, undefined, 'no-latest']]);
  const beware = policy('beware', ['*', '!*.md'], 'warn', ({ path }) => path === 'c.txt' ? 'look again' : undefined);
  assert.deepEqual(staged.validate([beware]), [{ path: 'c.txt', message: 'look again', rule: 'beware', severity: 'warning' }]);
  const waits = policy('waits', '*.md', 'deny', async () => 'late');
  assert.match(problemsOf(() => staged.validate([waits]))[0].message, /promise/);
  assert.match(problemsOf(() => staged.validate([async () => []]))[0].message, /at once/);
  assert.equal(codeOf(() => policy('x', '*', 'perhaps', () => undefined)), 'InvalidArgument');
});

test('documents without a repository', () => {
  assert.deepEqual(checkFormat('json', '{"a":\u00e9}'), [{ line: 1, column: 6, message: "expected a value, found '\u00e9'" }]);
  assert.deepEqual(parseFormat('jsonc', '\ufeff{"a": [1, "\\u00e9", null,], // x\n}'), { a: [1, '\u00e9', null] });
  assert.throws(() => parseFormat('json', '{'), (error) => error instanceof GovcError && error.code === 'ValidationFailed');
  assert.equal(codeOf(() => checkFormat('xml', '')), 'InvalidArgument');
});

const forbid = policy('no-bad', '*', 'deny', (file) => file.change.kind !== 'removed' && file.text().includes('BAD') ? 'this is bad' : undefined);

/** A repository whose main and side differ; `bad` is a tag on a commit that came before the rule. */
function guarded() {
  const repo = new Repository({ now: () => 1_700_000_000_000 });
  repo.main.apply({ a: 'base\n', b: 'base\n' }, 'base');
  const side = repo.createReality('side');
  const bad = side.apply({ b: 'BAD\n' }, 'bad');
  repo.tag('bad', bad);
  const better = side.apply({ b: 'better\n' }, 'better');
  side.rollback(bad);
  repo.main.apply({ c: 'main\n' }, 'first');
  const moving = repo.main.begin();
  repo.main.apply({ a: 'main\n' }, 'main moved');
  const behind = repo.createReality('behind', 'main~2');
  repo.createReality('other', 'main~1').apply({ a: 'other\n' });
  side.rollback(better);
  repo.validators = [forbid];
  return { repo, main: repo.main, side, bad, better, behind, moving };
}

/** What a refusal must leave as it was. */
const state = (repo) => JSON.stringify([repo.stats().objects, [...repo.operations()].length, repo.listRealities().map(({ name, head }) => [name, head])]);

const WAYS = {
  commit: ({ main }) => { main.write('x', 'BAD'); main.commit('x'); },
  'signed commit': ({ main }) => { main.write('x', 'BAD'); main.commit('x', { sign: () => 'signature' }); },
  apply: ({ main }) => main.apply({ x: 'BAD' }),
  transaction: ({ main }) => main.begin().add('x', 'BAD').commit('x'),
  'transaction on a reality that moved': ({ moving }) => { moving.add('x', 'BAD').commit('x'); },
  merge: ({ repo, main, bad }) => repo.merge(bad, main),
  'merge of a revision': ({ repo, bad }) => repo.merge(bad, 'main', { fastForward: 'never' }),
  'fast-forward': ({ repo, bad, behind }) => repo.merge(bad, behind),
  'merge with a resolver': ({ repo }) => repo.merge('other', 'main', { resolver: { resolve: () => 'BAD' } }),
  cherryPick: ({ main, bad }) => main.cherryPick(bad),
  revert: ({ better, side }) => side.revert(better),
  rebase: ({ bad, main }) => main.rebase(bad),
  'rollback to what is new': ({ main, bad }) => main.rollback(bad),
  'createReality at what is new': ({ repo }) => repo.createReality('new', 'bad'),
  'realities at what is new': ({ repo }) => repo.realities(['n', 'm'], 'bad'),
};
for (const [name, way] of Object.entries(WAYS)) {
  test(`the repository's validators hold for ${name}, and nothing is left behind`, () => {
    const guard = guarded();
    const before = state(guard.repo);
    assert.throws(() => way(guard), { code: 'ValidationFailed' });
    assert.equal(state(guard.repo), before);
  });
}

test('the repository\'s validators hold for an import, and the pack goes', async () => {
  const { repo: source } = guarded();
  const pack = source.exportPack(['bad']);
  const repo = new Repository({ validators: [forbid] });
  const before = state(repo);
  for (const name of ['main', 'refs/heads/other']) {
    await assert.rejects(repo.importPack(pack, { [name]: source.resolve('bad') }), { code: 'ValidationFailed' });
    assert.equal(state(repo), before);
  }
  await repo.importPack(pack, { 'refs/tags/kept': source.resolve('bad') });
  assert.equal(codeOf(() => repo.createReality('x', 'kept')), 'ValidationFailed');
});

test('what passes is recorded, warnings are told, rollback and undo stay free', () => {
  const told = [];
  const warn = policy('short', '*', 'warn', ({ path }) => path === 'w' ? 'a short name' : undefined);
  const repo = new Repository({ validators: [forbid, warn], onWarning: (warnings) => told.push(...warnings.map(({ message }) => message)) });
  const first = repo.main.apply({ w: 'fine' });
  repo.main.apply({ v: 'fine too' });
  assert.deepEqual(told, ['a short name']);
  repo.main.rollback(first);
  repo.undo();
  repo.createReality('from-main', first);
  repo.main.fork('forked');
  repo.main.write('x', 'BAD');
  assert.equal(codeOf(() => repo.main.commit('x')), 'ValidationFailed');
  assert.deepEqual(repo.main.status().map(({ path }) => path), ['x']);
  assert.deepEqual(runValidators([forbid, syntax()], repo.main.snapshot(), repo.diff(first, repo.main)), []);
});

test('YAML and TOML: checked with line and column, held to schemas, written from objects', () => {
  const { main } = new Repository();
  main.write('a.yaml', 'a: 1\nb: \u00e9: 2\n');
  main.write('b.yml', 'a: 1\r\na: 2\r\n');
  main.write('c.toml', '[x]\ny = 1\n[x]\n');
  assert.deepEqual(placed(problemsOf(() => main.validate())), [['a.yaml', 2, 5, 'syntax'], ['b.yml', 2, 1, 'syntax'], ['c.toml', 3, 2, 'syntax']]);
  main.discard('a.yaml');
  main.discard('b.yml');
  main.discard('c.toml');
  const value = { name: 'shop', list: [{ a: 1 }, { b: 'on' }], text: 'two\nlines\n', nested: { deep: [[1, 2], []] } };
  for (const path of ['x.yaml', 'x.yml', 'x.toml', 'x.json']) {
    main.write(path, value);
    assert.deepEqual(parseFormat(formatOf(path), main.read(path)), value, path);
  }
  assert.equal(main.readText('x.yaml').split('\n')[0], 'name: shop');
  assert.equal(codeOf(() => main.write('y.toml', [1])), 'InvalidArgument');
  assert.match(writeFormat('toml', { a: { b: 1 } }), /^\[a\]\nb = 1\n$/);
  assert.deepEqual(main.validate(), []);
});
