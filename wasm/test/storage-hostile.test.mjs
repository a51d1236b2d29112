// A stored repository whose files hold other bytes than were written: each is named by a typed error, or was not needed.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fakeLock, FaultyFiles } from './faulty-files.mjs';
import { FileStorage, GovcError, Repository } from './inside.mjs';

const WAKE = { tell() {}, watch() {}, close() {} };

function open(disk) {
  return Repository.open(new FileStorage({ title: 'test', files: new FaultyFiles(disk), lock: fakeLock(), wake: WAKE }));
}

/** What lies on the disk after a few flushes, without the engine that wrote it. */
async function stored() {
  const files = new FaultyFiles();
  const repo = await Repository.open(new FileStorage({ title: 'test', files, lock: fakeLock(), wake: WAKE }));
  for (let round = 0; round < 3; round++) {
    repo.main.apply({ [`file ${round}`]: `content ${round}\n`.repeat(20) }, `change ${round}`);
    repo.createReality(`reality ${round}`.replace(' ', '/'));
    await repo.flush();
  }
  const { head } = repo.main;
  repo[Symbol.dispose]();
  return { disk: files.contents, head };
}

/** Opens and reads all of it; what is wrong, or undefined where nothing is. */
async function read(disk, head) {
  let repo;
  try {
    repo = await open(disk);
    assert.equal(repo.main.head, head, 'it is the state that was acknowledged');
    const { problems } = await repo.verify();
    return problems[0];
  } catch (error) {
    assert.ok(error instanceof GovcError, String(error));
    return error;
  } finally {
    repo?.[Symbol.dispose]();
  }
}

/** Files that govc needs to open the repository, each of which names itself when it is broken. */
const isNeeded = (path) => !/^(?:config|HEAD|packed-refs)$/.test(path);

test('each file cut off at every place, or with any byte changed', async () => {
  const { disk, head } = await stored();
  let broken = 0;
  const harmless = [];
  for (const [path, bytes] of disk) {
    if (!isNeeded(path)) continue;
    const step = Math.ceil(bytes.length / 150);
    for (let at = 0; at < bytes.length; at += step) {
      for (const [kind, other] of [['cut off', bytes.slice(0, at)], ['changed', bytes.with(at, bytes[at] ^ (1 << at % 8))]]) {
        const wrong = await read(new Map(disk).set(path, other), head);
        broken++;
        if (wrong === undefined) harmless.push(`${path} ${kind} at ${at}`);
        // A changed object is found when it is read, and named by its id.
        else if (wrong.details !== undefined && !wrong.details.id) {
          const expected = /belongs to another pack|number of objects than the pack/.test(wrong.message) ? path.replace('.pack', '.idx') : path;
          assert.equal(wrong.details.path, expected, `${path} ${kind} at ${at}: ${wrong.message}`);
        }
      }
    }
    const gone = new Map(disk);
    gone.delete(path);
    // Without its only generation it is no repository: the next flush makes one.
    if (!path.startsWith('govc/')) assert.equal((await read(gone, head)).details.path, path);
  }
  assert.ok(broken > 1000, `${broken} broken files`);
  // The bits between the end of an object's compressed bytes and the next whole byte mean nothing.
  assert.ok(harmless.length < 20 && harmless.every((one) => one.includes('.pack changed')), harmless.join('\n'));
});

test('the files for git do no harm to govc, whatever they hold', async () => {
  const { disk, head } = await stored();
  for (const path of ['config', 'HEAD', 'packed-refs', 'refs/heads/main', 'objects/pack/pack-x.pack', 'govc/x', 'govc/99999999999999999999.refs']) {
    assert.equal(await read(new Map(disk).set(path, new Uint8Array([1, 2, 3])), head), undefined, path);
  }
});

test('a file of a later generation: torn by a crash it does not count, broken afterwards it is named', async () => {
  const { disk, head } = await stored();
  const [newest] = [...disk.keys()].filter((path) => path.startsWith('govc/')).sort().reverse();
  const later = newest.replace(/\d+/, (number) => Number(number) + 1);
  assert.equal(await read(new Map(disk).set(later, disk.get(newest).slice(0, 50)), head), undefined);
  // What git reads says that the later one was whole.
  const moved = new Map(disk).set(later, new Uint8Array(50)).set('packed-refs', new Uint8Array(60));
  assert.equal((await read(moved, head)).details.path, later);
});

test('a generation of another format, or a file that claims to be huge', async () => {
  const { disk, head } = await stored();
  const [path] = [...disk.keys()].filter((name) => name.startsWith('govc/'));
  const files = new FaultyFiles(disk);
  const { open } = files;
  files.open = async (name) => name === path ? { size: 2 ** 52, read: () => { throw new Error('not to be read'); } } : open.call(files, name);
  const storage = new FileStorage({ title: 'test', files, lock: fakeLock(), wake: WAKE });
  await assert.rejects(Repository.open(storage), { code: 'Storage', details: { reason: 'corrupt', path } });
  assert.ok(head);
});
