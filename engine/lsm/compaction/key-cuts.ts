import type { KernelConnection } from '../../ports/kernel.ts';
import { quoteIdentifier, quoteLiteral, typeSql } from '../../table/data-type.ts';
import type { SourceRows } from '../../table/source-rows.ts';
import { fromStorageSql, toStorageSql } from '../../table/storage-sql.ts';
import { storageType } from '../../table/storage-type.ts';
import type { TableVersion } from '../../table/version.ts';

/** Keys that are looked at to cut rows into parts of about the same size. */
const SAMPLE_ROWS = 20_000;

/** Conditions of which exactly one is true for each row. In their order they take the rows apart by the sort order, into at most `parts` parts of about the same size. */
export async function cutBySortKey(
  connection: KernelConnection,
  version: TableVersion,
  rows: SourceRows,
  parts: number,
): Promise<string[]> {
  const [id] = version.options.sortBy;
  const column = version.schema.columns.find((candidate) => candidate.id === id);
  if (parts < 2 || column === undefined) return ['true'];
  const key = quoteIdentifier(column.name);
  const shares = Array.from({ length: parts - 1 }, (_, index) => (index + 1) / parts);
  const sample = `SELECT ${key} AS k FROM ${rows.relation(`${key} IS NOT NULL`)} USING SAMPLE reservoir(${SAMPLE_ROWS} ROWS) REPEATABLE (1)`;
  const found = await connection.rows(
    // In the order of the keys, not of their text.
    `SELECT CAST(${toStorageSql('cut', column.type)} AS VARCHAR) AS text FROM (SELECT DISTINCT unnest(quantile_disc(k, [${shares.join(', ')}])) AS cut FROM (${sample})) WHERE cut IS NOT NULL ORDER BY cut`,
  );
  const stored = typeSql(storageType(column.type));
  const cuts = found.map((row) =>
    fromStorageSql(`CAST(${quoteLiteral(String(row['text']))} AS ${stored})`, column.type),
  );
  const first = cuts[0];
  if (first === undefined) return ['true'];
  // Rows without a key come first in the sort order.
  return [
    `(${key} IS NULL OR ${key} < ${first})`,
    ...cuts.map((cut, index) => {
      const next = cuts[index + 1];
      return next === undefined ? `${key} >= ${cut}` : `(${key} >= ${cut} AND ${key} < ${next})`;
    }),
  ];
}
