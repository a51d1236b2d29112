/** What `--help` prints, made from the table of verbs. */
import { EXIT_CODES } from './exit.js';
import type { OptionSpec, Verb } from './verb.js';

/** Options that every verb takes. */
export const COMMON: Record<string, OptionSpec> = {
  json: { type: 'boolean', help: 'print JSON' },
  help: { type: 'boolean', short: 'h', help: 'print this' },
};

export function generalHelp(verbs: readonly Verb[]): string {
  const lines = verbs.map(({ name, summary }) => `  ${name.padEnd(10)}${summary}`);
  return [
    'govc: work on git repositories', '', 'usage: govc [-C DIR] VERB [--json] [options]', '       govc VERB --help', '', ...lines, '',
    'exit codes:', ...EXIT_CODES.map(({ code, means }) => `  ${String(code).padEnd(5)}${means}`), '',
  ].join('\n');
}

export function verbHelp({ name, summary, usage, options }: Verb): string {
  const all = { ...options, ...COMMON };
  const left = Object.entries(all).map(([long, { short, value }]) => `${short ? `-${short}, ` : '    '}--${long}${value ? ` ${value}` : ''}`);
  const width = Math.max(...left.map((text) => text.length)) + 2;
  return [
    `govc ${name}: ${summary}`, '', ...usage.map((line, at) => `${at === 0 ? 'usage: ' : '       '}govc ${name} ${line}`.trimEnd()), '', 'options:',
    ...Object.values(all).map(({ help }, at) => `  ${left[at]!.padEnd(width)}${help}`), '',
  ].join('\n');
}
