// What the entries of the package export, read from its declarations by the compiler. It knows no page and no HTML but for
// the names that a signature links to.
import { join } from 'node:path';

import ts from 'typescript';

const { SyntaxKind } = ts;
const KINDS = new Map([
  [SyntaxKind.ClassDeclaration, 'class'],
  [SyntaxKind.InterfaceDeclaration, 'interface'],
  [SyntaxKind.TypeAliasDeclaration, 'type'],
  [SyntaxKind.FunctionDeclaration, 'function'],
  [SyntaxKind.VariableDeclaration, 'constant'],
]);

/**
 * The exports of each entry: `entries` maps an entry's name to the file of its declarations below `folder`. What an earlier
 * entry exports already is only named in `again`. Each part of a signature is { text, to? }: `to` is { entry, anchor }.
 */
export function declarations(folder, entries) {
  const files = Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, join(folder, file)]));
  const program = ts.createProgram(Object.values(files), {
    target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.esnext.disposable.d.ts'], types: [], noEmit: true,
  });
  const checker = program.getTypeChecker();
  const original = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
  /** Each exported symbol and where it is described. */
  const places = new Map();
  const found = Object.entries(files).map(([entry, file]) => {
    const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)));
    const own = exported.map((symbol) => ({ name: symbol.name, symbol: original(symbol) })).filter(({ symbol }) => !places.has(symbol));
    for (const { name, symbol } of own) places.set(symbol, { entry, anchor: name });
    return { entry, own, again: exported.length - own.length };
  });
  const target = (node) => {
    const symbol = checker.getSymbolAtLocation(node);
    return symbol && places.get(original(symbol));
  };
  return found.map(({ entry, own, again }) => ({ entry, again, exports: own.map(({ name, symbol }) => described(name, symbol, target)).sort(byName) }));
}

function byName(a, b) {
  return a.name.localeCompare(b.name, 'en');
}

function described(name, symbol, target) {
  const nodes = symbol.declarations;
  const [node] = nodes;
  const kind = KINDS.get(node.kind);
  if (kind === undefined) throw new Error(`${name} is declared in a way that the reference does not know: ${SyntaxKind[node.kind]}`);
  const made = { name, kind, anchor: name, text: textOf(nodes), members: [], signatures: [] };
  if (kind === 'class' || kind === 'interface') {
    made.signatures = nodes.map((each) => signature(each, target, each.name.getStart(), headEnd(each)));
    made.members = membersOf(name, nodes.flatMap((each) => [...each.members]), target);
  } else {
    made.signatures = nodes.map((each) => signature(each, target).map((part) => ({ ...part, text: part.text.replace(`function ${symbol.name}`, `function ${name}`) })));
    if (kind === 'type' && ts.isUnionTypeNode(node.type)) made.members = choicesOf(name, node);
    if (made.members.length > 0) made.signatures = [[{ text: `type ${name} = ${made.members.map((choice) => choice.name).join(' | ')}` }]];
  }
  return made;
}

/** Members in the order of the declaration, overloads together. */
function membersOf(owner, nodes, target) {
  const members = new Map();
  for (const node of nodes) {
    if (hidden(node)) continue;
    const isStatic = (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Static) !== 0;
    const name = ts.isConstructorDeclaration(node) ? 'constructor' : node.name?.getText() ?? node.getText();
    const key = isStatic ? `static ${name}` : name;
    const made = members.get(key) ?? { name, isStatic, anchor: anchorOf(owner, name, isStatic), nodes: [], signatures: [] };
    made.nodes.push(node);
    made.signatures.push(signature(node, target));
    members.set(key, made);
  }
  return [...members.values()].map(({ nodes: all, ...member }) => ({ ...member, text: textOf(all) }));
}

/** The cases of a union that have a comment each. */
function choicesOf(owner, node) {
  const { text } = node.getSourceFile();
  let end = node.type.getFullStart();
  const choices = node.type.types.map((type) => {
    const [, comment = ''] = /\/\*\*([^]*?)\*\//.exec(text.slice(end, type.getStart())) ?? [];
    end = type.end;
    const name = type.getText();
    return { name, isStatic: false, anchor: anchorOf(owner, name, false), text: comment.replace(/^\s*\* ?/gm, '').trim(), signatures: [] };
  });
  return choices.some((choice) => choice.text !== '') ? choices : [];
}

function anchorOf(owner, name, isStatic) {
  const plain = name.replace(/[^\w.]+/g, '-').replace(/^-|-$/g, '');
  return `${owner}.${plain}${isStatic ? '-static' : ''}`;
}

/** What nobody outside uses: private members, and a constructor without parameters or comment. */
function hidden(node) {
  if (ts.getCombinedModifierFlags(node) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) return true;
  if (node.name !== undefined && ts.isPrivateIdentifier(node.name)) return true;
  return ts.isSemicolonClassElement(node);
}

/** Where the head of a class or an interface ends: before its brace. */
function headEnd(node) {
  const source = node.getSourceFile();
  return source.text.lastIndexOf('{', node.members.length > 0 ? node.members[0].getStart() : node.end);
}

/** The source of a declaration in parts, names of exports with their target; comments within stay. */
function signature(node, target, start = node.getStart(), end = node.end) {
  const { text } = node.getSourceFile();
  const parts = [];
  let at = start;
  const visit = (child) => {
    if (child.getStart() >= end) return;
    if (ts.isIdentifier(child) && child.getStart() >= start && isReference(child)) {
      const to = target(child);
      if (to !== undefined) {
        parts.push({ text: text.slice(at, child.getStart()) }, { text: child.text, to });
        at = child.end;
      }
    }
    ts.forEachChild(child, visit);
  };
  visit(node);
  parts.push({ text: text.slice(at, end) });
  return tidied(parts);
}

function isReference(node) {
  return !(node.parent.name === node && !ts.isQualifiedName(node.parent));
}

/** Without the words that say that it is a declaration, and without what the depth in the file adds to each line. */
function tidied(parts) {
  const [first] = parts;
  first.text = first.text.replace(/^(export )?(declare )?/, '').replace(/^(static|public) /, '');
  const last = parts.at(-1);
  last.text = last.text.replace(/\s*;?\s*$/, '');
  const indents = parts.flatMap(({ text }) => [...text.matchAll(/\n( *)\S/g)].map(([, spaces]) => spaces.length));
  const extra = Math.min(...indents);
  const deeper = new RegExp(`\\n {${Number.isFinite(extra) ? extra : 0}}`, 'g');
  return parts.filter(({ text }) => text !== '').map((part) => ({ ...part, text: indents.length > 1 ? part.text.replace(deeper, '\n') : part.text }));
}

/** The comment of the first of these declarations that has one. */
function textOf(nodes) {
  for (const node of nodes) {
    const owner = ts.isVariableDeclaration(node) ? node.parent.parent : node;
    const comments = (ts.getJSDocCommentsAndTags(owner) ?? []).filter(ts.isJSDoc);
    const text = comments.map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '').join('\n\n').trim();
    if (text !== '') return text;
  }
  return '';
}
