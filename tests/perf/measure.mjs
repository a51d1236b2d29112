// Times engines in turn, so that whatever else the machine does falls on all of them alike.
import { performance } from 'node:perf_hooks';

/** Rounds of each workload. */
const RUNS = Number(process.env.GOVC_BENCH_RUNS ?? 5);
/** An engine that has taken this long in one workload is not run again; how often it ran is in the results. */
const ENGINE_MS_MAX = Number(process.env.GOVC_BENCH_ENGINE_MS ?? 60_000);

/** Milliseconds that something took, and what it gave. */
export async function timed(operation) {
  const start = performance.now();
  const value = await operation();
  return { ms: performance.now() - start, value };
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Runs a workload: `engines` maps a name to a function that makes ready, times itself, and returns `{ ms, check }`.
 * All engines must give the same `check`.
 */
export async function measure({ id, title, count, per, engines, rounds = RUNS }) {
  const times = Object.fromEntries(Object.keys(engines).map((name) => [name, []]));
  const checks = {};
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(engines)) {
      if (times[name].reduce((sum, ms) => sum + ms, 0) > ENGINE_MS_MAX) continue;
      globalThis.gc?.();
      const { ms, check } = await run();
      times[name].push(ms);
      checks[name] = JSON.stringify(check);
    }
  }
  agree(id, checks);
  const figures = Object.entries(times).map(([name, all]) => [
    name, { median_ms: median(all), min_ms: Math.min(...all), max_ms: Math.max(...all), runs: all.length },
  ]);
  return { id, title, count, per, check: shortened(Object.values(checks)[0]), engines: Object.fromEntries(figures) };
}

function agree(id, checks) {
  const answers = new Set(Object.values(checks));
  if (answers.size > 1) {
    const said = Object.entries(checks).map(([name, check]) => `${name}: ${shortened(check)}`);
    throw new Error(`${id}: the engines do not agree\n  ${said.join('\n  ')}`);
  }
}

function shortened(text) {
  return text.length > 200 ? `${text.slice(0, 200)}... (${text.length} characters)` : text;
}
