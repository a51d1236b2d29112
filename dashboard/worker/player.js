/**
 * Plays a scenario: its steps, one after the other, on a repository of its own. What is shown of a step is the text of the very
 * function that ran. Knows neither page nor Worker: the tests play the same steps.
 */
import { ranked } from './ranked.js';

/** When every scenario begins, unless it says otherwise. */
const BEGIN = '2026-11-02T09:00:00Z';
/** What the scenario's clock goes on with each look at it, in milliseconds. */
const TICK_MS = 1;
/** What it goes on from step to step. */
const STEP_MS = 10_000;

export class Player {
  #Repository;
  #steps;
  #done = 0;
  #stage;

  constructor(Repository, steps) {
    this.#Repository = Repository;
    this.#steps = steps;
  }

  /** Plays up to and with a step, counted from 1; from the start, where that step was played already. */
  async to(end) {
    if (!(end >= 1 && end <= this.#steps.length)) throw new Error(`there is no step ${end}: the last is ${this.#steps.length}`);
    if (this.#stage === undefined || end <= this.#done) await this.#restart();
    let printed;
    while (this.#done < end) printed = await this.#play(this.#steps[this.#done]);
    const { repo, storage } = this.#stage;
    await repo.flush();
    const { title, text, run, show } = this.#steps[end - 1];
    return {
      step: end, steps: this.#steps.length, title, text, code: codeOf(run), printed, show: typeof show === 'function' ? show(this.#stage) : show,
      main: repo.main.name, packs: storage.packs, refs: [...storage.refs],
    };
  }

  /** What the steps work with, for those who test them. */
  get stage() {
    return this.#stage;
  }

  async #restart() {
    this.#stage?.repo[Symbol.dispose]();
    const clock = new Clock(BEGIN);
    const storage = new Kept();
    const author = { name: 'Visitor', email: 'visitor@example.com' };
    const repo = await this.#Repository.open(storage, { log: true, now: () => clock.tick(), author });
    this.#stage = { repo, clock, storage, made: {} };
    this.#done = 0;
  }

  async #play({ run }) {
    const printed = [];
    try {
      await run({ ...this.#stage, print: printer(printed) });
    } catch (error) {
      // Half a step is no place to go on from.
      this.#stage = undefined;
      throw error;
    }
    this.#stage.clock.pass(STEP_MS);
    this.#done += 1;
    return printed;
  }
}

/** The time of a scenario, which only a scenario moves: so that its commits have the same ids whenever it is played. */
class Clock {
  #now;

  constructor(begin) {
    this.set(begin);
  }

  set(time) {
    this.#now = Number(new Date(time));
  }

  pass(milliseconds) {
    this.#now += milliseconds;
  }

  tick() {
    return this.#now += TICK_MS;
  }
}

/** A storage that holds what it is given: packs, refs and, among them, the log of operations. */
class Kept {
  packs = [];
  refs = new Map([['HEAD', 'ref: refs/heads/main']]);

  async load(sink) {
    for (const [name, target] of this.refs) sink.ref(name, target);
  }

  async append({ pack, refs }) {
    if (pack) this.packs.push(pack.bytes);
    for (const { name, after } of refs) {
      if (after === undefined) this.refs.delete(name);
      else this.refs.set(name, after);
    }
  }

  async close() {}
}

/** What a step tells, as it is sent to the page: lines, tables, and rankings of an evaluation. */
function printer(printed) {
  const print = (...words) => void printed.push({ kind: 'line', text: words.join(' ') });
  print.table = (rows, title = '') => {
    const head = Object.keys(rows[0] ?? {});
    printed.push({ kind: 'table', title, head, rows: rows.map((row) => head.map((name) => String(row[name] ?? ''))) });
  };
  print.ranking = (evaluation, title = '', nameOf = undefined) => printed.push({ kind: 'ranking', title, rows: ranked(evaluation, nameOf) });
  return print;
}

/** The body of a step's function, as it stands in its file, without the indentation of all its lines. */
function codeOf(run) {
  const [, body] = /^[^{(]*\([^)]*\)[^{]*\{\n([^]*)\n\s*\}$/.exec(run.toString()) ?? [];
  const lines = (body ?? run.toString()).split('\n');
  const indents = lines.filter((line) => line.trim() !== '').map((line) => /^ */.exec(line)[0].length);
  return lines.map((line) => line.slice(Math.min(...indents))).join('\n');
}
