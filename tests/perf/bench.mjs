// Measures govc in wasm on Node beside isomorphic-git and native git, in one run: `cargo xtask bench`.
//
//   node --expose-gc bench.mjs [RESULTS.json [WORKLOAD...]]      workloads by their ids: W1 W2 ... W16
//
// Each workload makes every engine do the same work and compares what came out, so that a wrong result cannot be fast.
// Engines run in turn, medians are shown. Native git runs its batch plumbing, one process for the whole workload.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { arch, cpus, platform } from 'node:os';

import * as isomorphic from './engines/isomorphic.mjs';
import { realRepository, wideRepository } from './inputs.mjs';
import { measure } from './measure.mjs';
import { duration, table, targets } from './report.mjs';
import * as evaluate from './workloads/evaluate.mjs';
import * as made from './workloads/made.mjs';
import * as moments from './workloads/moments.mjs';
import * as real from './workloads/real.mjs';
import * as start from './workloads/start.mjs';

const FORKS = [1_000, 100_000];

const [resultsPath, ...wanted] = process.argv.slice(2);
const isWanted = (id) => wanted.length === 0 || wanted.includes(id);
const workloads = [];

async function run(id, workload) {
  if (!isWanted(id)) return;
  const result = await measure(await workload());
  workloads.push(result);
  const figures = Object.entries(result.engines).map(([name, { median_ms }]) => `${name} ${duration(median_ms / result.count)}`);
  console.error(`${result.id}  ${result.title}: ${figures.join(', ')}`);
}

async function runMade() {
  const input = wideRepository();
  const base = await isomorphic.repositoryForForks(input.bytes, input.head);
  for (const count of FORKS) await run('W1', () => made.forks(input, base, count));
  await run('W2', () => made.commits(input, base));
  await run('W3', () => made.realities(input, base));
  await run('W10', () => made.events(input));
  await run('W11', () => evaluate.evaluation(input));
  await run('W12', () => evaluate.assignment(input));
  await run('W13', () => evaluate.tests(input));
}

async function runReal(input) {
  const base = await isomorphic.repositoryWith(input.bytes, input.head);
  await run('W4', () => real.importPack(input));
  await run('W4', () => real.open(input));
  for (const time of [1, 2]) await run('W5', () => real.walk(input, base, time));
  await run('W6', () => real.diffs(input, base));
  await run('W7', () => real.merges(input, base));
}

const input = realRepository();
if (['W1', 'W2', 'W3', 'W10', 'W11', 'W12', 'W13'].some(isWanted)) await runMade();
if (['W4', 'W5', 'W6', 'W7'].some(isWanted)) await runReal(input);
await run('W8', start.start);
for (const files of [10, 10_000, 1_000_000]) await run('W14', () => moments.goingBack(files));
for (const commits of [1_000, 100_000]) await run('W15', () => moments.moments(commits));
await run('W16', moments.emergencies);

const results = {
  versions: {
    'node': process.version,
    'isomorphic-git': isomorphic.git.version(),
    'native git': execFileSync('git', ['--version']).toString().trim().replace('git version ', ''),
  },
  machine: { platform: platform(), architecture: arch(), processor: cpus()[0]?.model, processors: cpus().length },
  repository: { name: input.name, commits: input.commits, packBytes: input.bytes.length },
  workloads,
  size: start.size(),
  bytes: isWanted('W1') ? FORKS.map(start.realityBytes) : [],
};
results.targets = targets(results);
if (resultsPath !== undefined) writeFileSync(resultsPath, `${JSON.stringify(results, null, 2)}\n`);

const { versions, machine, repository } = results;
console.log(table(results));
console.log(`\nMedians of one run on ${machine.processors} × ${machine.processor} (${machine.platform} ${machine.architecture}), `
  + `Node ${versions.node}, isomorphic-git ${versions['isomorphic-git']} over a map in memory, git ${versions['native git']}; `
  + `the real repository is ${repository.name}: ${repository.commits.toLocaleString('en')} commits.\n`);
console.log(results.targets.join('\n'));
