/**
 * Requests to one git host: its address after redirects, credentials when it asks for them, failures as errors.
 *
 * Credentials go to the origin they are for and appear in no message. What answers is judged by the engine.
 */
import { GovcError } from '../errors.js';
import { throwIfAborted } from '../progress.js';
import { encodeText } from '../text.js';
import type { Auth, ConnectionOptions, Credentials } from './options.js';

/** Redirects that are followed by hand, with credentials, within one origin. */
const REDIRECTS_MAX = 5;

/** What the engine asks for. */
export interface RemoteRequest {
  path: string;
  headers: Record<string, string>;
  body?: Blob;
}

/** The address of a repository, and who may be told what there. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #fetch: typeof fetch;
  readonly #auth: Auth | undefined;
  /** Where the caller's own credentials may go. */
  readonly #trusted: string;
  /** The repository's address: without credentials, without a slash at its end. */
  #base: string;
  #authorization: string | undefined;

  constructor(address: string, options: ConnectionOptions) {
    const { url, credentials } = parseAddress(address);
    this.#options = options;
    this.#fetch = options.fetch ?? ((...args) => fetch(...args));
    this.#auth = options.auth ?? credentials;
    this.#base = proxied(url, options.corsProxy);
    this.#trusted = new URL(this.#base).origin;
  }

  /** The address without credentials: fit for messages. */
  get url(): string {
    return this.#base;
  }

  /** Sends a request; the head of the answer has come, its body may be on the way. */
  async send(request: RemoteRequest): Promise<Response> {
    const response = await this.#ask(request);
    if (response.status !== 401 || this.#authorization !== undefined) return response;
    const credentials = await this.#credentials();
    if (credentials === undefined) return response;
    await response.body?.cancel();
    this.#authorization = headerOf(credentials);
    return this.#ask(request);
  }

  async #ask(request: RemoteRequest): Promise<Response> {
    let address = `${this.#base}/${request.path}`;
    const isGuarded = this.#authorization !== undefined || request.body !== undefined;
    for (let redirects = 0; ; redirects++) {
      const response = await this.#fetchOnce(address, request, isGuarded ? 'manual' : 'follow');
      const location = response.headers.get('location');
      const next = location !== null && response.status >= 301 && response.status <= 308 ? new URL(location, address) : undefined;
      if (next === undefined || !isGuarded || request.body !== undefined || next.origin !== new URL(address).origin || redirects === REDIRECTS_MAX) {
        if (request.body === undefined) this.#follow(response.url || address, request.path);
        return response;
      }
      await response.body?.cancel();
      address = next.href;
    }
  }

  /** Goes on at the address that answered, as git does; with the first answer alone. */
  #follow(address: string, path: string): void {
    if (address === `${this.#base}/${path}`) return;
    const [end] = path.split('?');
    const { origin, pathname } = new URL(address);
    if (!pathname.endsWith(`/${end}`)) {
      throw new GovcError('Protocol', `${this.#base} leads to another kind of address at ${origin}: is this the address of a repository?`, { url: this.#base });
    }
    this.#base = origin + pathname.slice(0, -end!.length - 1);
  }

  async #fetchOnce(address: string, { headers, body }: RemoteRequest, redirect: RequestRedirect): Promise<Response> {
    const { signal } = this.#options;
    throwIfAborted(signal);
    try {
      return await this.#fetch(address, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { ...headers, ...(this.#authorization !== undefined && { Authorization: this.#authorization }) },
        redirect,
        cache: 'no-store',
        credentials: 'omit',
        ...(body !== undefined && { body }),
        ...(signal !== undefined && { signal }),
      });
    } catch (thrown) {
      throw this.disconnected(thrown);
    }
  }

  /** The next bytes of a body. A stop is not left to the host, whose stream may stay silent when its request is stopped. */
  read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<ReadableStreamReadResult<Uint8Array>> {
    const { signal } = this.#options;
    throwIfAborted(signal);
    return new Promise((resolve, reject) => {
      const stop = () => reject(this.#failure(signal?.reason));
      signal?.addEventListener('abort', stop, { once: true });
      const settled = () => signal?.removeEventListener('abort', stop);
      reader.read().then((next) => { settled(); resolve(next); }, (thrown) => { settled(); reject(this.#failure(thrown)); });
    });
  }

  /** As `disconnected`, where nothing may be thrown. */
  #failure(thrown: unknown): unknown {
    try {
      return this.disconnected(thrown);
    } catch (aborted) {
      return aborted;
    }
  }

  /** What to throw where the connection broke. */
  disconnected(thrown: unknown): unknown {
    throwIfAborted(this.#options.signal);
    if (thrown instanceof GovcError) return thrown;
    const message = `no connection to ${new URL(this.#base).origin}: try again; in a page, the server has to allow it by CORS headers, or give a corsProxy`;
    return new GovcError('Disconnected', message, { url: this.#base }, { cause: thrown });
  }

  async #credentials(): Promise<Credentials | undefined> {
    if (typeof this.#auth === 'function') return this.#auth(this.#base);
    return new URL(this.#base).origin === this.#trusted ? this.#auth : undefined;
  }
}

function parseAddress(address: string): { url: string; credentials: Credentials | undefined } {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    throw new GovcError('InvalidArgument', 'a repository is at an address such as https://example.org/repository.git');
  }
  if (!/^https?:$/.test(url.protocol) || url.search !== '') {
    throw new GovcError('InvalidArgument', `a repository is at an http or https address without a query, not at ${url.protocol}//${url.host}${url.pathname}`);
  }
  const { username, password } = url;
  const credentials = username === '' && password === '' ? undefined : { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  return { url: `${url.origin}${url.pathname.replace(/\/+$/, '')}`, credentials };
}

function proxied(url: string, proxy: string | undefined): string {
  if (proxy === undefined) return url;
  return `${proxy.replace(/\/+$/, '')}/${url.replace(/^https?:\/\//, '')}`;
}

function headerOf(credentials: Credentials): string {
  if ('token' in credentials) return `Bearer ${credentials.token}`;
  const bytes = encodeText(`${credentials.username}:${credentials.password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}
