// What the browser's own trace says of a page's main thread: its tasks, and how much of them falls into each frame.

const CATEGORIES = ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline', 'blink', '__metadata', 'blink.user_timing'];

/** What the browser calls the beginning of a frame on the main thread. */
const FRAME = 'WebFrameWidgetImpl::BeginMainFrame';

/** Traces what the page does while `work` runs: tasks and frames, in milliseconds of the thread's processor time. */
export async function traced(page, work) {
  const session = await page.context().browser().newBrowserCDPSession();
  await session.send('Tracing.start', { transferMode: 'ReturnAsStream', traceConfig: { includedCategories: CATEGORIES, recordMode: 'recordAsMuchAsPossible' } });
  let result;
  try {
    await page.evaluate(() => performance.mark('govc-begin'));
    result = await work();
    await page.evaluate(() => performance.mark('govc-end'));
  } finally {
    var ended = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
    await session.send('Tracing.end');
  }
  const { stream } = await ended;
  const parts = [];
  for (let eof = false; !eof;) {
    const part = await session.send('IO.read', { handle: stream, size: 1 << 24 });
    parts.push(part.base64Encoded ? Buffer.from(part.data, 'base64').toString() : part.data);
    eof = part.eof;
  }
  await session.detach();
  return { result, ...read(JSON.parse(parts.join('')).traceEvents) };
}

/** The tasks and frames, between the marks, of the thread that set the last. */
function read(events) {
  const begin = events.find(({ name }) => name === 'govc-begin');
  const end = events.findLast(({ name }) => name === 'govc-end');
  if (begin === undefined || end === undefined) throw new Error('the trace lacks the marks that were set');
  // A page that was left may have had another thread.
  const own = events.filter(({ pid, tid, ts }) => pid === end.pid && tid === end.tid && ts >= begin.ts && ts <= end.ts);
  const spent = ({ tdur, dur }) => (tdur ?? dur ?? 0) / 1000;
  const tasks = own.filter(({ name, ph }) => name === 'RunTask' && ph === 'X').sort((a, b) => a.ts - b.ts);
  // A frame's work is what the thread did since the frame before.
  const marks = own.filter(({ name, ph }) => name === FRAME && ph !== 'E').map(({ ts }) => ts).sort((a, b) => a - b);
  const frames = marks.slice(1).map(() => 0);
  let at = 0;
  for (const task of tasks) {
    while (at + 1 < marks.length && task.ts >= marks[at + 1]) at += 1;
    if (task.ts >= marks[0] && at < frames.length) frames[at] += spent(task);
  }
  return { hasThreadTime: tasks.some(({ tdur }) => tdur !== undefined), tasks: tasks.map(spent), frames, events: own };
}

/** The value below which `share` of all lie. */
export function quantile(values, share) {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}
