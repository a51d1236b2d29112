// JSON Schema by real Ajv: each problem stands where the value stands that is wrong, in JSON, YAML and TOML.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';

import { Ajv } from 'ajv';

import { folder, Repository } from './installed.mjs';

const { jsonSchema } = createRequire(join(folder, 'package.json'))('govc/validators');

const SCHEMA = {
  type: 'object',
  required: ['kind'],
  additionalProperties: false,
  properties: {
    kind: { enum: ['service', 'job'] },
    ports: { type: 'array', items: { type: 'object', properties: { 'a/b': { type: 'integer', maximum: 65535 } }, additionalProperties: false } },
    labels: { type: 'object', propertyNames: { pattern: '^[a-z]+$' } },
  },
};
const BROKEN = {
  'x.json': '{\n  "kind": "server",\n  "ports": [{ "a/b": 1 },\n    { "a/b": "x", "c/d": 1 }],\n  "labels": { "A": 1 },\n  "more": 1\n}\n',
  'x.yaml': 'kind: server\nports:\n  - a/b: 1\n  - a/b: x\n    c/d: 1\nlabels:\n  A: 1\nmore: 1\n',
  'x.toml': 'kind = "server"\nmore = 1\n[[ports]]\n"a/b" = 1\n[[ports]]\n"a/b" = "x"\n"c/d" = 1\n[labels]\nA = 1\n',
};
const PLACES = {
  'x.json': ['2:11 enum', '4:14 type', '4:19 additionalProperties', '5:15 pattern', '5:15 propertyNames', '6:3 additionalProperties'],
  'x.yaml': ['1:7 enum', '4:10 type', '5:5 additionalProperties', '7:3 pattern', '7:3 propertyNames', '8:1 additionalProperties'],
  'x.toml': ['1:8 enum', '2:1 additionalProperties', '6:9 type', '7:1 additionalProperties', '9:1 pattern', '9:1 propertyNames'],
};

/** The problems of a file. */
function problems(path, text, validator) {
  const { main } = new Repository();
  main.write(path, text);
  try {
    main.validate([validator]);
    return [];
  } catch (error) {
    assert.equal(error.code, 'ValidationFailed', error.stack);
    return error.details.problems;
  }
}

const ajv = new Ajv({ allErrors: true, strictTypes: false });

for (const [path, text] of Object.entries(BROKEN)) {
  test(`all errors of ${path} at their places, with a schema and with one that is compiled`, () => {
    for (const schema of [SCHEMA, ajv.compile(SCHEMA)]) {
      const found = problems(path, text, jsonSchema(ajv, { '*': schema }));
      assert.deepEqual(found.map(({ line, column, rule }) => `${line}:${column} ${rule.replace('schema/', '')}`).sort(), PLACES[path]);
      assert.match(found.find(({ rule }) => rule === 'schema/enum').message, /^\/kind must be equal to one of the allowed values: "service", "job"$/);
      assert.match(found.find(({ message }) => message.startsWith('/ports/1 ')).message, /must NOT have additional properties: 'c\/d'$/);
    }
  });
}

test('of several documents each has to fit, and what fits is let pass', () => {
  const schema = jsonSchema(ajv, { '*.yaml': { properties: { kind: { type: 'string' } } } });
  const found = problems('d.yaml', 'kind: A\n---\nkind: 5\n', schema);
  assert.deepEqual(found.map(({ line, column, rule }) => [line, column, rule]), [[3, 7, 'schema/type']]);
  assert.deepEqual(problems('d.yaml', 'kind: A\n---\nkind: B\n', schema), []);
});
