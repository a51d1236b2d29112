/** What stands on the deferred part of the engine. A chunk of its own, loaded when it is asked for. */
export { importPack } from './exchange.js';
export { gitHandler } from './handler.js';
export { StorageLink } from './storage/link.js';
export { verify } from './verify.js';
