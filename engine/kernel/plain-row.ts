import type { DuckDBMaterializedResult, DuckDBValue } from '@duckdb/node-api';
import type { KernelRow } from '../ports/kernel.ts';

type Plain = KernelRow[string];

/** All rows of a small result as plain values. A name that occurs twice gets a suffix. */
export async function plainRows(result: DuckDBMaterializedResult): Promise<KernelRow[]> {
  const names = result.deduplicatedColumnNames();
  const rows: KernelRow[] = [];
  for (const values of await result.getRows()) {
    rows.push(Object.fromEntries(names.map((name, index) => [name, plain(values[index] ?? null)])));
  }
  return rows;
}

function plain(value: DuckDBValue): Plain {
  if (value === null || typeof value !== 'object') return value;
  return value.toString();
}
