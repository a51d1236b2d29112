/** Node: what works on documents without a repository. `node.cjs` loads the module when it is needed first. */
export * from '../formats/index.js';
