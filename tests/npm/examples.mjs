// The examples of www/docs: blocks of code, and what each prints where a `text` block follows it.
import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../../www/docs/', import.meta.url);

/** The pages, each with its blocks that are fenced as `fence`: code, and the text that it prints or undefined. */
export function pages(fence) {
  const block = new RegExp(`^\`\`\`${fence}\\n(.*?)^\`\`\`$(?:\\s*^\`\`\`text\\n(.*?)^\`\`\`$)?`, 'gms');
  return readdirSync(folder).filter((file) => file.endsWith('.md')).map((name) => ({
    name,
    blocks: [...readFileSync(new URL(name, folder), 'utf8').matchAll(block)].map(([, code, printed]) => ({ code, printed: printed?.trimEnd() })),
  }));
}

/** What a text means in which `...` stands for anything. */
export function pattern(printed) {
  const parts = printed.split('...').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}
