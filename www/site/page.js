/** The page: one repository in this tab, and what a visitor does with it. All text goes in as text, never as markup. */
import { GovcError, Repository } from 'govc';

import { drawFan, forkAt } from './fan.js';
import { serveTab } from './tab.js';

const FORKS = 1000;
const LOG_STEP = 12;
const FILES_SHOWN = 200;
/** Lines of difference that are drawn; the rest is counted. */
const DIFF_LINES_MAX = 400;
const SERVED_SHOWN = 8;

const part = (id) => document.getElementById(id);
const count = (number) => number.toLocaleString('en');

let repository;
let forks = [];
let logShown = LOG_STEP;
let merged = false;

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className !== undefined) made.className = className;
  return made;
}

function milliseconds(ms) {
  if (ms < 1) return `${(ms * 1000).toFixed(ms < 0.01 ? 2 : 0)} \u00b5s`;
  return ms < 1000 ? `${ms.toFixed(ms < 10 ? 2 : 0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function bytes(number) {
  if (number < 1000) return `${number} B`;
  return number < 1e6 ? `${(number / 1e3).toFixed(1)} KB` : `${(number / 1e6).toFixed(1)} MB`;
}

/** Runs what a control asks for; a failure is shown where its result would be. */
function attempt(place, action) {
  const result = part(place);
  result.classList.remove('bad');
  try {
    result.textContent = action() ?? '';
  } catch (error) {
    if (!(error instanceof GovcError)) throw error;
    result.classList.add('bad');
    result.textContent = `${error.code}: ${error.message}`;
  }
}

// ---------------------------------------------------------------- the start: import

async function load() {
  const text = part('load-text');
  const bar = part('load-bar');
  const about = await fetchChecked('history.json').then((response) => response.json());
  const pack = await fetchChecked('history.pack');
  const start = performance.now();
  repository = new Repository({ main: about.main, author: { name: 'Visitor', email: 'visitor@example.com' } });
  await repository.importPack(pack.body, about.refs, {
    onProgress({ phase, done, total }) {
      text.textContent = `${phase}: ${count(done)}${total === undefined ? '' : ` of ${count(total)}`}`;
      if (total) bar.value = done / total;
    },
  });
  part('fact-import').textContent = milliseconds(performance.now() - start);
  part('load').hidden = true;
  part('facts').hidden = false;
  part('workshop').hidden = false;
  if (about.note) part('fork-result').textContent = about.note;
}

async function fetchChecked(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path} is missing: start this page with \`cargo xtask start\``);
  return response;
}

// ---------------------------------------------------------------- what is shown

function chosenReality() {
  return repository.reality(part('reality').value || repository.main.name);
}

function showAll() {
  showFacts();
  showRealities();
  showFiles();
  showContent();
  showLog();
  showPreview();
}

function showFacts() {
  const stats = repository.stats();
  let commits = 0;
  for (const _ of repository.log()) commits += 1;
  part('fact-commits').textContent = count(commits);
  part('fact-files').textContent = count(repository.main.list().length);
  part('fact-objects').textContent = count(stats.objects);
  part('fact-memory').textContent = bytes(stats.memoryBytes);
}

function showRealities() {
  const select = part('reality');
  const before = select.value;
  const names = [repository.main.name, ...forks];
  if (select.options.length !== names.length) {
    select.replaceChildren(...names.map((name) => new Option(name)));
    select.value = names.includes(before) ? before : repository.main.name;
  }
  part('drop').disabled = forks.length === 0;
  drawChosen();
}

function drawChosen() {
  const at = forks.indexOf(part('reality').value);
  drawFan(forks.length, at < 0 ? undefined : at, merged);
}

function showFiles() {
  const reality = chosenReality();
  const paths = reality.list();
  const select = part('file');
  const before = select.value;
  select.replaceChildren(...paths.map((path) => new Option(path)));
  select.value = paths.includes(before) ? before : (paths.find((path) => path === 'README.md') ?? paths[0] ?? '');
  showFound();
}

