// What realities weigh: `node --expose-gc bytes.mjs COUNT` prints bytes for each, in the module's memory and in JavaScript's.
const modules = [];
const { Instance } = WebAssembly;
WebAssembly.Instance = class extends Instance {
  constructor(...given) {
    super(...given);
    modules.push(this);
  }
};
const { Repository } = await import('../../../wasm/dist/node.mjs');

const count = Number(process.argv[2]);
const repository = new Repository();
repository.main.write('hello.txt', 'hello\n');
repository.main.commit('first');
const moduleBytes = () => modules[0].exports.memory.buffer.byteLength;
const heapBytes = () => {
  gc();
  return process.memoryUsage().heapUsed;
};

const names = Array.from({ length: count }, (_, number) => `try-${number}`);
const before = [moduleBytes(), heapBytes()];
const kept = repository.realities(names);
const after = [moduleBytes(), heapBytes()];
console.log(JSON.stringify({
  count: kept.length,
  module: (after[0] - before[0]) / count,
  javascript: (after[1] - before[1]) / count,
}));
