// Cherry-pick, revert and rebase through the API; `tests/engine/rewrite.rs` holds their results to git's.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Repository } from 'govc';

import { codeOf } from './code.mjs';

function repository() {
  let clock = 1_700_000_000_000;
  const repo = new Repository({ author: { name: 'Ada', email: 'ada@example.com' }, now: () => (clock += 1000) });
  repo.main.apply({ a: 'one\ntwo\nthree\n', b: 'b\n' }, 'first');
  return repo;
}

test('a picked commit keeps its author, date and message', () => {
  const repo = repository();
  const side = repo.createReality('side');
  side.write('c', 'c\n');
  const commit = side.commit('add c\n\nwith a body', { author: { name: 'Grace', email: 'grace@example.com', time: 1e12, offsetMinutes: -90 } });
  const before = repo.main.head;
  const picked = repo.main.cherryPick(commit);
  assert.deepEqual([picked.author, picked.message, picked.parents], [commit.author, commit.message, [before]]);
  assert.deepEqual([picked.committer.name, repo.main.readText('c')], ['Ada', 'c\n']);
  const signed = repo.createReality('signed', before).cherryPick('side', {
    message: 'mine', author: { name: 'B', email: 'b' }, committer: { name: 'C', email: 'c' }, sign: () => 'SIGNATURE',
  });
  assert.deepEqual([signed.message, signed.author.name, signed.committer.name], ['mine', 'B', 'C']);
  assert.equal(codeOf(() => repo.main.cherryPick(commit)), 'InvalidArgument', 'nothing is left to change');
  assert.equal(repo.main.cherryPick(commit, { allowEmpty: true }).tree, picked.tree);
  assert.deepEqual([...repo.operations()].at(-1).kind, 'cherry-pick');
  repo.undo();
  repo.undo();
  assert.equal(repo.reality('signed').head, before, 'the pick before the last is undone too');
});

test('a revert takes a commit back and says so', () => {
  const repo = repository();
  const bad = repo.main.apply({ a: 'one\nTWO\nthree\n' }, 'shout');
  repo.main.apply({ b: 'B\n' }, 'other work');
  const revert = repo.main.revert(bad);
  assert.equal(revert.message, `Revert "shout"\n\nThis reverts commit ${bad.id}.`);
  assert.deepEqual([repo.main.readText('a'), repo.main.readText('b'), revert.author.name], ['one\ntwo\nthree\n', 'B\n', 'Ada']);
  assert.match(repo.main.revert(revert).message, /^Reapply "shout"\n/);
  assert.equal(repo.undo().kind, 'revert');
  assert.equal(repo.main.head, revert.id);
});

test('what conflicts is refused whole, or decided', () => {
  const repo = repository();
  const theirs = repo.createReality('side').apply({ a: 'one\nzwei\nthree\n' }, 'german');
  const ours = repo.main.apply({ a: 'one\ndeux\nthree\n' }, 'french');
  const { objects } = repo.stats();
  for (const work of [() => repo.main.cherryPick(theirs), () => repo.main.rebase('side')]) {
    assert.throws(work, (error) => {
      assert.deepEqual([error.code, error.details.paths, error.details.kinds], ['Conflict', ['a'], ['content']]);
      return true;
    });
  }
  assert.throws(() => repo.main.rebase('side'), { details: { commit: ours.id, reality: 'main', paths: ['a'], kinds: ['content'] } });
  assert.deepEqual([repo.main.head, repo.stats().objects, repo.main.status()], [ours.id, objects, []]);
  repo.main.cherryPick(theirs, { strategy: 'theirs' });
  assert.equal(repo.main.readText('a'), 'one\nzwei\nthree\n');
  repo.undo();
  const resolver = { resolve: ({ read }) => `${new TextDecoder().decode(read('ours'))}and ${new TextDecoder().decode(read('theirs'))}` };
  repo.main.cherryPick(theirs, { resolver });
  assert.equal(repo.main.readText('a'), 'one\ndeux\nthree\nand one\nzwei\nthree\n');
  repo.main.write('b', 'staged\n');
  for (const work of [() => repo.main.cherryPick(theirs), () => repo.main.revert(ours), () => repo.main.rebase('side')]) assert.equal(codeOf(work), 'Rejected');
});

test('a merge needs a parent to count from', () => {
  const repo = repository();
  const side = repo.createReality('side');
  const fork = repo.createReality('fork');
  side.apply({ s: 's\n' }, 'side');
  repo.main.apply({ m: 'm\n' }, 'main');
  const { commit } = repo.merge('side', 'main');
  assert.equal(codeOf(() => fork.cherryPick(commit)), 'InvalidArgument');
  assert.equal(codeOf(() => fork.cherryPick(commit, { mainline: 3 })), 'InvalidArgument');
  assert.equal(codeOf(() => fork.cherryPick(commit, { mainline: 0 })), 'InvalidArgument');
  fork.cherryPick(commit, { mainline: 1 });
  assert.deepEqual(fork.list(), ['a', 'b', 's']);
  const revert = repo.main.revert(commit, { mainline: 2 });
  assert.deepEqual(repo.main.list(), ['a', 'b', 's']);
  assert.match(revert.message, /, reversing\nchanges made to [0-9a-f]{40}\.$/);
});

test('a rebase is one operation', () => {
  const repo = repository();
  const topic = repo.createReality('topic');
  topic.apply({ c: 'c\n' }, 'add c');
  topic.apply({ d: 'd\n' }, 'add d');
  topic.apply({ e: 'e\n' }, 'add e');
  const before = topic.head;
  repo.main.apply({ d: 'd\n' }, 'd came from elsewhere');
  repo.main.apply({ a: 'changed\n' }, 'change a');
  const count = [...repo.operations()].length;
  const commit = topic.rebase('main');
  assert.equal(commit.id, topic.head);
  assert.deepEqual([...topic.log()].map(({ message }) => message), ['add e', 'add c', 'change a', 'd came from elsewhere', 'first']);
  assert.deepEqual(topic.list(), ['a', 'b', 'c', 'd', 'e']);
  assert.equal([...repo.operations()].length, count + 1);
  assert.equal(topic.rebase('main').id, commit.id, 'it is there already');
  assert.equal([...repo.operations()].length, count + 1);
  assert.deepEqual([repo.undo().kind, topic.head], ['rebase', before]);
  assert.deepEqual([repo.redo().kind, topic.head], ['rebase', commit.id]);
  const empty = new Repository();
  assert.equal(codeOf(() => repo.createReality('x').rebase('none')), 'NotFound');
  assert.equal(codeOf(() => empty.main.rebase('0'.repeat(40))), 'NotFound');
});
