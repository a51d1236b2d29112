// What every page of the site has around its content.
import { escapeHtml } from './markdown.mjs';

const MARK = '<svg viewBox="0 0 44 16" aria-hidden="true"><path class="trunk" d="M1 8h42"/><path class="fork" d="M7 8c9 0 9-6 20-6h15M7 8c9 0 9 6 20 6h15"/></svg>';
const ICON = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16' fill='none' stroke-width='2' stroke-linecap='round'%3E%3Cpath d='M2 8h12' stroke='%230f7b6c'/%3E%3Cpath d='M2 8c5 0 5-5 11-5' stroke='%23c65d13'/%3E%3C/svg%3E";
/** The parts of the site: name, address, and whether the page is one of the site's documents. */
const PARTS = [['Guide', 'docs/start.html'], ['Reference', 'reference/index.html'], ['Playground', 'app/#playground'], ['Dashboard', 'app/']];

/**
 * A whole page. `path` is its address below the root, `menu` the sections of its side: [title, [text, address, level]...];
 * `headings` what is listed beside it. All addresses are below the root.
 */
export function page({ path, title, about, part, menu, headings, html }) {
  const up = '../'.repeat(path.split('/').length - 1);
  const link = (text, to, current) => `<a href="${up}${to}"${current ? ' aria-current="page"' : ''}>${escapeHtml(text)}</a>`;
  const parts = PARTS.map(([name, to]) => (name === part && to !== path
    ? `<a href="${up}${to}" aria-current="true">${name}</a>` : link(name, to, to === path))).join('\n    ');
  const sections = menu.map(([name, entries]) => `<p class="title" id="menu-${slugged(name)}">${escapeHtml(name)}</p>
      <ul aria-labelledby="menu-${slugged(name)}">${entries.map(([text, to]) => `<li>${link(text, to, to === path)}</li>`).join('\n      ')}</ul>`).join('\n      ');
  const beside = headings.length < 2 ? '' : `<nav class="beside" aria-label="On this page"><p class="title">On this page</p>
    <ul>${headings.map(({ text, anchor }) => `<li><a href="#${anchor}">${escapeHtml(text)}</a></li>`).join('\n    ')}</ul></nav>`;
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <meta name="description" content="${escapeHtml(about)}">
  <title>${escapeHtml(title)} - govc</title>
  <link rel="icon" href="${ICON}">
  <link rel="stylesheet" href="${up}style.css">
  <link rel="stylesheet" href="${up}document.css">
  <script type="module" src="${up}search.js"></script>
  <script type="module" src="${up}copy.js"></script>
</head>
<body class="document">
<a class="skip" href="#site-main">Skip to the text</a>
<header class="bar">
  <a class="mark" href="${up}index.html">${MARK} govc</a>
  <nav aria-label="Site">
    ${parts}
  </nav>
  <search id="site-search" hidden>
    <input type="search" aria-label="Search the documentation" placeholder="Search" autocomplete="off" spellcheck="false" aria-controls="site-found" aria-keyshortcuts="/">
    <p role="status" class="unseen"></p>
    <ol id="site-found" hidden></ol>
  </search>
</header>
<div class="sheet">
  <details class="menu">
    <summary>Pages</summary>
    <nav aria-label="Pages">
      ${sections}
    </nav>
  </details>
  <main id="site-main" tabindex="-1">
${html}
  </main>
  ${beside}
</div>
</body>
</html>
`;
}

function slugged(name) {
  return name.toLowerCase().replace(/\W+/g, '-');
}
