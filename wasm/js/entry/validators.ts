/** What looks at changes before they are committed; the same in Node, in a browser and in a hook. */
export * from '../validators/index.js';
