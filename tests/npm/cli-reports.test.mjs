// Reports of `govc ci` on files and messages that try to be something else: read back by those who read such reports.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { run } from './govc.mjs';
import { tool } from './project.mjs';
import { git, repository, temporaryFolder } from './repository.mjs';

const NAMES = ['a\n::error file=b::c.json', ']]>.json', '%0A%25.json', `"<&>'.json`, 'tab\there,x=1:2.json', 'é 日本.json', '\u202egpj.json', 'bell\x07.json'];
const MESSAGE = 'one\n::warning::two ]]> </failure> %0A \u0000\u001b[31m\r\nthree';
const CONFIG = `module.exports = { policies: [
  { name: 'syntax', check: 'syntax' },
  { name: 'x::y,z=]]>"\\n', check: () => [{ message: ${JSON.stringify(MESSAGE)} }, { message: 'w', severity: 'warning', path: 'no such\\nfile', line: -1, column: 1.5 }] },
] };
`;

const folder = await repository(1);
await writeFile(join(folder, 'govc.config.cjs'), CONFIG);
for (const name of NAMES) await writeFile(join(folder, name), '{\n  "a": 1,\n');
await git(folder, 'add', '-A');
const report = async (format) => {
  const { code, stdout, stderr } = await run(folder, ['ci', '--format', format]);
  assert.deepEqual([code, stderr], [1, '']);
  return stdout;
};

test('GitHub sees one annotation for each problem, at the file that it is about', async () => {
  const decoded = (text) => text.replaceAll('%2C', ',').replaceAll('%3A', ':').replaceAll('%0A', '\n').replaceAll('%25', '%');
  const lines = (await report('github')).trimEnd().split('\n');
  assert.equal(lines.length, NAMES.length + 2);
  const parts = lines.map((line) => /^::(error|warning) ([^:]*)::(.*)$/.exec(line).slice(1));
  const files = parts.map(([, properties]) => /(?:^|,)file=([^,]*)/.exec(properties)?.[1]).filter(Boolean).map(decoded);
  const plain = NAMES.filter((name) => !/[\x07\u202e]/.test(name));
  for (const name of plain) assert.ok(files.includes(name), JSON.stringify(name));
  assert.ok(parts.every(([, properties]) => properties.split(',').every((property) => /^(file|line|col|title)=[^:,]*$/.test(property))));
});

test('SARIF is as its declaration wants it, and names the files', async () => {
  const text = await report('sarif');
  const { runs: [{ results }] } = JSON.parse(text);
  const uris = results.flatMap(({ locations }) => locations.map(({ physicalLocation }) => physicalLocation.artifactLocation.uri));
  assert.deepEqual(uris.map(decodeURIComponent).sort(), [...NAMES, 'no such\nfile'].sort());
  assert.ok(uris.every((uri) => /^[\w.!~*'()%-]+$/.test(uri)), 'nothing in an address has to be escaped');
  const regions = results.flatMap(({ locations }) => locations.flatMap(({ physicalLocation }) => physicalLocation.region ?? []));
  assert.ok(regions.length > 0 && regions.every(({ startLine, startColumn = 1 }) => startLine >= 1 && startColumn >= 1));
  // As a literal, so that a property too many is an error, too.
  const checked = await temporaryFolder();
  await writeFile(join(checked, 'log.ts'), `import type { Log } from 'sarif';\nexport const log: Log = ${text.trimEnd()};\n`);
  const compilerOptions = { strict: true, noEmit: true, module: 'nodenext', types: [], paths: { sarif: [tool('@types/sarif/index.d.ts')] } };
  await writeFile(join(checked, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['log.ts'] }));
  await promisify(execFile)(process.execPath, [tool('typescript/bin/tsc'), '--project', checked]).catch((error) => assert.fail(error.stdout));
});

const python = spawnSync('python3', ['-c', 'import xml.etree']).status === 0;
const READ = `import json, sys, xml.etree.ElementTree as tree
suites = tree.fromstring(sys.stdin.buffer.read())
cases = suites.findall('.//testcase')
print(json.dumps([suites.attrib, [case.attrib.get('file') for case in cases], [failure.attrib['message'] for failure in suites.findall('.//failure')]]))`;

test('JUnit is XML, and holds what was said', { skip: !python && 'there is no Python' }, async () => {
  const text = await report('junit');
  const { status, stdout, stderr } = spawnSync('python3', ['-c', READ], { input: text, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  const [attributes, files, messages] = JSON.parse(stdout);
  assert.deepEqual(attributes, { tests: String(NAMES.length + 2), failures: String(NAMES.length + 1), errors: '0' });
  const readable = (value) => value.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f]/g, '\ufffd');
  assert.deepEqual(files.filter(Boolean).sort(), [...NAMES, 'no such\nfile'].map(readable).sort());
  assert.ok(messages.includes(readable(MESSAGE)), JSON.stringify(messages));
});
