/** Node: loads the module that lies beside this file, at once. Built as CommonJS; `node.mjs` re-exports it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { instantiate, provideDeferred } from '../binding.js';
import { instantiateFormats } from '../formats/module.js';
import { provideLoader } from '../formats/port.js';

export * from '../index.js';
export { gitDirectory, type GitDirectoryOptions } from '../storage/git-directory/index.js';

/** @internal What `validators.cjs` and `formats.cjs` share with this file. */
export { formatOf, formatsFor, FORMATS } from '../formats/port.js';
/** @internal */
export { problemsOf } from '../validate.js';

instantiate(readFileSync(join(__dirname, 'govc_bg.wasm')));
provideDeferred(() => readFileSync(join(__dirname, 'govc_deferred_bg.wasm')));
provideLoader(() => instantiateFormats(readFileSync(join(__dirname, 'govc_formats_bg.wasm'))));
