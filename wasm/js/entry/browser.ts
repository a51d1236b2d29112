/** Browsers, Workers and bundlers: loads the module that lies beside this file before the import is done, its deferred part later. */
import { instantiateFrom, provideDeferred } from '../binding.js';

export * from '../index.js';

provideDeferred(() => new URL('./govc_deferred_bg.wasm', import.meta.url));
await instantiateFrom(new URL('./govc_bg.wasm', import.meta.url));
