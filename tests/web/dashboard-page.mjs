// The dashboard on a repository that a test makes with git.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

import { openPage, serve } from './browser.mjs';

/** Where the rules of accessibility are. */
export const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** A folder for a repository; once that is made, `show` serves the dashboard on all of its refs, and `open` opens it in a page. */
export async function dashboard() {
  const folder = await mkdtemp(join(tmpdir(), 'govc-dashboard-'));
  after(() => rm(folder, { recursive: true, force: true }));
  const git = (...args) => {
    const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', '-c', 'commit.gpgsign=false', '-c', 'advice.submoduleMergeConflict=false'];
    return execFileSync('git', [...identity, ...args], { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 26 }).trim();
  };
  let address;
  const show = async () => {
    const refs = Object.fromEntries(git('for-each-ref', '--format=%(refname) %(objectname)').split('\n').map((line) => line.split(' ')));
    const pack = execFileSync('git', ['pack-objects', '--revs', '--stdout', '-q'], { cwd: folder, input: Object.values(refs).join('\n') });
    await writeFile(join(folder, 'history.pack'), pack);
    await writeFile(join(folder, 'history.json'), JSON.stringify({ main: 'main', note: '', refs }));
    for (const name of ['app', 'govc']) await symlink(fileURLToPath(new URL(`../../www/dist/${name}`, import.meta.url)), join(folder, name));
    address = `${await serve(folder)}app/`;
    return { refs, address };
  };
  const open = async (fragment = '', options = {}) => {
    const { page, errors } = await openPage(`${address}${fragment}`, options);
    await page.waitForFunction(() => document.querySelector('[role=option], .moment, .matrix, .paths li, .operations li') !== null);
    return { page, errors };
  };
  return { folder, git, show, open };
}
