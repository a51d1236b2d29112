// Searches beside git grep and git log -S and -G.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { gitDirectory, Repository } from 'govc';

import { git, gitWith, temporaryFolder } from '../../tests/npm/repository.mjs';
import { codeOf } from './code.mjs';

const WORDS = ['alpha', 'beta', 'Alpha', 'alphabet', 'x.y', 'x+y', '', 'tab\there', 'ümlaut', 'end\r'];
const PATHS = ['a', 'd/b.ts', 'd/e/c.ts', 'ä q', 'bin'];

/** A line of commits over few words; some files binary, some links, a merge at the end. */
async function history(folder, seed) {
  const below = (end) => (seed = (seed * 48_271) % 2_147_483_647) % end;
  const lines = [];
  for (let at = 1; at <= 25; at++) {
    lines.push('commit refs/heads/main', `mark :${at}`, `committer A <a@b> ${1_600_000_000 + at} +0000`, `data ${`c${at}`.length}`, `c${at}`);
    if (at === 25) lines.push('merge :12');
    for (const path of PATHS) {
      if (at > 1 && below(4) !== 0) continue;
      let text = Array.from({ length: below(12) }, () => WORDS[below(WORDS.length)]).join('\n');
      if (path === 'bin') text = `alpha\n\0${text}`;
      if (below(3) !== 0) text += '\n';
      const mode = path === 'a' && below(6) === 0 ? '120000' : below(5) === 0 ? '100755' : '100644';
      lines.push(below(12) === 0 && at > 1 ? `D ${JSON.stringify(path)}` : `M ${mode} inline ${JSON.stringify(path)}\ndata ${Buffer.byteLength(text)}\n${text}`);
    }
  }
  await git(folder, 'init', '--quiet', '--initial-branch=main');
  await gitWith(folder, `${lines.join('\n')}\ndone\n`, 'fast-import', '--quiet');
}

const folders = [];
for (const seed of [3, 11, 29]) {
  const folder = await temporaryFolder();
  await history(folder, seed);
  folders.push([folder, await Repository.open(gitDirectory(folder))]);
}

const printed = async (matches) => {
  const lines = [];
  for await (const { commit, path, line, text } of matches) lines.push(`${commit.id}:${path}:${line}:${text}`);
  return lines;
};

const grep = (folder, ...args) =>
  gitWith(folder, '', '-c', 'core.quotePath=false', 'grep', '-n', '-I', ...args).then(
    (bytes) => String(bytes).split('\n').slice(0, -1), () => []);

// Git finds an empty line behind the last newline of each file; so no pattern here finds an empty one.
test('matches are those of git grep', async () => {
  const cases = [
    ['alpha', {}, ['-F', 'alpha']], ['alpha', { ignoreCase: true }, ['-i', 'alpha']], ['alpha', { word: true }, ['-w', 'alpha']],
    ['x.y', {}, ['-F', 'x.y']], ['x.y', { fixed: false }, ['-E', 'x.y']], [/^alpha(bet)?$/, {}, ['-E', '^alpha(bet)?$']], [/x[+.]y|^beta$/, {}, ['-E', 'x[+.]y|^beta$']],
    ['a', { invert: true }, ['-F', '-v', 'a']], ['a', { maxPerFile: 2 }, ['-F', '-m', '2', 'a']], [/ALPHA/i, { word: true }, ['-i', '-w', 'alpha']],
    ['a', { paths: ['*.ts'] }, ['-F', 'a', '--', '*.ts']], ['alpha', { paths: ['d/e'] }, ['-F', 'alpha', '--', 'd/e']], ['nowhere', {}, ['-F', 'nowhere']],
  ];
  let found = 0;
  for (const [folder, repo] of folders) {
    const id = repo.resolve('main');
    const all = [...repo.log()].map((commit) => commit.id);
    for (const [pattern, options, args] of cases) {
      const split = args.indexOf('--') < 0 ? args.length : args.indexOf('--');
      const on = (...revisions) => grep(folder, ...args.slice(0, split), ...revisions, ...args.slice(split));
      assert.deepEqual(await printed(repo.grep(pattern, options)), await on(id), `${pattern} ${args}`);
      const ours = await printed(repo.grep(pattern, { ...options, revisions: {} }));
      assert.deepEqual(ours, await on(...all), `${pattern} ${args} everywhere`);
      found += ours.length;
    }
  }
  assert.ok(found > 1_000, `${found} lines`);
});

test('commits that change a text are those of git log -S and -G', async () => {
  for (const [folder, repo] of folders) {
    for (const [changed, ...args] of [['alpha', '-Salpha'], ['x.y', '-Sx.y'], [/^alpha$/, '-G^alpha$'], [/x[+.]y/, '-Gx[+.]y'], ['nowhere', '-Snowhere']]) {
      for (const [options, ...more] of [[{}], [{ limit: 2 }, '-2'], [{ path: 'd' }, '--', 'd']]) {
        const ours = [...repo.log({ changed, ...options })].map(({ id }) => id).join('\n');
        assert.equal(ours, await git(folder, 'log', '--format=%H', ...args, ...more), `${args} ${more}`);
      }
    }
  }
});

test('a search stops, and refuses what is no pattern', async () => {
  const [[, repo]] = folders;
  const stop = new AbortController();
  stop.abort();
  const rejected = (pattern, options, code) => assert.rejects(printed(repo.grep(pattern, options)), { code });
  await rejected('a', { signal: stop.signal }, 'Aborted');
  await rejected('(', { fixed: false }, 'InvalidArgument');
  await rejected('a', { maxPerFile: 0 }, 'InvalidArgument');
  await rejected('a', { revision: 'nowhere' }, 'NotFound');
  assert.equal(codeOf(() => [...repo.log({ changed: 'a', limit: -1 })]), 'InvalidArgument');
  for await (const { commit } of repo.grep('a', { revision: 'main^{tree}' })) assert.equal(commit, undefined);
});

test('the page breathes while much is searched', async () => {
  const repo = new Repository();
  const text = 'a line of some length, of which there are many\n'.repeat(40_000);
  repo.main.apply(Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`f${at}`, `${at}\n${text}`])), 'much');
  let breaths = 0;
  const timer = setInterval(() => breaths++, 1);
  for await (const match of repo.grep('nowhere')) assert.fail(match.path);
  clearInterval(timer);
  assert.ok(breaths > 0);
});
