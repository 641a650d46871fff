import { MemoryObjectStore } from '../../../connectors/store/memory.ts';
import type { ObjectStore } from '../../../engine/ports/object-store.ts';
import { parseJson, stringifyJson } from '../../json.ts';
import { FixedClock, SeededRandom } from '../../test-support/fixtures.ts';
import type { DatabaseTables } from '../ports.ts';
import { RestCatalog } from '../rest-catalog.ts';
import { RestHandler } from '../rest-handler.ts';

export interface Received {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty without a body. */
  readonly json: Record<string, unknown>;
}

export interface Client {
  (method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Received>;
  readonly errors: unknown[];
  readonly clock: FixedClock;
}

/** One process that serves the catalog of a store, asked without HTTP. */
export function serve(
  options: { store?: ObjectStore; seed?: number; database?: DatabaseTables; stores?: readonly ObjectStore[] } = {},
): Client {
  const { store = new MemoryObjectStore(), seed = 1, database, stores = [] } = options;
  const clock = new FixedClock();
  const errors: unknown[] = [];
  const catalog = new RestCatalog({
    clock,
    random: new SeededRandom(seed),
    warehouse: store,
    stores,
    onWarning: (error) => errors.push(error),
    ...(database === undefined ? {} : { database }),
  });
  const handler = new RestHandler(catalog, clock, (error) => errors.push(error));
  const ask = async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Received> => {
    const [name = '', query = ''] = path.split('?');
    const response = await handler.handle({
      method,
      path: name,
      query: new URLSearchParams(query),
      headers,
      body: body === undefined ? '' : typeof body === 'string' ? body : stringifyJson(body),
    });
    const json = response.body === undefined ? {} : (parseJson(response.body) as Record<string, unknown>);
    return { status: response.status, headers: response.headers, json };
  };
  return Object.assign(ask, { errors, clock });
}

/** The message and the name of a failure. */
export function failure({ json }: Received): { message: string; type: string; code: number } {
  return json['error'] as { message: string; type: string; code: number };
}
