// From the start of Node to a first commit, by require().
const { Repository } = require('../../../wasm/dist/node.cjs');

const repository = new Repository();
repository.main.write('hello.txt', 'hello\n');
const { tree } = repository.main.commit('first');
console.log(performance.timeOrigin + performance.now(), tree);
