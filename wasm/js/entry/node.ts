/** Node: loads the module that lies beside this file, at once. Built as CommonJS; `node.mjs` re-exports it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { instantiate } from '../binding.js';

export * from '../index.js';
export { gitDirectory, type GitDirectoryOptions } from '../storage/git-directory/index.js';

instantiate(readFileSync(join(__dirname, 'govc_bg.wasm')));
