// Every `js` block of www/docs, run as it stands there in a project that installed the package, and the `sh` blocks of a page
// one after another in one folder, which has the files that the page shows and where `govc` is the package's command. A `text` block right after a block is what it
// prints: the same text, where `...` stands for anything. Those for browsers are run in tests/web.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

import { files, pages, pattern } from './examples.mjs';
import { lend, node, project } from './project.mjs';
import { environment } from './repository.mjs';

const shell = new Map(pages('sh').map(({ name, blocks }) => [name, blocks]));

for (const { name, blocks } of pages('js')) {
  const hasFiles = Object.keys(files(name)).length > 0;
  if (!hasFiles && (blocks.length > 0 || shell.get(name).length === 0)) test(`${name} has examples, and says what the first prints`, () => assert.ok(blocks[0]?.printed));
  for (const [at, { code, printed }] of blocks.entries()) {
    test(`example ${at + 1} of ${name} runs`, async () => {
      const folder = await project({ 'example.mjs': code });
      if (code.includes("from 'ajv'")) await lend(folder, 'ajv');
      const output = await node(folder, 'example.mjs');
      if (printed !== undefined) assert.match(output.trimEnd(), pattern(printed));
    });
  }
}

for (const [name, blocks] of shell) {
  if (blocks.length === 0) continue;
  test(`the commands of ${name} run, and print what it says`, async () => {
    const folder = await project({ '.gitignore': 'node_modules\npackage.json\n.gitignore\n', ...files(name) });
    const PATH = `${join(folder, 'node_modules', '.bin')}:${environment.PATH}`;
    for (const { code, printed } of blocks) {
      const output = execFileSync('sh', ['-e', '-c', code], { cwd: folder, env: { ...environment, PATH }, stdio: ['ignore', 'pipe', 'ignore'] }).toString();
      if (printed !== undefined) assert.match(output.trimEnd(), pattern(printed));
    }
  });
}
