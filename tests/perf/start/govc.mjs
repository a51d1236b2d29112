// From the start of Node to a first commit, as a module.
import { Repository } from '../../../wasm/dist/node.mjs';

const repository = new Repository();
repository.main.write('hello.txt', 'hello\n');
const { tree } = repository.main.commit('first');
console.log(performance.timeOrigin + performance.now(), tree);
