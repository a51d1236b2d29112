// The command `govc` of the packed package beside real git, on the same folders.
import { execFile } from 'node:child_process';
import { join } from 'node:path';

import { folder } from './installed.mjs';
import { environment } from './repository.mjs';

/** The command as npm links it into a project. */
export const command = join(folder, 'node_modules', '.bin', 'govc');

/** Runs govc in a folder: what it printed, and its exit code. `more` is added to the environment. */
export function run(where, words, more = {}) {
  return new Promise((resolve) => {
    execFile(command, words, { cwd: where, env: { ...environment, ...more }, maxBuffer: 1 << 30 }, (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, stdout, stderr });
    });
  });
}

/** As `run`, where it must succeed; what it printed, without the last newline. */
export async function govc(where, ...words) {
  const { code, stdout, stderr } = await run(where, words);
  if (code !== 0) throw new Error(`govc ${words.join(' ')} ended with ${code}: ${stdout}${stderr}`);
  return stdout.replace(/\n$/, '');
}

/** What `--json` prints. */
export async function json(where, ...words) {
  return JSON.parse(await govc(where, ...words, '--json'));
}
