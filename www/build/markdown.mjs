// Markdown to HTML, with anchors at headings, colours for code, and links between pages. It knows one text at a time.
import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import ini from 'highlight.js/lib/languages/ini';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';
import MarkdownIt from 'markdown-it';

const LANGUAGES = {
  js: ['JavaScript', javascript], ts: ['TypeScript', typescript], sh: ['shell', bash], json: ['JSON', json],
  yaml: ['YAML', yaml], toml: ['TOML', ini], html: ['HTML', xml],
};
for (const [name, [, language]] of Object.entries(LANGUAGES)) hljs.registerLanguage(name, language);

export const { escapeHtml } = new MarkdownIt().utils;

/** A part of an address that GitHub, too, would make of this heading. */
function slug(text) {
  return text.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').trim().replace(/ /g, '-');
}

/**
 * Renders Markdown. `described(code)` gives the address of what a piece of code names, or undefined. Result: html, title (its
 * first heading) and headings, each { level, text, anchor }.
 */
export function render(text, described = () => undefined) {
  const markdown = new MarkdownIt().disable('autolink');
  const headings = [];
  markdown.renderer.rules.heading_open = (tokens, at) => {
    const { children } = tokens[at + 1];
    const words = children.map(({ content }) => content).join('');
    const taken = new Set(headings.map(({ anchor }) => anchor));
    let anchor = slug(words);
    for (let n = 1; taken.has(anchor); n += 1) anchor = `${slug(words)}-${n}`;
    headings.push({ level: Number(tokens[at].tag[1]), text: words, anchor });
    return `<${tokens[at].tag} id="${anchor}">`;
  };
  markdown.renderer.rules.heading_close = (tokens, at) => {
    const { anchor, text: words, level } = headings.at(-1);
    const link = level === 1 ? '' : ` <a class="anchor" href="#${anchor}" aria-label="Link to ${escapeHtml(words)}">#</a>`;
    return `${link}</${tokens[at].tag}>\n`;
  };
  markdown.renderer.rules.link_open = (tokens, at, options, _, self) => {
    const href = tokens[at].attrGet('href');
    if (!/^[a-z]+:/.test(href)) tokens[at].attrSet('href', href.replace(/\.md(?=#|$)/, '.html'));
    return self.renderToken(tokens, at, options);
  };
  markdown.renderer.rules.code_inline = (tokens, at) => {
    const { content } = tokens[at];
    const code = `<code>${escapeHtml(content)}</code>`;
    const inLink = tokens.slice(0, at).reduce((depth, { type }) => depth + (type === 'link_open') - (type === 'link_close'), 0) > 0;
    const href = inLink ? undefined : described(content);
    return href === undefined ? code : `<a class="name" href="${href}">${code}</a>`;
  };
  markdown.renderer.rules.table_open = () => '<div class="table" tabindex="0" role="group" aria-label="Table"><table>\n';
  markdown.renderer.rules.table_close = () => '</table></div>\n';
  markdown.renderer.rules.fence = (tokens, at) => block(tokens[at].info, tokens[at].content);
  const html = markdown.render(text);
  return { html, headings, title: headings[0]?.text ?? '' };
}

/** A block of code: its language, and its file where the fence names one (```js file=main.js). */
function block(fence, code) {
  const [language = ''] = fence.trim().split(/\s+/);
  const [, file] = /\bfile=(\S+)/.exec(fence) ?? [];
  const [words] = LANGUAGES[language] ?? [];
  const label = words === undefined ? 'What it prints' : `Example in ${words}`;
  const coloured = words === undefined ? escapeHtml(code) : hljs.highlight(code, { language }).value;
  const caption = file === undefined ? '' : `<figcaption><code>${escapeHtml(file)}</code></figcaption>`;
  const kind = words === undefined ? 'prints' : 'code';
  return `<figure class="${kind}">${caption}<pre tabindex="0" role="group" aria-label="${escapeHtml(file ?? label)}"><code>${coloured}</code></pre></figure>\n`;
}
