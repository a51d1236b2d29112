/** The search of the documents: over headings and names of the API, in a list that is loaded when it is first used. */

const FOUND_MAX = 12;

const place = document.getElementById('site-search');
const input = place.querySelector('input');
const list = document.getElementById('site-found');
const status = place.querySelector('[role=status]');
/** [text, page, address][], the promise of it. */
let places;

function load() {
  places ??= fetch(new URL('search.json', import.meta.url)).then((response) => response.json());
  return places;
}

/** How well a text fits, the lower the better; undefined where it does not. */
function rank(text, words) {
  const low = text.toLowerCase();
  const parts = low.split(/[^\p{L}\p{N}]+/u);
  let sum = low.length / 100;
  for (const word of words) {
    if (low === word || parts.at(-1) === word) sum += 0;
    else if (parts.some((part) => part.startsWith(word))) sum += 1;
    else if (low.includes(word)) sum += 2;
    else return undefined;
  }
  return sum;
}

async function show() {
  const words = input.value.toLowerCase().split(/\s+/).filter((word) => word !== '');
  const all = await load();
  const found = words.length === 0 ? [] : all
    .map(([text, page, address]) => ({ text, page, address, rank: rank(text, words) ?? (rank(`${page} ${text}`, words) ?? NaN) + 3 }))
    .filter((each) => !Number.isNaN(each.rank)).sort((a, b) => a.rank - b.rank);
  list.replaceChildren(...found.slice(0, FOUND_MAX).map(entry));
  list.hidden = found.length === 0;
  status.textContent = words.length === 0 ? '' : found.length === 0 ? 'Nothing found' : `${found.length} found`;
  status.classList.toggle('unseen', words.length === 0 || found.length > 0);
}

function entry({ text, page, address }) {
  const link = document.createElement('a');
  link.href = new URL(address, import.meta.url);
  link.textContent = text;
  if (page !== '') {
    const where = document.createElement('span');
    where.textContent = page;
    link.append(' ', where);
  }
  const item = document.createElement('li');
  item.append(link);
  return item;
}

function close() {
  list.hidden = true;
  status.classList.add('unseen');
}

/** Arrows go through the list and back to the field. */
function walk(event) {
  const links = [...list.querySelectorAll('a')];
  const at = links.indexOf(document.activeElement);
  if (event.key === 'Escape') {
    if (list.hidden) return;
    close();
    input.focus();
  } else if (event.key === 'ArrowDown' && !list.hidden) (links[at + 1] ?? links[at])?.focus();
  else if (event.key === 'ArrowUp' && at >= 0) (links[at - 1] ?? input).focus();
  else if (event.key === 'Enter' && at < 0 && !list.hidden) links[0]?.click();
  else return;
  event.preventDefault();
}

input.addEventListener('focus', () => void load());
input.addEventListener('input', () => void show());
place.addEventListener('keydown', walk);
place.addEventListener('focusout', (event) => {
  if (!place.contains(event.relatedTarget)) close();
});
list.addEventListener('click', close);
document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, textarea, select')) return;
  event.preventDefault();
  input.focus();
});
place.hidden = false;
// Where there is room beside the text, the pages are always seen.
document.querySelector('.menu').open = matchMedia('(min-width: 60rem)').matches;
