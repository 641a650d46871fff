import { crc32 } from 'node:zlib';
import { AlopexError } from '../../engine/errors.ts';
import type { Clock } from '../../engine/ports/clock.ts';
import { parseJson, stringifyJson } from '../json.ts';
import { Idempotency } from './idempotency.ts';
import { asObject, Fields } from './model/fields.ts';
import type { RestRequest, RestResponse } from './protocol.ts';
import type { RestCatalog } from './rest-catalog.ts';
import { badRequest, RestError } from './rest-error.ts';
import { matchRoute, type Answer, type Route } from './routes.ts';

/** The catalog as the REST protocol has it: requests in, responses out. Failures are responses too. */
export class RestHandler {
  readonly #catalog: RestCatalog;
  readonly #idempotency: Idempotency;
  readonly #onError: (error: unknown) => void;

  /** `onError` hears of failures that are answered with status 500 and above. */
  constructor(catalog: RestCatalog, clock: Clock, onError: (error: unknown) => void) {
    this.#catalog = catalog;
    this.#idempotency = new Idempotency(clock);
    this.#onError = onError;
  }

  async handle(request: RestRequest): Promise<RestResponse> {
    try {
      const matched = matchRoute(request.method, request.path);
      if (matched.kind === 'wrong-method') return wrongMethod(request, matched.allowed);
      const { route, segments } = matched;
      const key = request.headers['idempotency-key'];
      if (key === undefined || !route.isMutation) return await this.#answer(route, segments, request);
      const summary = `${request.method} ${request.path}?${request.query.toString()} ${String(crc32(request.body))}`;
      return await this.#idempotency.run(key, summary, () => this.#answer(route, segments, request));
    } catch (error) {
      return this.#failure(error);
    }
  }

  async #answer(route: Route, segments: readonly string[], request: RestRequest): Promise<RestResponse> {
    try {
      const { headers, query } = request;
      const body = (): Fields => parseBody(request);
      return toResponse(await route.run({ catalog: this.#catalog, segments, query, headers, body }));
    } catch (error) {
      return this.#failure(error);
    }
  }

  #failure(error: unknown): RestResponse {
    const known = error instanceof RestError ? error : toRestError(error);
    if (known.status >= 500) this.#onError(error);
    return {
      status: known.status,
      headers: { 'content-type': 'application/json' },
      body: stringifyJson({ error: { message: known.message, type: known.type, code: known.status } }),
    };
  }
}

function parseBody({ body }: RestRequest): Fields {
  let value: unknown;
  try {
    value = parseJson(body);
  } catch (error) {
    throw badRequest(`Malformed request: ${error instanceof Error ? error.message : String(error)}`);
  }
  return new Fields(asObject(value, 'the request'), 'the request');
}

function toResponse({ status = 200, headers = {}, json }: Answer): RestResponse {
  if (json === undefined) return { status, headers };
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: stringifyJson(json) };
}

function wrongMethod({ method, path }: RestRequest, allowed: readonly string[]): RestResponse {
  const message = `${method} is not supported for ${path}`;
  return {
    status: 405,
    headers: { 'content-type': 'application/json', allow: allowed.join(', ') },
    body: stringifyJson({ error: { message, type: 'MethodNotAllowedException', code: 405 } }),
  };
}

/** Errors of the store and of damaged objects. None of them is an unknown commit: those are `RestError`s. */
function toRestError(error: unknown): RestError {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof AlopexError ? error.code : 'XX000';
  // A key that cannot be one came with the request.
  if (code === '22023') return badRequest(message);
  return new RestError(500, 'InternalServerError', code, message, error);
}
