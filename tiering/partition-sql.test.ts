import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PartitionField } from '../engine/ports/cold-table.ts';
import { fieldIdsFrom } from '../engine/table/data-type.ts';
import { parseDataType } from '../engine/table/type-parser.ts';
import type { TableSchema } from '../engine/table/schema.ts';
import { partitionExpression, partitionGroup, partitionGroupsSql } from './partition-sql.ts';

let instance: DuckDBInstance;
beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
});
afterAll(() => instance.closeSync());

async function rowsOf(sql: string): Promise<Record<string, unknown>[]> {
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  const rows = (await connection.runAndReadAll(sql)).getRowObjectsJson();
  connection.closeSync();
  return rows;
}

function fieldOf(type: string, transform: PartitionField['transform']): { field: PartitionField; schema: TableSchema } {
  const column = { id: 1, name: 'c', type: parseDataType(type, 'c', fieldIdsFrom(1)), required: false };
  const schema = { schemaId: 0, columns: [column], primaryKey: [], checks: [], lastFieldId: 1 };
  return { field: { sourceId: 1, transform, name: 'p' }, schema };
}

// Expected values are worked out by hand from the Iceberg specification: counts since 1970, rounded down.
test.each([
  ['DATE', 'year', "DATE '1969-12-31'", '-1'],
  ['DATE', 'month', "DATE '1969-12-31'", '-1'],
  ['DATE', 'month', "DATE '1970-02-01'", '1'],
  ['DATE', 'day', "DATE '1969-12-31'", '-1'],
  ['TIMESTAMP', 'day', "TIMESTAMP '1969-12-31 23:59:59.999999'", '-1'],
  ['TIMESTAMP', 'day', "TIMESTAMP '2001-03-04 23:59:59'", '11385'],
  ['TIMESTAMP', 'hour', "TIMESTAMP '1969-12-31 23:59:59.999999'", '-1'],
  ['TIMESTAMP', 'hour', "TIMESTAMP '1970-01-02 01:00:00'", '25'],
  ['TIMESTAMP WITH TIME ZONE', 'hour', "TIMESTAMPTZ '1970-01-01 00:30:00+01'", '-1'],
  ['INTEGER', 'truncate[10]', '-1', '-10'],
  ['INTEGER', 'truncate[10]', '19', '10'],
  ['BIGINT', 'truncate[10]', '-10', '-10'],
  ['VARCHAR', 'truncate[3]', "'iceberg'", 'ice'],
  ['VARCHAR', 'truncate[2]', "'😀é!'", '😀é'],
  ['VARCHAR', 'identity', "'x'", 'x'],
  ['DATE', 'identity', "DATE 'infinity'", '2147483647'],
  ['DATE', 'identity', "DATE '-infinity'", '-2147483647'],
  ['TIMESTAMP', 'identity', "TIMESTAMP 'infinity'", '9223372036854775807'],
  ['TIMESTAMP WITH TIME ZONE', 'identity', "TIMESTAMPTZ '-infinity'", '-9223372036854775807'],
] as const)('%s %s of %s is %s', async (type, transform, value, expected) => {
  const { field, schema } = fieldOf(type, transform);
  const expression = partitionExpression(field, schema);
  const [row] = await rowsOf(partitionGroupsSql([expression], `(SELECT CAST(${value} AS ${type}) AS c)`));
  expect(String(partitionGroup([expression], row ?? {}).values[0])).toBe(expected);
});

test('every row falls into exactly one group, nulls and values before 1970 too', async () => {
  const { field, schema } = fieldOf('TIMESTAMP', 'month');
  const expression = partitionExpression(field, schema);
  const source =
    "(SELECT CASE WHEN i % 17 = 0 THEN NULL ELSE TIMESTAMP '1969-06-15 12:34:56.789' + INTERVAL (i * 31) HOUR END AS c FROM range(1000) r(i))";
  const groups = (await rowsOf(partitionGroupsSql([expression], source))).map((row) =>
    partitionGroup([expression], row),
  );
  let total = 0;
  for (const group of groups) {
    const [row] = await rowsOf(`SELECT count(*) AS n FROM ${source} WHERE ${group.condition}`);
    expect(Number(row?.['n'])).toBeGreaterThan(0);
    total += Number(row?.['n']);
  }
  expect(total).toBe(1000);
  expect(groups.filter((group) => group.values[0] === null)).toHaveLength(1);
});
