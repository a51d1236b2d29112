// The recipes of www/docs/recipes that need more than Node: the files that a page shows, run by the tool that it is for. Those for
// browsers are run in tests/web.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { files, pages } from './examples.mjs';
import { node, packed, project, tool } from './project.mjs';
import { environment } from './repository.mjs';

const run = promisify(execFile);
const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com'];

test('TypeScript of the recipe for Node compiles', async () => {
  const compilerOptions = { target: 'es2022', module: 'nodenext', lib: ['es2022', 'dom', 'esnext.disposable'], strict: true, noEmit: true, types: [] };
  const shown = Object.entries(files('recipes/node.md')).filter(([path]) => path.endsWith('.ts'));
  assert.equal(shown.length, 1);
  const folder = await project({ ...Object.fromEntries(shown), 'tsconfig.json': JSON.stringify({ compilerOptions, files: shown.map(([path]) => path) }) });
  await node(folder, tool('typescript/bin/tsc'), '--project', '.').catch((error) => assert.fail(error.stdout));
});

/** A clone as a CI job has it: main, and a branch that adds a file which the policies refuse. */
async function checkout() {
  const folder = await project({ ...files('recipes/ci.md'), '.gitignore': 'node_modules\n', 'app.json': '{ "port": 80 }\n' });
  const git = (...args) => execFileSync('git', [...identity, ...args], { cwd: folder, env: environment, encoding: 'utf8' }).trim();
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', packed], { cwd: folder });
  git('init', '--quiet', '--initial-branch=main');
  git('add', '.');
  git('commit', '--quiet', '-m', 'first');
  git('update-ref', 'refs/remotes/origin/main', 'HEAD');
  git('checkout', '--quiet', '-b', 'topic');
  return { folder, git };
}

/** Runs a job's commands as they stand, until one fails; the exit code, and what they printed. */
async function runJob(commands, folder, variables) {
  let output = '';
  for (const command of commands) {
    const env = { ...environment, npm_config_offline: 'true', npm_config_audit: 'false', ...variables };
    const { code = 0, stdout, stderr } = await run('bash', ['-e', '-o', 'pipefail', '-c', command], { cwd: folder, env }).catch((error) => error);
    output += stdout + stderr;
    if (code !== 0) return { code, output };
  }
  return { code: 0, output };
}

const JOBS = [
  {
    file: '.github/workflows/govc.yml',
    commands: ({ jobs }) => jobs.govc.steps.map((step) => step.run).filter((command) => command !== undefined),
    variables: () => ({ GITHUB_BASE_REF: 'main' }),
    finds: ({ output }) => assert.match(output, /^::error file=broken\.json,line=1,/m),
  },
  {
    file: '.gitlab-ci.yml',
    commands: ({ policies }) => policies.script,
    variables: (git) => ({ CI_MERGE_REQUEST_DIFF_BASE_SHA: git('rev-parse', 'main') }),
    finds: ({ folder }) => assert.match(readFileSync(join(folder, 'govc.xml'), 'utf8'), /<failure[^>]*>[^<]*broken\.json/),
  },
];

for (const { file, commands, variables, finds } of JOBS) {
  test(`${file} of the recipe for CI is YAML, and its commands pass what is right and stop what is wrong`, async () => {
    const { folder, git } = await checkout();
    const { parseFormat } = createRequire(join(folder, 'package.json'))('govc/formats');
    const script = commands(parseFormat('yaml', readFileSync(join(folder, file))));
    assert.ok(script.some((command) => command.includes('govc ci')));
    git('commit', '--quiet', '--allow-empty', '-m', 'nothing wrong');
    const passed = await runJob(script, folder, variables(git));
    assert.equal(passed.code, 0, passed.output);
    execFileSync('sh', ['-c', "echo '{ , }' > broken.json"], { cwd: folder });
    git('add', 'broken.json');
    git('commit', '--quiet', '-m', 'broken');
    const refused = await runJob(script, folder, variables(git));
    assert.equal(refused.code, 1, refused.output);
    finds({ folder, output: refused.output });
  });
}

const RUNTIMES = [['deno', ['run', '--allow-net', '--allow-read', 'deno.js']], ['bun', ['bun.js']]];

for (const [runtime, words] of RUNTIMES) {
  test(`git clones from ${runtime}`, async (t) => {
    const shown = Object.fromEntries(Object.entries(files('recipes/edge.md')).map(([path, code]) => [path, code.replace(' ?? 8000', ' ?? 0')]));
    const folder = await project(shown);
    const port = await freePort();
    const server = spawn(tool(`.bin/${runtime}`), [...words, String(port)], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    t.after(() => server.kill('SIGKILL'));
    let printed = '';
    for (const stream of [server.stdout, server.stderr]) stream.on('data', (chunk) => { printed += chunk; });
    await listening(port, server, () => printed);
    execFileSync('git', ['clone', '--quiet', `http://127.0.0.1:${port}/repo.git`, 'clone'], { cwd: folder, env: environment });
    assert.equal(readFileSync(join(folder, 'clone/hello.txt'), 'utf8'), 'from memory\n');
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/hello.txt`)).text(), 'from memory\n');
  });
}

async function freePort() {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Resolves when somebody answers at the port; fails when the program ends before. */
async function listening(port, server, printed) {
  while (server.exitCode === null) {
    const answer = await fetch(`http://127.0.0.1:${port}/hello.txt`).catch(() => undefined);
    if (answer !== undefined) return;
  }
  throw new Error(`it ended with ${server.exitCode}: ${printed()}`);
}

test('the program for edge isolates takes a module that was compiled before, and compiles nothing', async () => {
  const [{ code }] = pages('js edge').find(({ name }) => name === 'recipes/edge.md').blocks;
  const folder = await project({
    'worker.js': code,
    'main.js': `
      import { register } from 'node:module';
      register('./modules.js', import.meta.url);
      const { default: worker } = await import('./worker.js');
      const answer = await worker.fetch(new Request('http://localhost/repo.git/info/refs?service=git-upload-pack'));
      console.log(answer.status, (await answer.text()).includes('refs/heads/main'));`,
    // As an isolate does: a module comes compiled, and may not be compiled later.
    'modules.js': `
      import { readFileSync } from 'node:fs';
      import { fileURLToPath } from 'node:url';
      export async function load(url, context, next) {
        if (!url.endsWith('.wasm')) return next(url, context);
        const source = \`import { readFileSync } from 'node:fs';
          export default new WebAssembly.Module(readFileSync(\${JSON.stringify(fileURLToPath(url))}));
          WebAssembly.compileStreaming = WebAssembly.instantiateStreaming = () => { throw new Error('nothing is compiled here'); };\`;
        return { format: 'module', shortCircuit: true, source };
      }`,
  });
  assert.equal(await node(folder, 'main.js'), '200 true');
});
