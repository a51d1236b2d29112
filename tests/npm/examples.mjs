// The examples of www/docs: blocks of code, what each prints where a `text` block follows it, and files that blocks name.
import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../../www/docs/', import.meta.url);
const names = readdirSync(folder, { recursive: true }).filter((file) => file.endsWith('.md'));

/** The pages, each with its blocks that are fenced as `fence` (or as it matches): code, and the text that it prints or undefined. */
export function pages(fence) {
  const block = new RegExp(`^\`\`\`${fence}\\n(.*?)^\`\`\`$(?:\\s*^\`\`\`text\\n(.*?)^\`\`\`$)?`, 'gms');
  return names.map((name) => ({
    name,
    blocks: [...text(name).matchAll(block)].map(([, code, printed]) => ({ code, printed: printed?.trimEnd() })),
  }));
}

/** The files that a page shows (```js file=main.js): path to content. */
export function files(name) {
  return Object.fromEntries([...text(name).matchAll(/^```\w+ file=(\S+)\n(.*?)^```$/gms)].map(([, path, code]) => [path, code]));
}

/** What a page says that a file of it prints. */
export function printedBy(name, file) {
  return pages(`\\w+ file=${file.replace(/\./g, '\\.')}`).find((page) => page.name === name).blocks[0]?.printed;
}

/** What a text means in which `...` stands for anything. */
export function pattern(printed) {
  const parts = printed.split('...').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}

function text(name) {
  return readFileSync(new URL(name, folder), 'utf8');
}
