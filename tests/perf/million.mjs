// A million commits while twelve subscriptions listen whose handlers take as long as chance will have it: each has to be told
// of every commit that it wants, in order, once. Takes some minutes; `node million.mjs [COMMITS [SEED]]`.
import assert from 'node:assert/strict';
import { setImmediate as turn, setTimeout as later } from 'node:timers/promises';

import { Repository } from './engines/govc.mjs';

const commits = Number(process.argv[2] ?? 1_000_000);
let seed = Number(process.argv[3] ?? 1);
const FILES = 50;
/** Commits that are made before handlers have their turn. */
const AT_ONCE = 500;

function below(end) {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
  return (seed >>> 8) % end;
}

/** Says whether a subscription is told what it has to be told. */
class Listener {
  constructor(repo, number) {
    this.files = new Set(Array.from({ length: 1 + below(FILES) }, () => below(FILES)));
    this.slowness = number % 3;
    this.told = 0;
    this.next = 0;
    this.mostBehind = 0;
    const paths = [...this.files].map((file) => `files/${file}.txt`);
    this.subscription = repo.watch({ paths }, (event) => this.hear(event));
  }

  /** The next commit from one on that it wants. */
  wanted(from) {
    while (!this.files.has(from % FILES)) from++;
    return from;
  }

  async hear(event) {
    assert.equal(Number(event.message), this.next = this.wanted(this.next), 'in order, none lost, none doubled');
    this.next++;
    this.told++;
    if (this.slowness > 0 && below(20) === 0) await turn();
    if (this.slowness > 1 && below(5000) === 0) await later(below(3));
  }
}

const repo = new Repository();
const listeners = Array.from({ length: 12 }, (_, number) => new Listener(repo, number));
const started = performance.now();
for (let commit = 0; commit < commits; commit++) {
  repo.main.apply({ [`files/${commit % FILES}.txt`]: `${commit}` }, `${commit}`);
  if (commit % AT_ONCE === AT_ONCE - 1) {
    await turn();
    for (const listener of listeners) listener.mostBehind = Math.max(listener.mostBehind, listener.subscription.behind);
  }
}
while (listeners.some(({ subscription }) => subscription.behind > 0)) await turn();
let told = 0;
for (const { files, told: count, subscription } of listeners) {
  let expected = 0;
  for (const file of files) expected += Math.ceil((commits - file) / FILES);
  assert.deepEqual([count, subscription.errors], [expected, []]);
  told += count;
}
const seconds = ((performance.now() - started) / 1000).toFixed(0);
const behind = Math.max(...listeners.map(({ mostBehind }) => mostBehind));
console.log(`${commits} commits, ${told} deliveries, each once and in order; at most ${behind} behind; ${seconds} s`);
