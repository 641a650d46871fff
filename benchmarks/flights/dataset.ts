import { DuckDBInstance } from '@duckdb/node-api';
import { fileURLToPath } from 'node:url';

/** Three million real flights, from the npm package `vega-datasets`. */
export const FLIGHTS = fileURLToPath(new URL('../data/flights-3m.parquet', import.meta.resolve('vega-datasets')));

export const COLUMNS =
  'id BIGINT PRIMARY KEY, date TIMESTAMP, delay BIGINT, distance BIGINT, origin VARCHAR, destination VARCHAR';

/** The same rows with a number for each, which makes a primary key. */
export async function writeNumberedFlights(path: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(
    `COPY (SELECT row_number() OVER () AS id, date, delay, distance, origin, destination FROM '${FLIGHTS}') TO '${path}' (FORMAT parquet)`,
  );
  connection.closeSync();
  instance.closeSync();
}
