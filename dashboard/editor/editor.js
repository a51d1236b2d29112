/**
 * `<govc-editor>`: a text editor as an element of its own, so that the app needs to know nothing of it but two properties
 * and an event. `value` is the text, `path` chooses the language by its extension; `change` tells that a person typed.
 */
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { css } from '@codemirror/lang-css';
import { html } from '@codemirror/lang-html';
import { javascript } from '@codemirror/lang-javascript';
import { json } from '@codemirror/lang-json';
import { markdown } from '@codemirror/lang-markdown';
import { python } from '@codemirror/lang-python';
import { rust } from '@codemirror/lang-rust';
import { sql } from '@codemirror/lang-sql';
import { yaml } from '@codemirror/lang-yaml';
import { HighlightStyle, bracketMatching, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { searchKeymap } from '@codemirror/search';
import { Annotation, Compartment, EditorState } from '@codemirror/state';
import { EditorView, drawSelection, highlightActiveLine, highlightSpecialChars, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';

const LANGUAGES = [
  [/\.(m?js|cjs|jsx)$/i, () => javascript({ jsx: true })],
  [/\.(m?ts|cts|tsx)$/i, () => javascript({ typescript: true, jsx: true })],
  [/\.(json|webmanifest|jsonc)$/i, json],
  [/\.ya?ml$/i, yaml],
  [/\.rs$/i, rust],
  [/\.py$/i, python],
  [/\.(md|markdown)$/i, markdown],
  [/\.html?$/i, html],
  [/\.css$/i, css],
  [/\.sql$/i, sql],
];

/** Set by the app, not typed: nobody is told of it. */
const fromOutside = Annotation.define();

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: 'var(--code-keyword)' },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: 'var(--code-string)' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--code-number)' },
  { tag: [tags.comment], color: 'var(--code-comment)', fontStyle: 'italic' },
  { tag: [tags.propertyName, tags.attributeName, tags.definition(tags.variableName)], color: 'var(--code-name)' },
  { tag: [tags.typeName, tags.className, tags.tagName], color: 'var(--code-type)' },
  { tag: tags.heading, fontWeight: '600' },
  { tag: tags.link, textDecoration: 'underline' },
]);

const look = EditorView.theme({
  '&': { height: '100%', backgroundColor: 'var(--raised)', color: 'var(--ink)' },
  '.cm-content': { fontFamily: 'var(--mono)', fontSize: '0.84rem', caretColor: 'var(--ink)' },
  '.cm-gutters': { fontFamily: 'var(--mono)', fontSize: '0.84rem', backgroundColor: 'var(--paper)', color: 'var(--soft)', border: 'none' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'color-mix(in srgb, var(--chosen) 45%, transparent)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--chosen) !important' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-specialChar': { color: 'var(--bad)' },
  '&.cm-focused': { outline: '3px solid var(--focus)', outlineOffset: '-2px' },
});

class GovcEditor extends HTMLElement {
  #view;
  #value = '';
  #path = '';
  #language = new Compartment();

  connectedCallback() {
    if (this.#view !== undefined) return;
    // What was set before this class was known lies before its accessors.
    for (const name of ['path', 'value']) {
      if (!Object.hasOwn(this, name)) continue;
      const value = this[name];
      delete this[name];
      this[name] = value;
    }
    const told = EditorView.updateListener.of((update) => {
      if (!update.docChanged || update.transactions.some((transaction) => transaction.annotation(fromOutside))) return;
      this.#value = update.state.doc.toString();
      this.dispatchEvent(new CustomEvent('change'));
    });
    this.#view = new EditorView({
      parent: this,
      doc: this.#value,
      extensions: [
        lineNumbers(), highlightActiveLine(), highlightSpecialChars(), history(), drawSelection(), indentOnInput(), bracketMatching(),
        syntaxHighlighting(colours), look, told, EditorState.allowMultipleSelections.of(true), EditorView.lineWrapping,
        // Tab indents; Escape and then Tab leaves the editor, for those without a mouse. What is only read, or has `tab-leaves`, lets Tab pass.
        keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap, ...(this.matches('[readonly], [tab-leaves]') ? [] : [indentWithTab])]),
        EditorState.readOnly.of(this.hasAttribute('readonly')),
        EditorView.contentAttributes.of({ 'aria-label': this.getAttribute('label') ?? 'Content', tabindex: '0' }),
        this.#language.of(languageOf(this.#path)),
      ],
    });
  }

  get value() {
    return this.#value;
  }

  set value(text) {
    if (text === this.#value) return;
    this.#value = text;
    const { state } = this.#view ?? {};
    if (state) this.#view.dispatch({ changes: { from: 0, to: state.doc.length, insert: text }, annotations: fromOutside.of(true) });
  }

  get path() {
    return this.#path;
  }

  set path(path) {
    if (path === this.#path) return;
    this.#path = path;
    this.#view?.dispatch({ effects: this.#language.reconfigure(languageOf(path)) });
  }
}

function languageOf(path) {
  return LANGUAGES.find(([pattern]) => pattern.test(path))?.[1]() ?? [];
}

customElements.define('govc-editor', GovcEditor);
