// The results as a table in Markdown, and beside what the project wants to reach.

const COLUMNS = ['govc', 'isomorphic-git', 'native git'];

/** Variants that stand in their base's cell, after a slash. */
const VARIANTS = { 'govc': ['govc/fork()', 'govc/require', 'govc/nobody subscribed', 'govc/hashing its trees', 'govc/the commits alone', 'govc/setMain'], 'isomorphic-git': [], 'native git': ['native git/commit-graph'] };

/** What each workload must reach: in words, and the most milliseconds for one of its items. */
const TARGETS = {
  'W1-1000': () => ['1 µs', 0.001],
  'W1-100000': () => ['1 µs', 0.001],
  'W2': () => ['25 µs', 0.025],
  'W3': (each) => ['1/20 of native git', each('native git') / 20],
  'W4': (each) => ['native git', each('native git')],
  'W4-open': (each, all) => ['a tenth of native import', all['W4'].engines['native git'].median_ms / 10],
  'W5-1': (each) => ['native git', each('native git')],
  'W5-2': (each) => ['native git with commit-graph', each('native git/commit-graph')],
  'W6': (each) => ['native git', each('native git')],
  'W7': (each) => ['native git', each('native git')],
  'W14-10000': (each, all) => ['twice that of 10 files', 2 * all['W14-10'].engines['govc'].median_ms / all['W14-10'].count],
  'W14-1000000': (each, all) => ['twice that of 10 files', 2 * all['W14-10'].engines['govc'].median_ms / all['W14-10'].count],
  'W15-100000': (each, all) => ['twice that of 1,000 commits', 2 * all['W15-1000'].engines['govc'].median_ms / all['W15-1000'].count],
  'W10': (each) => ['a commit alone and hashing its trees', each('govc/nobody subscribed') + each('govc/hashing its trees')],
  'W8': (each) => ['bare node and 31 ms', each('bare node') + 31],
};
/** As gzip -9. */
const LOADED_BYTES_MAX = 250_000;

/** Milliseconds, or microseconds where that reads better. */
export function duration(ms) {
  const [value, unit] = ms < 1 ? [ms * 1000, 'µs'] : [ms, 'ms'];
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  const text = Number(value.toFixed(digits)).toLocaleString('en', { maximumFractionDigits: digits });
  return `${text} ${unit}`;
}

function cell(result, name) {
  const shown = (figures) => duration(figures.median_ms / result.count);
  const base = result.engines[name];
  if (base === undefined) return '–';
  const more = VARIANTS[name].filter((variant) => result.engines[variant] !== undefined)
    .map((variant) => ` (${variant.slice(variant.indexOf('/') + 1)}: ${shown(result.engines[variant])})`);
  return shown(base) + more.join('');
}

function ratio(result, name) {
  const [mine, other] = [result.engines.govc, result.engines[name]];
  if (other === undefined) return '–';
  const times = other.median_ms / mine.median_ms;
  return `${times >= 10 ? Math.round(times) : times.toFixed(times >= 1 ? 1 : 2)}×`;
}

/** The table for the README. */
export function table({ workloads, size, bytes }) {
  const lines = [
    '| workload | govc | isomorphic-git | native git | faster than isomorphic-git | faster than native git |',
    '|---|--:|--:|--:|--:|--:|',
  ];
  for (const result of workloads) {
    const title = result.count > 1 ? `${result.title}, each` : result.title;
    const cells = COLUMNS.map((name) => cell(result, name));
    lines.push(`| ${title} | ${cells.join(' | ')} | ${ratio(result, 'isomorphic-git')} | ${ratio(result, 'native git')} |`);
  }
  const kilobytes = ({ gzip, brotli }) => `${(gzip / 1000).toFixed(0)} KB gzip, ${(brotli / 1000).toFixed(0)} KB brotli`;
  lines.push(`| bytes to load | ${kilobytes(size.govc)} | ${kilobytes(size['isomorphic-git'])} | – | – | – |`);
  for (const each of bytes) {
    const shown = `${each.module.toFixed(0)} B, and ${each.javascript.toFixed(0)} B in JavaScript`;
    lines.push(`| memory of a reality, of ${each.count.toLocaleString('en')} | ${shown} | – | – | – | – |`);
  }
  return lines.join('\n');
}

/** One line for each workload: whether it reaches what it must. */
export function targets({ workloads, size }) {
  const all = Object.fromEntries(workloads.map((result) => [result.id, result]));
  const lines = workloads.filter(({ id }) => TARGETS[id] !== undefined).map(({ id, count, per, engines }) => {
    const each = (name) => engines[name].median_ms / count;
    const [name, most] = TARGETS[id](each, all);
    return judged(id, each('govc') <= most, `${duration(each('govc'))} a ${per}`, `${name} (${duration(most)})`);
  });
  const { gzip } = size.govc;
  return [...lines, judged('W9', gzip <= LOADED_BYTES_MAX, `${gzip} bytes gzip`, `${LOADED_BYTES_MAX} bytes`)];
}

function judged(id, met, found, target) {
  return `${met ? 'met   ' : 'missed'}  ${id}: ${found}, to reach ${target}`;
}
