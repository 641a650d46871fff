import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AlopexError, SqlState } from '../../engine/errors.ts';
import { checkAccess, isLoopback } from './access.ts';
import { type Endpoint, sendJson } from './endpoint.ts';
import { errorJson, HttpError, statusOf } from './http-error.ts';
import { readBody } from './request-body.ts';

export interface HttpServerOptions {
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly endpoints: readonly Endpoint[];
  /** The bearer token that every request but those for `/health` must have; none when absent. */
  readonly token?: string;
  /** Bytes that a request's body may have; 64 MiB when absent. */
  readonly maxBodyBytes?: number;
  /** Hears of failures that nobody can be answered. */
  readonly onError?: (error: unknown) => void;
}

const DEFAULT_MAX_BODY_BYTES = 64 * 1024 ** 2;
/** Longer than the 60 s for which clients and proxies keep a connection: else one closes it as the other sends. */
const KEEP_ALIVE_MS = 65_000;

/** An HTTP server over endpoints, with `GET /health`. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #server: Server;
  readonly #running = new Set<AbortController>();
  #isClosing = false;
  /** It stays known when the server is closed. */
  #url = '';

  private constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
      void this.#serve(request, response);
    });
  }

  /** Listens. Throws `55006` when the port is taken, and `58030` when it cannot be listened on. */
  static async start(options: HttpServerOptions): Promise<HttpServer> {
    const server = new HttpServer(options);
    const { host, port } = options;
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', (error: NodeJS.ErrnoException) => {
        const isTaken = error.code === 'EADDRINUSE';
        const why = isTaken ? 'is in use already' : `cannot be listened on: ${error.message}`;
        reject(
          new AlopexError(isTaken ? SqlState.objectInUse : SqlState.ioError, `${host}:${port} ${why}`, {
            cause: error,
          }),
        );
      });
      server.#server.listen(port, host, resolve);
    });
    const bound = server.#server.address() as AddressInfo;
    server.#url = `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`;
    return server;
  }

  /** Such as `http://127.0.0.1:8080`. */
  get url(): string {
    return this.#url;
  }

  /** Requests that are being answered. */
  get runningCount(): number {
    return this.#running.size;
  }

  /** Takes no more requests, and waits for those that run; those that still do after `graceMs` are canceled. */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const cancel = setTimeout(() => {
      for (const controller of this.#running) controller.abort();
    }, graceMs);
    // What does not end when it is canceled has no answer to give.
    const cut = setTimeout(() => this.#server.closeAllConnections(), graceMs + 2_000);
    try {
      await closed;
    } finally {
      clearTimeout(cancel);
      clearTimeout(cut);
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const controller = new AbortController();
    this.#running.add(controller);
    response.on('close', () => {
      if (!response.writableFinished) controller.abort();
      this.#running.delete(controller);
      // Its client may keep the connection for more, which would hold up the end.
      if (this.#isClosing) request.socket.end();
    });
    response.setHeader('cache-control', 'no-store');
    response.setHeader('x-content-type-options', 'nosniff');
    // The connection is not kept for another request.
    if (this.#isClosing) response.setHeader('connection', 'close');
    try {
      await this.#route(request, response, controller.signal);
    } catch (error) {
      this.#answerFailure(response, error);
    }
  }

  #answerFailure(response: ServerResponse, error: unknown): void {
    const status = statusOf(error);
    if (status === 500) this.#options.onError?.(error);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    // Headers of an answer that did not come about.
    for (const name of ['content-type', 'alopex-command', 'alopex-row-count']) response.removeHeader(name);
    sendJson(response, status, errorJson(error), error instanceof HttpError ? error.headers : {});
  }

  async #route(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const [path, search] = splitOnce(request.url ?? '/', '?');
    const method = request.method ?? 'GET';
    if (path === '/health') {
      if (method !== 'GET' && method !== 'HEAD') throw wrongMethod(method, path, ['GET', 'HEAD']);
      sendJson(response, this.#isClosing ? 503 : 200, JSON.stringify({ status: this.#isClosing ? 'closing' : 'ok' }));
      return;
    }
    const { token, host, endpoints, maxBodyBytes = DEFAULT_MAX_BODY_BYTES } = this.#options;
    checkAccess(request, { token, isOpen: !isLoopback(host) });
    const endpoint = endpoints.find((each) => path === each.path || (each.isTree && path.startsWith(`${each.path}/`)));
    if (endpoint === undefined) {
      const paths = ['/health', ...endpoints.map((each) => (each.isTree ? `${each.path}/…` : each.path))];
      throw new HttpError(404, `there is nothing at ${path}`, { hint: `There are ${paths.join(', ')}.` });
    }
    if (!endpoint.methods.includes(method)) throw wrongMethod(method, path, endpoint.methods);
    await endpoint.handle({
      request,
      response,
      path: path.slice(endpoint.path.length),
      query: new URLSearchParams(search),
      signal,
      body: () => readBody(request, maxBodyBytes),
    });
  }
}

function wrongMethod(method: string, path: string, allowed: readonly string[]): HttpError {
  const allow = allowed.join(', ');
  return new HttpError(405, `${path} does not take ${method}`, { hint: `Use ${allow}.`, headers: { allow } });
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
