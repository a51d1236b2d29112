// Builds the site into www/dist: what lies in www/site as it is, a page for each document, and the API reference.
//
//   node www/build.mjs      after `cargo xtask npm`, whose declarations the reference is made of
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { page } from './build/layout.mjs';
import { render } from './build/markdown.mjs';
import { addresses, readReference, referencePages } from './build/reference.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const dist = join(here, 'dist');
const wasm = join(here, '../wasm');

/** The order of the guide; what is not named here comes last. */
const GUIDE = ['start', 'playground', 'time-travel', 'history', 'events', 'evaluate', 'validators', 'merge-drivers', 'storage', 'remotes', 'worlds', 'testing', 'command-line', 'ci-and-hooks'];
const RECIPES = ['vite', 'node', 'ci', 'workers', 'edge'];

const reference = readReference(wasm, JSON.parse(readFileSync(join(wasm, 'package.json'), 'utf8')));
const known = addresses(reference);
const documents = [...documentsIn('docs', GUIDE), ...documentsIn('docs/recipes', RECIPES)];
const menu = [
  ['Guide', documents.filter(({ path }) => !path.includes('recipes')).map(({ title, path }) => [title, path])],
  ['Recipes', documents.filter(({ path }) => path.includes('recipes')).map(({ title, path }) => [title, path])],
  ['Reference', [['Overview', 'reference/index.html'], ...reference.map(({ entry, path }) => [entry, path])]],
];

cpSync(join(here, 'site'), dist, { recursive: true });
write('index.html', readFileSync(join(here, 'site/index.html'), 'utf8').replace('<!-- example -->', `<div class="example">${exampleOf('docs/start.md', 'careful')}</div>`));
const index = [];
for (const document of documents) {
  write(document.path, page({ ...document, part: 'Guide', menu, headings: document.headings.filter(({ level }) => level === 2) }));
  for (const { text, anchor, level } of document.headings) index.push([text, level === 1 ? '' : document.title, level === 1 ? document.path : `${document.path}#${anchor}`]);
}
for (const each of referencePages(reference)) {
  write(each.path, page({ ...each, part: 'Reference', menu }));
  for (const { name, anchor } of each.found) index.push([name, each.title, `${each.path}#${anchor}`]);
}
write('search.json', JSON.stringify(index));
console.log(`  ${documents.length} documents, ${reference.length} entries of the reference, ${index.length} places in the search`);

function documentsIn(folder, order) {
  const names = readdirSync(join(here, folder)).filter((name) => name.endsWith('.md')).map((name) => name.slice(0, -3));
  const place = (name) => (order.includes(name) ? order.indexOf(name) : order.length);
  names.sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
  return names.map((name) => {
    const path = `${folder}/${name}.html`;
    const described = (code) => known.has(code) ? relative(folder, known.get(code)) : undefined;
    const made = render(readFileSync(join(here, folder, `${name}.md`), 'utf8'), described);
    const [, about = made.title] = /<p>([^]*?)<\/p>/.exec(made.html) ?? [];
    return { ...made, path, about: about.replace(/<[^>]*>/g, '').replace(/\s+/g, ' ').replace(/&\w+;/g, ' ').slice(0, 200) };
  });
}

/** The block of a document that has this word, in colours. */
function exampleOf(document, word) {
  const blocks = readFileSync(join(here, document), 'utf8').match(/^```js\n.*?^```$/gms);
  return render(blocks.find((block) => block.includes(word))).html;
}

function write(path, text) {
  mkdirSync(dirname(join(dist, path)), { recursive: true });
  writeFileSync(join(dist, path), text);
}
