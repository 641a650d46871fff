import { once } from 'node:events';
import { Agent, createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Random } from '../../../engine/ports/random.ts';

/** Probabilities from 0 to 1 of what happens to a request. */
export interface HttpFaults {
  /** Answered with 503 at once. */
  readonly throttled: number;
  /** The connection is reset before the service has the request. */
  readonly reset: number;
  /** The service does what it is asked, and the connection is reset instead of an answer. */
  readonly lostAnswer: number;
  /** The answer comes in two halves, with a pause between them. */
  readonly slow: number;
  /** The connection is reset in the middle of the answer's body. */
  readonly truncated: number;
}

type Fault = keyof HttpFaults;

const PAUSE_MS = 30;

/** An HTTP proxy in front of a service, which makes faults of the network as often as it is told. */
export class FaultProxy {
  readonly counts: Record<Fault, number> = { throttled: 0, reset: 0, lostAnswer: 0, slow: 0, truncated: 0 };
  readonly #target: URL;
  readonly #faults: HttpFaults;
  readonly #random: Random;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  constructor(target: string, faults: HttpFaults, random: Random) {
    this.#target = new URL(target);
    this.#faults = faults;
    this.#random = random;
  }

  /** Starts to serve; returns the target's address with the proxy's host in it. */
  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}${this.#target.pathname === '/' ? '' : this.#target.pathname}`;
  }

  async stop(): Promise<void> {
    this.#agent.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const fault = this.#draw();
      if (fault === 'reset') {
        request.socket.resetAndDestroy();
        return;
      }
      const body = await buffer(request);
      if (fault === 'throttled') {
        response.writeHead(503).end();
        return;
      }
      const answer = await this.#forward(request, body);
      const answered = await buffer(answer);
      if (fault === 'lostAnswer') {
        request.socket.resetAndDestroy();
        return;
      }
      const half = answered.subarray(0, answered.length >> 1);
      response.writeHead(answer.statusCode ?? 500, answer.rawHeaders);
      if (fault === 'truncated' && answered.length > 1) {
        response.write(half, () => request.socket.resetAndDestroy());
        return;
      }
      if (fault === 'slow' && answered.length > 1) {
        response.write(half);
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
        response.end(answered.subarray(half.length));
        return;
      }
      response.end(answered);
    } catch {
      // The client, or the service, has gone away: for the other one that is a reset.
      request.socket.destroy();
    }
  }

  #forward(request: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = this.#target;
      const { method, url, rawHeaders } = request;
      // As they are: they have been signed.
      const headers = rawHeaders.filter(
        (_, index, all) => !/^(connection|expect|transfer-encoding)$/i.test(all[index - (index % 2)] ?? ''),
      );
      const upstream = send({ hostname, port, path: url, method, headers, agent: this.#agent }, resolve);
      upstream.once('error', reject);
      upstream.end(body);
    });
  }

  #draw(): Fault | undefined {
    let drawn = new DataView(this.#random.bytes(4).buffer).getUint32(0) / 2 ** 32;
    for (const kind of Object.keys(this.counts) as Fault[]) {
      drawn -= this.#faults[kind];
      if (drawn >= 0) continue;
      this.counts[kind]++;
      return kind;
    }
    return undefined;
  }
}
