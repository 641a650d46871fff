import { quoteLiteral } from '../../table/data-type.ts';

/** A relation of the system as a query over literal rows. */
export interface SystemTable {
  readonly name: string;
  readonly sql: string;
}

export type Cell = string | number | null;
export type Columns = readonly (readonly [name: string, type: string])[];

/** A query that yields these rows. Booleans are `'true'` and `'false'`, timestamps with a time zone `epoch_ms:` and milliseconds. */
export function literalRows(columns: Columns, rows: readonly (readonly Cell[])[]): string {
  const select = columns.map(([name, type], index) => `${castCell(`c${index}`, type)} AS ${name}`).join(', ');
  const names = columns.map((_, index) => `c${index}`).join(', ');
  if (rows.length === 0) {
    return `SELECT ${columns.map(([name, type]) => `CAST(NULL AS ${type}) AS ${name}`).join(', ')} WHERE false`;
  }
  const values = rows.map((row) => `(${row.map(cellSql).join(', ')})`).join(', ');
  return `SELECT ${select} FROM (VALUES ${values}) AS t(${names})`;
}

function castCell(name: string, type: string): string {
  if (type !== 'TIMESTAMP WITH TIME ZONE') return `CAST(${name} AS ${type})`;
  return `CAST(make_timestamp_ms(CAST(substr(${name}, 10) AS BIGINT)) AS TIMESTAMP WITH TIME ZONE)`;
}

function cellSql(cell: Cell): string {
  if (cell === null) return 'CAST(NULL AS VARCHAR)';
  return quoteLiteral(String(cell));
}
