// The pages of the API reference: a page for each entry of the package, made of its declarations and their comments.
import { declarations } from './declarations.mjs';
import { escapeHtml, render } from './markdown.mjs';

/** What each entry is for, in the order in which they are described. */
const ENTRIES = [
  ['govc', '.', 'The repository itself: in Node, in browsers, in Workers and through bundlers.'],
  ['govc/slim', './slim', 'The same, where the program says where the WebAssembly module comes from.'],
  ['govc/formats', './formats', 'JSON, YAML and TOML: checked, read and written.'],
  ['govc/validators', './validators', 'What looks at changes before they are committed.'],
  ['govc/test', './test', 'A repository of its own for each test.'],
];
const GROUPS = [['class', 'Classes'], ['function', 'Functions'], ['interface', 'Interfaces'], ['type', 'Types'], ['constant', 'Constants']];

/** Reads the package in `folder`, whose package.json is `manifest`. Fails where an entry is not listed here. */
export function readReference(folder, manifest) {
  const exported = Object.keys(manifest.exports).filter((key) => typeof manifest.exports[key] === 'object');
  const unknown = exported.filter((key) => !ENTRIES.some(([, known]) => known === key));
  if (unknown.length > 0) throw new Error(`the reference does not say what these entries are for: ${unknown.join(', ')}`);
  const types = ({ node, ...conditions }) => (node?.import ?? conditions.import ?? conditions.default).types;
  const entries = declarations(folder, Object.fromEntries(ENTRIES.map(([name, key]) => [name, types(manifest.exports[key])])));
  return entries.map((entry, at) => ({ ...entry, about: ENTRIES[at][2], path: `reference/${entry.entry.replace('/', '-')}.html` }));
}

/** The names of what has no comment. */
export function undescribed(entries) {
  return entries.flatMap(({ exports }) => exports.flatMap((each) => [each, ...each.members])).filter(({ text }) => text === '').map(({ anchor }) => anchor);
}

/** Where each name of the API is described: `Repository`, `Repository.merge`, ... */
export function addresses(entries) {
  const all = new Map();
  for (const { path, exports } of entries) {
    for (const each of exports) {
      for (const { anchor } of [each, ...each.members]) all.set(anchor, `${path}#${anchor}`);
    }
  }
  return all;
}

/** The pages: { path, title, about, headings, html, found }, `found` being what the search knows of it. */
export function referencePages(entries) {
  const paths = new Map(entries.map(({ entry, path }) => [entry, path.slice('reference/'.length)]));
  const known = addresses(entries);
  return [overview(entries, paths), ...entries.map((entry) => entryPage(entry, paths, known))];
}

function overview(entries, paths) {
  const rows = entries.map(({ entry, about, exports }) => `<section><h2><a href="${paths.get(entry)}"><code>${entry}</code></a></h2>
<p>${escapeHtml(about)}</p>${list(exports, paths.get(entry))}</section>`);
  const title = 'API reference';
  const lead = `<p class="lead">Made from the declarations of the package, which an editor shows too. Every failure is a
<a class="name" href="govc.html#GovcError"><code>GovcError</code></a> with a <a href="govc.html#ErrorCode">code</a>.</p>`;
  return { path: 'reference/index.html', title, about: 'Everything that the package govc exports.', headings: [], found: [], html: `<h1>${title}</h1>\n${lead}\n${rows.join('\n')}` };
}

function list(exports, page) {
  return grouped(exports).map(([name, members]) => `<p class="names"><span>${name}</span> <span>${members
    .map(({ name: each, anchor }) => `<a href="${page}#${anchor}"><code>${each}</code></a>`).join(' ')}</span></p>`).join('\n');
}

function grouped(exports) {
  return GROUPS.map(([kind, name]) => [name, exports.filter((each) => each.kind === kind)]).filter(([, members]) => members.length > 0);
}

function entryPage({ entry, about, again, exports, path }, paths, known) {
  const more = again === 0 ? '' : `<p>Beside these it exports everything of <a href="govc.html"><code>govc</code></a>.</p>`;
  const parts = grouped(exports).map(([name, members]) => `<h2 id="${name.toLowerCase()}">${name}</h2>\n${members.map((each) => exported(each, entry, paths, known)).join('\n')}`);
  return {
    path, title: entry, about,
    headings: grouped(exports).flatMap(([, members]) => members.map(({ name, anchor }) => ({ level: 3, text: name, anchor }))),
    found: exports.flatMap((each) => [each, ...each.members.map((member) => ({ ...member, name: `${each.name}.${member.name}` }))]),
    html: `<h1><code>${entry}</code></h1>\n<p class="lead">${escapeHtml(about)}</p>\n${more}${list(exports, '')}\n${parts.join('\n')}`,
  };
}

function exported({ name, kind, anchor, text, signatures, members }, entry, paths, known) {
  const rows = members.map((member) => `<div class="member" id="${member.anchor}">
<h4>${member.isStatic ? '<span class="kind">static</span> ' : ''}<code>${escapeHtml(member.name)}</code>${anchorLink(member.anchor, `${name}.${member.name}`)}</h4>
${declared(member.signatures, entry, paths, `${name}.${member.name}`)}
${explained(member.text, name, known)}</div>`);
  return `<section class="export" id="${anchor}">
<h3><span class="kind">${kind}</span> <code>${name}</code>${anchorLink(anchor, name)}</h3>
${declared(signatures, entry, paths, name)}
${explained(text, name, known)}${rows.join('\n')}</section>`;
}

/** A comment, with links to documents and to what its pieces of code name: an export, or a member of `owner`. */
function explained(text, owner, known) {
  const described = (code) => {
    const name = code.replace(/\(\)$/, '');
    const address = known.get(`${owner}.${name}`) ?? known.get(name);
    return name === owner ? undefined : address?.slice('reference/'.length);
  };
  return render(text.replace(/\bwww\/docs\/([\w/-]+)\.md/g, '[$1](../docs/$1.md)'), described).html;
}

function anchorLink(anchor, words) {
  return ` <a class="anchor" href="#${anchor}" aria-label="Link to ${escapeHtml(words)}">#</a>`;
}

function declared(signatures, entry, paths, name) {
  // A head that is the name and nothing else stands above it already.
  const [first] = signatures;
  if (first === undefined || (first.length === 1 && first[0].text === name)) return '';
  const lines = signatures.map((parts) => parts.map(({ text, to }) => {
    if (to === undefined) return escapeHtml(text);
    const page = to.entry === entry ? '' : paths.get(to.entry);
    return `<a href="${page}#${to.anchor}">${escapeHtml(text)}</a>`;
  }).join(''));
  return `<pre class="signature" tabindex="0" role="group" aria-label="Declaration of ${escapeHtml(name)}"><code>${lines.join('\n')}</code></pre>`;
}
