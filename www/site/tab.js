/** Lets git reach the repository of this tab: serve.mjs announces git's requests, the repository answers them. */

/** Bytes of an answer that travel together. */
const PIECE_BYTES = 256 * 1024;

/**
 * Answers git's requests with `handler`, a function from Request to Promise of Response, as long as the page is open.
 * `onServed` hears of each: { method, path, status, bytes, ms }.
 */
export function serveTab(handler, onServed) {
  const announcements = new EventSource('/tab/requests');
  announcements.onmessage = (event) => void serve(JSON.parse(event.data), handler, onServed);
  return () => announcements.close();
}

async function serve(announced, handler, onServed) {
  const start = performance.now();
  const response = await answerOf(announced, handler);
  const bytes = await send(announced.id, response);
  const path = announced.url.replace(/^\/tab\.git/, '');
  onServed({ method: announced.method, path, status: response.status, bytes, ms: performance.now() - start });
}

async function answerOf({ id, method, url, headers }, handler) {
  try {
    const body = method === 'GET' || method === 'HEAD' ? undefined : await (await fetch(`/tab/requests/${id}`)).arrayBuffer();
    return await handler(new Request(new URL(url, location.href), { method, headers, body }));
  } catch (error) {
    return new Response(`${error.message}\n`, { status: 500, headers: { 'content-type': 'text/plain; charset=utf-8' } });
  }
}

/** Posts the answer in pieces, each after the one before has been taken; gives its bytes. */
async function send(id, response) {
  const head = JSON.stringify({ status: response.status, headers: [...response.headers] });
  const reader = response.body?.getReader();
  let pieces = [];
  let gathered = 0;
  let total = 0;
  for (let last = false; !last;) {
    const { done, value } = reader === undefined ? { done: true } : await reader.read();
    last = done;
    if (value !== undefined) {
      pieces.push(value);
      gathered += value.length;
      total += value.length;
    }
    if (gathered < PIECE_BYTES && !last) continue;
    const taken = await fetch(`/tab/answers/${id}`, {
      method: 'POST',
      headers: { 'x-answer': head, 'x-last': last ? '1' : '0' },
      body: new Blob(pieces),
    });
    if (!taken.ok) {
      await reader?.cancel();
      break;
    }
    pieces = [];
    gathered = 0;
  }
  return total;
}