function showFound() {
  const wanted = part('find').value.toLowerCase();
  const found = chosenReality().list().filter((path) => path.toLowerCase().includes(wanted));
  const rows = found.slice(0, FILES_SHOWN).map((path) => {
    const row = element('li');
    const button = element('button', path, 'path');
    button.addEventListener('click', () => {
      part('file').value = path;
      showContent();
      part('content').focus();
    });
    row.append(button);
    return row;
  });
  if (found.length > FILES_SHOWN) rows.push(element('li', `and ${count(found.length - FILES_SHOWN)} more: narrow the search`));
  if (found.length === 0) rows.push(element('li', 'no path holds that'));
  part('files').replaceChildren(...rows);
}

function showContent() {
  const path = part('file').value;
  part('content').value = path === '' ? '' : chosenReality().readText(path);
}

function showLog() {
  const reality = chosenReality();
  part('history-of').textContent = reality.name;
  const rows = [];
  let more = false;
  for (const commit of reality.log({ limit: logShown + 1 })) {
    if (rows.length === logShown) more = true;
    else rows.push(logRow(commit));
  }
  part('log').replaceChildren(...rows);
  part('more').hidden = !more;
}

function logRow(commit) {
  const row = element('li');
  const time = new Date(commit.author.time);
  const when = element('time', time.toISOString().slice(0, 10));
  when.dateTime = time.toISOString();
  row.append(
    element('code', commit.id.slice(0, 8)),
    element('span', commit.message.split('\n', 1)[0], commit.parents.length > 1 ? 'subject merge' : 'subject'),
    element('span', commit.author.name, 'who'),
    when,
  );
  return row;
}

// ---------------------------------------------------------------- 3: the preview

function showPreview() {
  const reality = chosenReality();
  const main = repository.main;
  const verdict = part('preview-verdict');
  verdict.classList.remove('bad');
  part('merge').disabled = true;
  part('preview-diff').replaceChildren();
  if (reality.name === main.name) {
    verdict.textContent = 'This is main itself. Fork, and choose a reality above.';
  } else if (reality.head === main.head || repository.mergeBase(main, reality) === reality.head) {
    verdict.textContent = `Nothing to merge: ${reality.name} has no commit that main lacks.`;
  } else {
    previewOf(reality, verdict);
  }
}

function previewOf(reality, verdict) {
  const start = performance.now();
  const result = repository.mergeTree(repository.main, reality);
  const took = milliseconds(performance.now() - start);
  if (!result.clean) {
    verdict.classList.add('bad');
    verdict.textContent = `Conflict in ${result.conflicts.map(({ path, kind }) => `${path} (${kind})`).join(', ')}. Tried in ${took}; nothing moved.`;
    return;
  }
  verdict.textContent = `Merges cleanly. Tried in ${took}; nothing moved.`;
  part('merge').disabled = false;
  showDiff(repository.diff(repository.main, result.tree));
}

function showDiff(files) {
  const place = part('preview-diff');
  let drawn = 0;
  let left = 0;
  for (const file of files) {
    place.append(element('p', file.from === undefined ? file.path : `${file.from} -> ${file.path}`, 'file'));
    for (const hunk of file.binary ? [] : file.hunks()) {
      place.append(element('p', `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`, 'hunk'));
      for (const { kind, text } of hunk.lines) {
        drawn += 1;
        if (drawn > DIFF_LINES_MAX) left += 1;
        else place.append(element('p', kind + text.replace(/\r?\n$/, ''), { '+': 'added', '-': 'removed' }[kind] ?? 'same'));
      }
    }
  }
  if (left > 0) place.append(element('p', `and ${count(left)} more lines`, 'hunk'));
}

// ---------------------------------------------------------------- what a visitor does

function fork() {
  attempt('fork-result', () => {
    const names = Array.from({ length: FORKS }, (_, index) => `try-${String(index + 1).padStart(4, '0')}`);
    const start = performance.now();
    repository.realities(names);
    const took = performance.now() - start;
    forks = names;
    merged = false;
    part('reality').replaceChildren();
    showAll();
    part('reality').value = forks[Math.floor(FORKS * 0.12)];
    part('fork').disabled = true;
    chooseReality();
    return `${count(FORKS)} realities in ${milliseconds(took)}: ${milliseconds(took / FORKS)} each.`;
  });
}

