// Transaction and Snapshot: all or nothing, seen from outside and inside; states that never change.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Repository } from 'govc';

import { codeOf } from './code.mjs';

function sample() {
  const repo = new Repository();
  repo.main.apply({ 'a/one': '1\n', 'a/two': '2\n', 'b': 'b\n', 'c': 'c\n' }, 'first');
  return repo;
}

const kinds = (changes) => changes.map(({ kind, path, from }) => [kind, path, ...(from ? [from] : [])]);

test('nothing is seen before it is committed, all of it afterwards', () => {
  const { main } = sample();
  const { head } = main;
  const staged = main.begin().add('new', 'n').remove('b').move('a', 'moved').add('moved/one', '1!\n');
  assert.equal(staged.read('new').length, 1);
  assert.equal(codeOf(() => staged.read('a/one')), 'NotFound');
  assert.deepEqual(main.list(), ['a/one', 'a/two', 'b', 'c']);
  assert.equal(main.head, head);
  const of = (wanted) => staged.changes().filter(({ kind }) => kind === wanted).map(({ path }) => path);
  assert.deepEqual([of('added'), of('removed'), of('renamed')], [['moved/one', 'new'], ['a/one', 'b'], ['moved/two']]);
  const commit = staged.commit('all');
  assert.equal(main.head, commit.id);
  assert.deepEqual(main.list(), ['c', 'moved/one', 'moved/two', 'new']);
});

test('files and folders are moved with their modes', () => {
  const repo = new Repository();
  const { main } = repo;
  main.write('d/run', 'x', 'executable');
  main.write('d/e/link', 'run', 'symlink');
  main.write('d/gone', 'x');
  main.write('f', 'x');
  main.commit('first');
  const tree = (commit) => repo.resolve(`${commit.id}^{tree}`);
  const first = tree({ id: main.head });
  // Into itself, back, and with what was staged on the way.
  main.begin().move('d', 'd/d').commit('down');
  assert.deepEqual(main.list(), ['d/d/e/link', 'd/d/gone', 'd/d/run', 'f']);
  assert.equal(tree(main.begin().move('d/d', 'up').move('up', 'd').commit('up')), first);
  main.begin().add('d/new', 'n').remove('d/gone').move('d', 'x/y').move('f', 'd').commit('away');
  assert.deepEqual(main.list(), ['d', 'x/y/e/link', 'x/y/new', 'x/y/run']);
  assert.equal(tree(main.begin().move('d', 'f').move('x/y', 'd').remove('d/new').add('d/gone', 'x').commit('back')), first);
  const staged = main.begin();
  assert.equal(codeOf(() => staged.move('d/e', 'd')), 'AlreadyExists');
  assert.equal(codeOf(() => staged.add('other/x', '').move('d', 'other')), 'AlreadyExists');
  assert.equal(codeOf(() => staged.move('d', '.git')), 'InvalidPath');
  assert.equal(codeOf(() => staged.move('none', 'x')), 'NotFound');
});

test('what is rolled back or over leaves nothing, and takes nothing more', () => {
  const repo = sample();
  const { objects } = repo.stats();
  const { main } = repo;
  const staged = main.begin().add('new', 'something new');
  staged.rollback();
  staged.rollback();
  assert.equal(repo.stats().objects, objects);
  assert.equal(main.has('new'), false);
  const over = main.begin().add('x', 'x');
  over.commit('x');
  for (const done of [staged, over]) {
    for (const action of [() => done.add('y', ''), () => done.read('c'), () => done.commit('again'), () => done.changes(), () => done.validate()]) {
      assert.equal(codeOf(action), 'Disposed');
    }
  }
});

