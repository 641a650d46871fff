import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestKernel, type TestKernel } from '../kernel/test-support/open-kernel.ts';
import type { Gate, KernelConnection } from '../ports/kernel.ts';
import { createDeletesTable, createMemtable, createStoreDatabase } from './kernel-tables.ts';
import type { ReadableTable } from './readable.ts';
import { RowLoader } from './row-loader.ts';
import { scanSql } from './scan.ts';
import type { TableVersion } from './version.ts';

let opened: TestKernel;
let writer: KernelConnection;
let version: TableVersion;

beforeEach(async () => {
  opened = await openTestKernel();
  writer = await opened.kernel.connect();
  await createStoreDatabase(writer);
  const column = { id: 1, name: 'a', type: { kind: 'primitive', name: 'INTEGER' }, required: false } as const;
  const schema = { schemaId: 0, columns: [column], primaryKey: [], checks: [], lastFieldId: 1 };
  const loader = new RowLoader(opened.kernel);
  const memtable = await createMemtable(writer, loader, { tableId: 1, generation: 0, schema });
  const deletesTable = await createDeletesTable(writer, 1);
  version = {
    tableId: 1,
    schemaName: 'main',
    name: 't',
    schema,
    schemas: [schema],
    options: { sortBy: [], partitionBy: [] },
    seq: 3,
    contentSeq: 3,
    memtable: { ...memtable, rowCount: 3, nextRid: 3, sizeBytes: 1 },
    files: [],
    deletesTable,
    deletedRows: new Map([[0, 1]]),
    cold: undefined,
  };
  await writer.run(`INSERT INTO ${memtable.table} VALUES (1, 0, 10), (2, 1, 20), (3, 2, 30)`);
  await writer.run(`INSERT INTO ${deletesTable} VALUES (0, 0, 2)`);
});

afterEach(() => opened.close());

test('a scan sees nothing that is committed after its plan was made', async () => {
  // Between the plan and its execution there is the wait for the gate.
  let commits = 1;
  const gate: Gate = {
    async run(step) {
      if (commits-- > 0) {
        await writer.run(`INSERT INTO ${version.memtable.table} VALUES (4, 3, 40)`);
        await writer.run(`INSERT INTO ${version.deletesTable} VALUES (0, 1, 4)`);
      }
      return step();
    },
  };
  const sql = `SELECT a FROM (${scanSql(version as ReadableTable)}) ORDER BY a`;
  const values: unknown[] = [];
  for await (const batch of await opened.connection.stream(sql, undefined, gate)) {
    values.push(...(batch.getChildAt(0)?.toArray() as Int32Array));
  }
  expect(values).toEqual([20, 30]);
});
