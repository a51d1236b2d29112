/** Draws main and the realities that were forked from it. It knows numbers, not repositories. */

const WIDTH = 640;
const MIDDLE = 120;
const TOP = 6;
const HEIGHT = 228;
/** Where forks leave main and run level: each a little elsewhere, so that a thousand do not blur into one. */
const LEAVE = 40;
const LEVEL = 330;
const SPREAD = 150;
/** Where a merged one comes back to main. */
const RETURN = 590;

const trunk = document.getElementById('fan-trunk');
const forks = document.getElementById('fan-forks');
const chosen = document.getElementById('fan-chosen');
const picture = document.getElementById('fan');

/** Draws `count` forks, the one numbered `at` (or none) brought out, and led back to main where it is `merged`. */
export function drawFan(count, at, merged) {
  trunk.setAttribute('d', `M0 ${MIDDLE}H${WIDTH}`);
  let lines = '';
  for (let index = 0; index < count; index += 1) lines += fork(height(index, count), shift(index), WIDTH);
  forks.setAttribute('d', lines);
  chosen.setAttribute('d', at === undefined ? '' : chosenLine(height(at, count), shift(at), merged));
  const others = count === 0 ? 'no reality beside it' : `${count.toLocaleString('en')} realities forked from it`;
  picture.setAttribute('aria-label', `main, and ${others}`);
}

/** The number of the fork that lies nearest to a click. */
export function forkAt(event, count) {
  const box = picture.getBoundingClientRect();
  const y = ((event.clientY - box.top) / box.height) * 2 * MIDDLE;
  return Math.max(0, Math.min(count - 1, Math.round(((y - TOP) / HEIGHT) * (count - 1))));
}

function height(index, count) {
  return count < 2 ? TOP : TOP + (HEIGHT * index) / (count - 1);
}

/** A place between 0 and SPREAD: the same for the same number, unlike its neighbours'. */
function shift(index) {
  return (index * 61) % SPREAD;
}

function fork(y, by, end) {
  const leave = LEAVE + by;
  const level = LEVEL + by;
  const half = (leave + level) / 2;
  return `M${leave} ${MIDDLE}C${half} ${MIDDLE} ${half} ${y.toFixed(1)} ${level} ${y.toFixed(1)}H${end}`;
}

function chosenLine(y, by, merged) {
  if (!merged) return fork(y, by, WIDTH);
  const start = LEVEL + by + 20;
  const half = (start + RETURN) / 2;
  return `${fork(y, by, start)}C${half} ${y.toFixed(1)} ${half} ${MIDDLE} ${RETURN} ${MIDDLE}`;
}
