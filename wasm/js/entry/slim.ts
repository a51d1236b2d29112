/** Anywhere: the caller gives the module, which `govc/govc_bg.wasm` names, before the first use. */
import { instantiate, instantiateFrom, provideDeferred } from '../binding.js';
import { instantiateFormats, instantiateFormatsFrom } from '../formats/module.js';

export * from '../index.js';

/** Where the module comes from: its bytes, a compiled module, its address, or the response that brings it. */
export type ModuleSource = BufferSource | WebAssembly.Module | URL | Request | Response | Promise<BufferSource | WebAssembly.Module | Response>;

/**
 * Loads the engine; resolves when it may be used. Does nothing where it is loaded.
 *
 * `deferred` brings the part that `govc/govc_deferred_bg.wasm` names. It is asked when the first storage is opened, the first pack
 * imported or repository verified, the first request of git answered, or the first evaluation run; without it, these fail.
 */
export function initialize(source: ModuleSource, deferred?: () => ModuleSource): Promise<void> {
  if (deferred !== undefined) provideDeferred(deferred);
  return instantiateFrom(source);
}

/** As `initialize`, at once. Browsers refuse this for large modules outside a Worker. */
export function initializeSync(source: BufferSource | WebAssembly.Module, deferred?: () => ModuleSource): void {
  if (deferred !== undefined) provideDeferred(deferred);
  instantiate(source);
}

/** Loads the module for JSON, YAML and TOML, which `govc/govc_formats_bg.wasm` names; resolves when it may be used. */
export function initializeFormats(source: ModuleSource): Promise<void> {
  return instantiateFormatsFrom(source);
}

/** Loads the module for JSON, YAML and TOML at once. */
export function initializeFormatsSync(source: BufferSource | WebAssembly.Module): void {
  instantiateFormats(source);
}
