// Native and wasm give the same bytes: this runs tests/cases/formats/same.in in wasm, tests/formats/same.rs natively. And what
// other readers of YAML see in what govc writes.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';

import { folder, Repository } from './installed.mjs';

const { checkFormat, parseFormat, writeFormat } = createRequire(join(folder, 'package.json'))('govc/formats');
const read = (name) => readFileSync(new URL(`../cases/formats/${name}`, import.meta.url), 'utf8');

const COMMANDS = {
  check: (format, text) => checkFormat(format, text).map(({ line, column, message }) => `${line}:${column}: ${message}\n`).join(''),
  json(format, text) {
    // JSON.stringify would spell numbers anew: the text itself is what the parser gave to JSON.parse.
    const { parse } = JSON;
    let json;
    JSON.parse = (given, ...rest) => parse(json = given, ...rest);
    try { parseFormat(format, text); } finally { JSON.parse = parse; }
    return `${json}\n`;
  },
  write(format, text) {
    try { return writeFormat(format, JSON.parse(text)); } catch { return 'cannot be written\n'; }
  },
  merge(format, text) {
    const [base, ours, theirs] = text.split(' | ');
    const repo = new Repository();
    repo.main.apply({ '.gitattributes': `x merge=${format}\n`, x: base });
    const side = repo.createReality('side');
    side.apply({ x: theirs });
    repo.main.apply({ x: ours });
    const { clean, tree } = repo.mergeTree(repo.main, side, { attributes: true });
    return clean ? `${repo.at(tree).readText('x')}\n` : 'conflict\n';
  },
};

test('wasm prints what native prints', () => {
  let printed = '';
  for (const line of read('same.in').trimEnd().split('\n').filter((line) => !line.startsWith('#'))) {
    const [, command, format, rest] = /^(\S+) (\S+) (.*)$/.exec(line);
    printed += `> ${line}\n${COMMANDS[command](format, rest.replaceAll(';', '\n').replaceAll('~', '\r'))}`;
  }
  assert.equal(printed, read('same.out'));
});

const python = spawnSync('python3', ['-c', 'import tomllib'], { encoding: 'utf8' }).status === 0;

test('Python reads the TOML that is written as the value that it was written from', { skip: !python && 'there is no Python 3.11' }, () => {
  const values = [
    { a: 1, b: 'x', 'a key': { 'é': [1, 2.5, 'q"\n', true], deep: { er: [[1], []] } }, list: [{ n: 1 }, { m: { k: '' } }, {}], mix: [{ i: 1 }, 2] },
    { empty: {}, t: { only: { tables: {} } }, text: 'a\u0000b\u007f\u{1f600}' },
  ];
  for (const value of values) {
    const script = 'import json, sys, tomllib; json.dump(tomllib.loads(sys.stdin.read()), sys.stdout)';
    const seen = execFileSync('python3', ['-c', script], { input: writeFormat('toml', value), encoding: 'utf8' });
    assert.deepEqual(JSON.parse(seen), value);
  }
});
