import { expect, test } from 'vitest';
import type { DataFile } from '../../table/data-file.ts';
import type { TableVersion } from '../../table/version.ts';
import { ResultSizes } from './result-sizes.ts';
import type { TableScan } from './scan-report.ts';

const schema = {
  schemaId: 0,
  columns: [{ id: 1, name: 'id', type: { kind: 'primitive' as const, name: 'BIGINT' as const }, required: true }],
  primaryKey: [1],
  checks: [],
  lastFieldId: 1,
};

function scanOf(rowCount: number): TableScan[] {
  const table = { schema, memtable: { rowCount: 0 }, deletedRows: new Map() } as unknown as TableVersion;
  return [{ table, files: [{ rowCount } as DataFile] }];
}

test.each([
  ['SELECT * FROM t', 10, true],
  ['SELECT * FROM t', 1_000_000, false],
  ['SELECT unnest(range(1000000)) FROM t', 10, false],
  ['SELECT * FROM t LIMIT 100', 1_000_000, true],
  ['SELECT * FROM t LIMIT 100000', 1_000_000, false],
  ['SELECT * FROM t WHERE ID = $1', 1_000_000, true],
  ['SELECT * FROM t WHERE id = 5 AND v > 3', 1_000_000, true],
  ['SELECT * FROM t WHERE id = 5 OR v > 3', 1_000_000, false],
  ['SELECT * FROM t WHERE id >= 5', 1_000_000, false],
  ['SELECT * FROM t JOIN u USING (id)', 10, false],
])('%s over %i rows: small is %s', (query, rowCount, small) => {
  expect(new ResultSizes().isSmall(query, scanOf(rowCount))).toBe(small);
});

test('what a statement gave before says what it gives again, while the table is not much larger', () => {
  const sizes = new ResultSizes();
  const query = 'SELECT a, count(*) FROM t JOIN u USING (id) GROUP BY a';
  sizes.note(query, scanOf(1_000_000), 12);
  expect(sizes.isSmall(query, scanOf(1_500_000))).toBe(true);
  expect(sizes.isSmall(query, scanOf(3_000_000))).toBe(false);
  sizes.note(query, scanOf(1_000_000), 100_000);
  expect(sizes.isSmall(query, scanOf(1_000_000))).toBe(false);
});
