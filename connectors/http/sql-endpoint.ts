import { parseJson } from '../../catalog/json.ts';
import { AlopexError, SqlState } from '../../engine/errors.ts';
import type { Parameters } from '../../engine/ports/kernel.ts';
import { splitStatements } from '../../engine/sql/split.ts';
import { printJson } from '../text/formats/json.ts';
import { Output } from '../text/output.ts';
import type { RowsResult } from '../text/rows-result.ts';
import { type Endpoint, type Exchange, sendJson } from './endpoint.ts';
import { errorJson, HttpError, statusOf } from './http-error.ts';

/** The part of a database that the endpoint needs. */
export interface SqlDatabase {
  connect(): Promise<SqlConnection>;
}

export interface SqlConnection {
  readonly isInTransaction: boolean;
  statements(sql: string, parameters?: Parameters): AsyncIterable<RowsResult | SqlCommandResult>;
  interrupt(): void;
  close(): Promise<void>;
}

export interface SqlCommandResult {
  readonly kind: 'command';
  readonly command: string;
  readonly rowCount: number | undefined;
}

/**
 * `POST /sql` with `{"sql": …, "params": […]}`: runs the statements on a connection of their own, and sends the rows of each that has any as
 * an array of objects on a line of its own, `[]` when none has.
 */
export function sqlEndpoint(database: SqlDatabase): Endpoint {
  return {
    path: '/sql',
    isTree: false,
    methods: ['POST'],
    async handle(exchange) {
      const { sql, parameters } = readRequest(await exchange.body());
      const connection = await database.connect();
      try {
        await answer(connection, sql, parameters, exchange);
      } catch (error) {
        const { response } = exchange;
        // Rows are on their way: only a broken connection tells the client that they are not all.
        if (response.headersSent) response.destroy();
        else sendJson(response, statusOf(error), errorJson(error, sql));
      } finally {
        await connection.close();
      }
    },
  };
}

async function answer(
  connection: SqlConnection,
  sql: string,
  parameters: Parameters | undefined,
  { response, signal }: Exchange,
): Promise<void> {
  const interrupt = (): void => connection.interrupt();
  signal.addEventListener('abort', interrupt);
  try {
    const isSingle = splitStatements(sql).length <= 1;
    response.setHeader('content-type', isSingle ? 'application/json' : 'application/x-ndjson');
    const output = new Output(response);
    for await (const result of connection.statements(sql, parameters)) {
      throwIfCanceled(signal);
      if (result.kind === 'rows') {
        if (isSingle) response.setHeader('alopex-command', result.command);
        await printJson({ ...result, batches: cancelable(result.batches, signal) }, output);
      } else if (isSingle) {
        response.setHeader('alopex-command', result.command);
        if (result.rowCount !== undefined) response.setHeader('alopex-row-count', result.rowCount);
      }
    }
    throwIfCanceled(signal);
    if (connection.isInTransaction) {
      throw new AlopexError(SqlState.activeTransaction, 'the transaction was not ended: it is rolled back', {
        hint: 'End it with COMMIT in the same request: each has a connection of its own.',
      });
    }
    response.end(response.headersSent ? '' : '[]\n');
  } finally {
    signal.removeEventListener('abort', interrupt);
  }
}

/** An interrupt that comes while no batch is being made would go unnoticed by the database. */
async function* cancelable<T>(batches: AsyncIterable<T>, signal: AbortSignal): AsyncIterable<T> {
  for await (const batch of batches) {
    throwIfCanceled(signal);
    yield batch;
  }
}

function throwIfCanceled(signal: AbortSignal): void {
  if (signal.aborted) throw new AlopexError(SqlState.queryCanceled, 'canceled');
}

function readRequest(body: string): { sql: string; parameters: Parameters | undefined } {
  let value: unknown;
  try {
    value = parseJson(body);
  } catch (error) {
    throw new HttpError(400, `the request is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const hint = 'Send {"sql": "SELECT $1", "params": [1]}.';
  if (typeof value !== 'object' || value === null || !('sql' in value) || typeof value.sql !== 'string') {
    throw new HttpError(400, 'the request has no string "sql"', { hint });
  }
  const { sql, params, ...others } = value as { sql: string; params?: unknown };
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw new HttpError(400, `the request has an unknown member ${JSON.stringify(unknown)}`, { hint });
  if (params !== undefined && params !== null && typeof params !== 'object') {
    throw new HttpError(400, '"params" must be an array, or an object for parameters by name', { hint });
  }
  // Any JSON value is a parameter; integers beyond a double are bigints.
  return { sql, parameters: (params ?? undefined) as Parameters | undefined };
}