test('it is stale where the paths moved that it read or wrote, and nowhere else', () => {
  const cases = [
    // What the transaction does, what the reality does meanwhile, whether that is in its way.
    [(t) => t.add('c', 'mine'), (r) => r.apply({ c: 'theirs' }), true],
    [(t) => t.add('c', 'mine'), (r) => r.apply({ b: 'theirs' }), false],
    [(t) => { t.read('c'); t.add('x', ''); }, (r) => r.apply({ c: 'theirs' }), true],
    [(t) => t.remove('a'), (r) => r.apply({ 'a/three': '3' }), true],
    [(t) => t.add('new', 'mine'), (r) => r.apply({ new: 'theirs' }), true],
    [(t) => t.add('new/x', 'mine'), (r) => r.apply({ 'new/y': 'theirs' }), false],
    [(t) => t.move('b', 'bb'), (r) => r.apply({ b: 'theirs' }), true],
    [(t) => t.add('c', 'same'), (r) => { r.apply({ c: 'other' }); r.apply({ c: 'c\n' }); }, false],
  ];
  for (const [mine, theirs, expected] of cases) {
    const { main } = sample();
    const staged = main.begin();
    mine(staged);
    theirs(main);
    const { head } = main;
    assert.equal(codeOf(() => staged.commit('mine')), expected ? 'Stale' : undefined, `${mine} ${theirs}`);
    assert.equal(main.head === head, expected);
    if (!expected) assert.deepEqual(main.snapshot().commit.parents, [head]);
  }
});

test('a refused step leaves the transaction as it was', () => {
  const { main } = sample();
  const staged = main.begin().add('x', '1');
  for (const [action, code] of [
    [() => staged.add('../x', ''), 'InvalidPath'], [() => staged.remove('missing'), 'NotFound'], [() => staged.move('missing', 'y'), 'NotFound'],
    [() => staged.add('y', undefined), 'InvalidArgument'], [() => staged.commit(5), 'InvalidArgument'],
  ]) assert.equal(codeOf(action), code, String(action));
  assert.deepEqual(kinds(staged.changes()), [['added', 'x']]);
  staged.commit('x');
  assert.equal(main.readText('x'), '1');
});

test('validators see the would-be state and say what is wrong', () => {
  const { main } = sample();
  const staged = main.begin().add('c', 'changed').remove('b');
  let seen;
  staged.validate([(snapshot, changes) => { seen = [snapshot.readText('c'), snapshot.has('b'), kinds(changes), snapshot.commit.id]; }]);
  assert.deepEqual(seen, ['changed', false, [['removed', 'b'], ['modified', 'c']], main.head]);
  const refuse = () => [{ path: 'c', message: 'not so', rule: 'r' }, { message: 'beware', severity: 'warning' }];
  function throwing() { throw new Error('broken rule'); }
  assert.throws(() => staged.validate([refuse, throwing]), ({ code, message, details }) => {
    assert.deepEqual([code, message], ['ValidationFailed', 'c: not so (and 1 more)']);
    assert.deepEqual(details.problems.map(({ message }) => message), ['not so', 'beware', 'broken rule']);
    return true;
  });
  staged.validate([() => [{ message: 'beware', severity: 'warning' }]]);
  staged.commit('still open after that');
  main.write('c', 'staged');
  assert.equal(codeOf(() => main.validate([(snapshot) => { if (snapshot.readText('c') === 'staged') throw new Error('no'); }])), 'ValidationFailed');
});

test('a snapshot stays what it was', () => {
  const repo = sample();
  const { main } = repo;
  const first = main.snapshot();
  main.apply({ c: 'later', b: null, 'a/one': '1!' }, 'second');
  main.apply({ d: 'd' }, 'third');
  assert.deepEqual(first.list(), ['a/one', 'a/two', 'b', 'c']);
  assert.equal(first.readText('c'), 'c\n');
  assert.deepEqual(first.list('a/'), ['a/one', 'a/two']);
  assert.deepEqual([first.has('d'), main.snapshot().has('d')], [false, true]);
  assert.equal(main.snapshot().lastCommit('c').message, 'second');
  assert.equal(main.snapshot().lastCommit('a').message, 'second');
  assert.equal(main.snapshot().lastCommit().message, 'third');
  assert.equal(first.lastCommit('c').message, 'first');
  assert.equal(codeOf(() => first.lastCommit('d')), 'NotFound');
  assert.deepEqual(kinds(repo.at('main~2').diff('main')), [['modified', 'a/one'], ['removed', 'b'], ['modified', 'c'], ['added', 'd']]);
  assert.equal(codeOf(() => repo.at('main~9')), 'NotFound');
  const tree = repo.at('main^{tree}');
  assert.equal(tree.readText('d'), 'd');
  assert.equal(codeOf(() => tree.commit), 'NotFound');
});
