// Merge drivers of .gitattributes: git's own, and those that merge by key.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Repository } from 'govc';
import { policy } from 'govc/validators';
import { codeOf } from './code.mjs';

/** Merges `theirs` into `ours` over `base`, files at one path. */
function merged(attributes, path, [base, ours, theirs], options = {}) {
  const repo = new Repository({ now: () => 1_700_000_000_000 });
  repo.main.apply({ '.gitattributes': attributes, [path]: base });
  const side = repo.createReality('side');
  repo.main.apply({ [path]: ours });
  side.apply({ [path]: theirs });
  const result = repo.merge(side, repo.main, { conflicts: 'record', ...options });
  return { clean: result.clean, text: repo.main.readText(path), repo, side };
}

const JSON_SIDES = ['{\n  "a": 1,\n  "b": 2\n}\n', '{\n  "a": 1,\n  "b": 3\n}\n', '{\n  "a": 1,\n  "b": 2,\n  "c": 4\n}\n'];

test('by key where lines conflict, for each format and each name', () => {
  assert.equal(merged('', 'x.json', JSON_SIDES).clean, false);
  for (const driver of ['json', 'govc-json', 'jsonc']) {
    const { clean, text } = merged(`*.json merge=${driver}\n`, 'x.json', JSON_SIDES);
    assert.deepEqual([clean, text], [true, '{\n  "a": 1,\n  "b": 3,\n  "c": 4\n}\n']);
  }
  const yaml = merged('[attr]config merge=yaml\n*.yaml config\n', 'd/x.yaml', ['a: 1\nb: 2\n', 'a: 1\nb: 3 # o\n', 'a: 1\nb: 2\nc: 4\n']);
  assert.deepEqual([yaml.clean, yaml.text], [true, 'a: 1\nb: 3 # o\nc: 4\n']);
  const toml = merged('*.toml merge=govc-toml\n', 'x.toml', ['[a]\nb = 2\n', '[a]\nb = 3\n', '[a]\nb = 2\nc = 4\n']);
  assert.deepEqual([toml.clean, toml.text], [true, '[a]\nb = 3\nc = 4\n']);
});

test('one key changed by both is git\'s conflict, a name nobody knows is no driver', () => {
  const conflict = '{\n<<<<<<< main\n  "a": 2\n=======\n  "a": 3\n>>>>>>> side\n}\n';
  const sides = ['{\n  "a": 1\n}\n', '{\n  "a": 2\n}\n', '{\n  "a": 3\n}\n'];
  for (const driver of ['json', 'nobody']) assert.deepEqual(merged(`* merge=${driver}`, 'x', sides).text, conflict, driver);
  assert.equal(merged('* merge=json', 'x', sides, { strategy: 'theirs' }).text, sides[2]);
  assert.equal(merged('* merge=json', 'x', ['{', '{ours', '{theirs']).clean, false);
  assert.match(merged('* conflict-marker-size=9', 'x', sides).text, /^<{9} main$/m);
  assert.equal(merged('* -merge', 'x', sides).text, sides[1]);
  assert.deepEqual(merged('* merge=union', 'x', ['1\n', '2\n', '3\n']).text, '2\n3\n');
});

test('lines that merge into no document are a conflict, or merged by key', () => {
  const base = '{\n  "a": 1,\n  "b": 2,\n  "c": 3\n}\n';
  const first = '{\n  "n": 0,\n  "a": 1,\n  "b": 2,\n  "c": 3\n}\n';
  const last = '{\n  "a": 1,\n  "b": 2,\n  "c": 3,\n  "n": 0\n}\n';
  assert.equal(merged('', 'x', [base, first, last]).text.match(/"n"/g).length, 2);
  assert.deepEqual(merged('x merge=json', 'x', [base, first, last]).text, first);
  const { clean, repo } = merged('x merge=json', 'x', [base, first, last.replace('"n": 0', '"n": 1')]);
  assert.equal(clean, false);
  assert.deepEqual(repo.main.conflicts().map(({ path, kind }) => [path, kind]), [['x', 'content']]);
});

test('picks, reverts and rebases go by the attributes, too, and validators see what comes out', () => {
  const { repo, side } = merged('*.json merge=json', 'x.json', JSON_SIDES);
  repo.undo();
  const before = repo.main.head;
  repo.main.cherryPick(side);
  assert.equal(repo.main.readText('x.json'), '{\n  "a": 1,\n  "b": 3,\n  "c": 4\n}\n');
  repo.main.rollback(before);
  repo.main.rebase(side);
  assert.equal(repo.main.readText('x.json'), '{\n  "a": 1,\n  "b": 3,\n  "c": 4\n}\n');
  repo.main.rollback(before);
  repo.validators = [policy('few', '*.json', 'deny', (file) => Object.keys(JSON.parse(file.text())).length > 2 ? 'too many' : undefined)];
  assert.equal(codeOf(() => repo.merge(side, repo.main)), 'ValidationFailed');
});
