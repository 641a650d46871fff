import type { IncomingMessage, ServerResponse } from 'node:http';

/** A request that was let in. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Path below the endpoint's own, with the escapes that it came with; empty for its own. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Aborted when nobody waits for the answer any more: the client has gone, or the server ends. */
  readonly signal: AbortSignal;
  /** Throws 413, 415 or 400. */
  readonly body: () => Promise<string>;
}

/** What answers requests below a path. What it throws before it has begun to answer is answered for it. */
export interface Endpoint {
  /** Such as `/sql`. */
  readonly path: string;
  /** Whether it answers paths below its own too. */
  readonly isTree: boolean;
  /** Methods that it takes; others are a 405. */
  readonly methods: readonly string[];
  /** Answers a request. */
  handle(exchange: Exchange): Promise<void>;
}

/** Sends a whole JSON text. */
export function sendJson(
  response: ServerResponse,
  status: number,
  json: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = Buffer.from(json, 'utf8');
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length, ...headers });
  response.end(body);
}
