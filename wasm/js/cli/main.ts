/** The command `govc`: finds the verb, parses its options, prints its answer, and ends with a code that says how it went. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { instantiateWhenCalled, provideDeferred } from '../binding.js';
import { instantiateFormats } from '../formats/module.js';
import { provideLoader } from '../formats/port.js';
import { GovcError } from '../errors.js';
import { exitCodeOf, INTERNAL, USAGE } from './exit.js';
import { COMMON, generalHelp, verbHelp } from './help.js';
import { safe } from './output.js';
import { Context, UsageError, type Verb } from './verb.js';
import { VERBS } from './verbs/index.js';
import { version } from './version.js';

/** The last version of Node whose flags for WebAssembly were looked at. */
const LAZY_NODE_MAX = 24;

async function main(words: string[]): Promise<number> {
  let folder = process.cwd();
  let json = false;
  while (words[0]?.startsWith('-')) {
    const option = words.shift()!;
    if (option === '-C') folder = resolve(folder, words.shift() ?? usage("'-C' needs a folder"));
    else if (option === '--json') json = true;
    else if (option === '--help' || option === '-h') return print(generalHelp(VERBS));
    else if (option === '--version') return print(`govc ${version()}\n`);
    else usage(`'${option}' is no option of govc: 'govc --help' lists them`);
  }
  const name = words.shift();
  if (name === undefined) return print(generalHelp(VERBS), USAGE);
  if (name === 'help') return main(words.length > 0 ? [...words, '--help'] : ['--help']);
  const verb = VERBS.find((one) => one.name === name) ?? usage(`'${name}' is no verb of govc: 'govc --help' lists them`);
  return run(verb, words, folder, json);
}

async function run(verb: Verb, words: string[], folder: string, json: boolean): Promise<number> {
  const parsed = parse(verb, words);
  if (parsed.values['help']) return print(verbHelp(verb));
  const dashes = parsed.tokens.find(({ kind }) => kind === 'option-terminator')?.index ?? Infinity;
  const places = parsed.tokens.flatMap((token) => token.kind === 'positional' ? [token] : []);
  const context = new Context({
    folder, environment: process.env, json: json || parsed.values['json'] === true, values: parsed.values,
    words: places.filter(({ index }) => index < dashes).map(({ value }) => value),
    afterDashes: dashes === Infinity ? undefined : places.filter(({ index }) => index > dashes).map(({ value }) => value),
  });
  // Verbs work on the files of this folder, as if they were started there.
  process.chdir(folder);
  instantiateWhenCalled(() => moduleOf('govc_bg.wasm'));
  provideDeferred(() => moduleOf('govc_deferred_bg.wasm'));
  provideLoader(() => instantiateFormats(moduleOf('govc_formats_bg.wasm')));
  try {
    const answer = await verb.run(context);
    if (answer === undefined) return 0;
    // Reports have a form of their own, which may be JSON of another kind.
    if (context.json && context.text('format') === undefined) print(`${JSON.stringify(answer.value, null, 2)}\n`);
    else if (answer.text.length > 0) print(answer.text);
    return answer.code ?? 0;
  } catch (thrown) {
    if (context.json && thrown instanceof GovcError) {
      const { code, message, details } = thrown;
      print(`${JSON.stringify({ error: { code, message, details } }, null, 2)}\n`);
    }
    throw thrown;
  }
}

/** A module of the package. A command calls a small part of it: what it does not call need not be checked and compiled. */
function moduleOf(name: string): Uint8Array<ArrayBuffer> {
  // Later versions may not know the flags.
  if (Number.parseInt(process.versions.node, 10) <= LAZY_NODE_MAX) {
    const v8 = process.getBuiltinModule?.('node:v8');
    for (const flag of ['--wasm-lazy-compilation', '--wasm-lazy-validation']) v8?.setFlagsFromString(flag);
  }
  return readFileSync(join(__dirname, name));
}

function parse(verb: Verb, words: string[]) {
  try {
    const options = Object.fromEntries(Object.entries({ ...verb.options, ...COMMON }).map(([name, { type, short, multiple }]) =>
      [name, { type, ...(short && { short }), ...(multiple && { multiple }) }]));
    return parseArgs({ args: words, options, allowPositionals: true, strict: true, tokens: true });
  } catch (thrown) {
    return usage(`${(thrown as Error).message}. 'govc ${verb.name} --help' lists the options`);
  }
}

function print(text: string | Uint8Array, code = 0): number {
  process.stdout.write(text);
  return code;
}

function usage(message: string): never {
  throw new UsageError(message);
}

/** One line what happened; what to do is in the message itself. */
function tell(thrown: unknown): number {
  if (thrown instanceof UsageError) {
    process.stderr.write(`govc: ${safe(thrown.message)}\n`);
    return USAGE;
  }
  if (thrown instanceof GovcError) {
    process.stderr.write(`govc: ${safe(thrown.message)}\n`);
    return exitCodeOf(thrown.code);
  }
  const system = thrown as NodeJS.ErrnoException;
  if (system.code !== undefined && system.syscall !== undefined) {
    process.stderr.write(`govc: ${safe(system.message)}\n`);
    return exitCodeOf('Storage');
  }
  process.stderr.write(`govc: a fault of govc itself: ${safe(thrown instanceof Error ? thrown.stack ?? thrown.message : String(thrown))}\n`);
  return INTERNAL;
}

// A reader that has seen enough, as `head` has, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
main(process.argv.slice(2)).catch(tell).then((code) => { process.exitCode = code; });
