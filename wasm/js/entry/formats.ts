/** Browsers, Workers and bundlers: loads the module for JSON, YAML and TOML before the import is done. */
import { instantiateFormatsFrom } from '../formats/module.js';

export * from '../formats/index.js';

await instantiateFormatsFrom(new URL('./govc_formats_bg.wasm', import.meta.url));
