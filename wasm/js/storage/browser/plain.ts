/** The files that make the stored repository one that git opens: git reads these, govc reads the generations. */
import { encodeText } from '../../text.js';
import type { Generation } from './generation.js';

const CONFIG = '[core]\n\trepositoryformatversion = 0\n\tfilemode = false\n\tbare = true\n';

/** What the files of git must hold for a generation, by path. */
export function plainFiles({ refs }: Generation): Map<string, Uint8Array> {
  const files = new Map([['config', encodeText(CONFIG)]]);
  let packed = '';
  for (const [name, target] of refs) {
    // `packed-refs` has no place for a symbolic ref: each is a file.
    if (target.startsWith('ref: ') || !name.startsWith('refs/')) files.set(name, encodeText(`${target}\n`));
    else packed += `${target} ${name}\n`;
  }
  return files.set('packed-refs', encodeText(packed));
}
