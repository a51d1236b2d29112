/** Browsers, Workers and bundlers: loads the module that lies beside this file before the import is done. */
import { instantiateFrom } from '../binding.js';

export * from '../index.js';

await instantiateFrom(new URL('./govc_bg.wasm', import.meta.url));
