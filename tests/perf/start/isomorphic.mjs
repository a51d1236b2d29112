// From the start of Node to a first commit, by isomorphic-git over a map.
import git from 'isomorphic-git';

import { MapFs } from '../engines/map-fs.mjs';

const place = { fs: new MapFs(), dir: '/', gitdir: '/.git' };
await git.init(place);
await place.fs.writeFile('/hello.txt', 'hello\n');
await git.add({ ...place, filepath: 'hello.txt' });
const oid = await git.commit({ ...place, message: 'first', author: { name: 'bench', email: 'bench@localhost' } });
const { commit } = await git.readCommit({ ...place, oid });
console.log(performance.timeOrigin + performance.now(), commit.tree);