function drop() {
  attempt('fork-result', () => {
    const start = performance.now();
    for (const name of forks) repository.deleteReality(name);
    const took = milliseconds(performance.now() - start);
    forks = [];
    merged = false;
    part('fork').disabled = false;
    part('reality').replaceChildren();
    showAll();
    return `${count(FORKS)} realities deleted in ${took}.`;
  });
}

function chooseReality() {
  merged = false;
  logShown = LOG_STEP;
  drawChosen();
  showFiles();
  showContent();
  showLog();
  showPreview();
}

function commit(event) {
  event.preventDefault();
  attempt('edit-result', () => {
    const reality = chosenReality();
    const path = part('file').value;
    const start = performance.now();
    reality.write(path, part('content').value);
    if (reality.status().length === 0) {
      reality.discard();
      return 'Nothing has changed: edit the content first.';
    }
    const made = reality.commit(part('message').value);
    const took = milliseconds(performance.now() - start);
    merged = false;
    showAll();
    return `${made.id.slice(0, 8)} in ${reality.name}, in ${took}. main has not moved.`;
  });
}

function merge() {
  attempt('merge-result', () => {
    const reality = chosenReality();
    const start = performance.now();
    const result = repository.merge(reality, repository.main);
    const took = milliseconds(performance.now() - start);
    merged = true;
    showAll();
    const how = result.fastForward ? 'main moved forward' : 'a merge commit was made';
    return `${how} in ${took}: main is at ${repository.main.head.slice(0, 8)}.`;
  });
}

function step(direction) {
  attempt('merge-result', () => {
    const operation = direction === 'undo' ? repository.undo() : repository.redo();
    if (operation === undefined) return `There is nothing to ${direction}.`;
    const names = new Set(repository.listRealities().map((reality) => reality.name));
    forks = forks.filter((name) => names.has(name));
    merged = false;
    part('fork').disabled = forks.length > 0;
    showAll();
    return `${direction === 'undo' ? 'Undone' : 'Done again'}: ${operation.description}.`;
  });
}

// ---------------------------------------------------------------- 4: git

function serve() {
  part('clone-command').textContent = `git clone ${location.origin}/tab.git`;
  const handler = repository.handler({ push: () => {} });
  serveTab(handler, ({ method, path, status, bytes: size, ms }) => {
    const row = element('li');
    row.append(element('code', `${method} ${path}`), element('span', `${status}, ${bytes(size)}, ${milliseconds(ms)}`));
    part('served').prepend(row);
    while (part('served').children.length > SERVED_SHOWN) part('served').lastElementChild.remove();
    if (path.startsWith('/git-receive-pack')) showAll();
  });
}

async function copy(from, button) {
  await navigator.clipboard.writeText(part(from).textContent);
  part(button).textContent = 'Copied';
}

function connectControls() {
  part('fork').addEventListener('click', fork);
  part('drop').addEventListener('click', drop);
  part('reality').addEventListener('change', chooseReality);
  part('file').addEventListener('change', showContent);
  part('find').addEventListener('input', showFound);
  part('commit-form').addEventListener('submit', commit);
  part('merge').addEventListener('click', merge);
  part('undo').addEventListener('click', () => step('undo'));
  part('redo').addEventListener('click', () => step('redo'));
  part('copy').addEventListener('click', () => copy('clone-command', 'copy'));
  part('more').addEventListener('click', () => {
    logShown += LOG_STEP;
    showLog();
  });
  part('fan').addEventListener('click', (event) => {
    if (forks.length === 0) return;
    part('reality').value = forks[forkAt(event, forks.length)];
    chooseReality();
  });
}

part('copy-install').addEventListener('click', () => copy('install-command', 'copy-install'));
part('copy-install').hidden = false;
try {
  await load();
  connectControls();
  showAll();
  serve();
} catch (error) {
  part('load-text').classList.add('bad');
  part('load-text').textContent = String(error.message ?? error);
  part('load-bar').hidden = true;
  throw error;
}
