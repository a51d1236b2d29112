// govc, from what `cargo xtask npm` built.
export { hashObject, Repository } from '../../../wasm/dist/node.mjs';
import { Repository } from '../../../wasm/dist/node.mjs';

const options = { author: { name: 'bench', email: 'bench@localhost' }, now: () => 1_700_000_000_000 };

/** A repository that holds this pack, with main at `head`. */
export async function repositoryWith(pack, head) {
  const repository = new Repository(options);
  await repository.importPack(pack, { main: head });
  return repository;
}

/** A repository whose pack has its index already. */
export function openWith(pack, index, head) {
  const load = async (sink) => {
    sink.pack(pack, index);
    sink.ref('refs/heads/main', head);
    sink.ref('HEAD', 'ref: refs/heads/main');
  };
  return Repository.open({ load, append: async () => {}, close: async () => {} }, options);
}

/** Runs `operation` on a fresh repository with the input's pack, which is gone afterwards. */
export async function onGovc({ bytes, head }, operation) {
  const repository = await repositoryWith(bytes, head);
  try {
    return await operation(repository);
  } finally {
    dispose(repository);
  }
}

/** Gives a repository's memory back. */
export function dispose(repository) {
  repository[Symbol.dispose]();
}
