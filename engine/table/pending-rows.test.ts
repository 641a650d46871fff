import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestKernel, type TestKernel } from '../kernel/test-support/open-kernel.ts';
import type { Kernel, KernelConnection } from '../ports/kernel.ts';
import { createMemtable, createStoreDatabase } from './kernel-tables.ts';
import type { ReadableTable } from './readable.ts';
import { RowLoader } from './row-loader.ts';
import { scanSql } from './scan.ts';
import type { Memtable } from './version.ts';

let opened: TestKernel;
let memtable: Memtable;
/** Appends that have begun; each waits to be let through. */
let gates: ((error?: Error) => void)[];

const schema = {
  schemaId: 0,
  columns: [{ id: 1, name: 'a', type: { kind: 'primitive', name: 'INTEGER' }, required: false }],
  primaryKey: [],
  checks: [],
  lastFieldId: 1,
} as const;

beforeEach(async () => {
  opened = await openTestKernel();
  gates = [];
  const { kernel } = opened;
  const gated: Kernel = {
    close: () => undefined,
    connect: async () => {
      const connection = await kernel.connect();
      const append: KernelConnection['append'] = async (...request) => {
        await new Promise<void>((resolve, reject) =>
          gates.push((error) => (error === undefined ? resolve() : reject(error))),
        );
        return connection.append(...request);
      };
      return {
        append,
        run: (...request) => connection.run(...request),
        rows: (...request) => connection.rows(...request),
        stream: (...request) => connection.stream(...request),
        interrupt: () => connection.interrupt(),
        close: () => connection.close(),
      };
    },
  };
  await createStoreDatabase(opened.connection);
  memtable = await createMemtable(opened.connection, new RowLoader(gated), { tableId: 1, generation: 0, schema });
});

afterEach(() => opened.close());

function add(seq: number, ...values: number[]): void {
  memtable.pending.add({ seq, firstRid: seq * 10, rows: values.map((value) => [value]), sizeBytes: 100 });
}

async function append(error?: Error): Promise<void> {
  while (gates.length === 0) await new Promise((resolve) => setImmediate(resolve));
  gates.shift()?.(error);
}

async function stored(): Promise<unknown[]> {
  const rows = await opened.connection.rows(
    `SELECT __seq::INTEGER AS s, __rid::INTEGER AS r, a FROM ${memtable.table}`,
  );
  return rows.map(({ s, r, a }) => [s, r, a]);
}

test('rows are loaded once, however many ask for them, and in the order of their commits', async () => {
  const { pending } = memtable;
  add(1, 10, 11);
  add(2, 20);
  const loads = [1, 2, 3].map(async () => pending.load());
  expect([pending.rowCount, pending.sizeBytes, pending.isLoaded(0), pending.isLoaded(1)]).toEqual([
    3,
    200,
    true,
    false,
  ]);
  await append();
  await Promise.all(loads);
  expect([pending.rowCount, pending.isLoaded(2), pending.load()]).toEqual([0, true, undefined]);
  expect(await stored()).toEqual([
    [1, 10, 10],
    [1, 11, 11],
    [2, 20, 20],
  ]);
  expect(gates).toEqual([]);
});

test('who asks while a load is under way waits for what came since, too', async () => {
  const { pending } = memtable;
  add(1, 10);
  const first = pending.load();
  while (gates.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const alike = pending.load();
  add(2, 20);
  const second = pending.load();
  expect(pending.isLoaded(1)).toBe(false);
  await append();
  await Promise.all([first, alike]);
  expect([pending.isLoaded(1), pending.isLoaded(2)]).toEqual([true, false]);
  await append();
  await second;
  expect(await stored()).toEqual([
    [1, 10, 10],
    [2, 20, 20],
  ]);
});

test('after a failure they are pending as before', async () => {
  const { pending } = memtable;
  add(1, 10);
  const failing = pending.load();
  while (gates.length === 0) await new Promise((resolve) => setImmediate(resolve));
  add(2, 20);
  const next = pending.load();
  await append(new Error('no memory'));
  await expect(failing).rejects.toThrow('no memory');
  expect(pending.isLoaded(1)).toBe(false);
  await append();
  await next;
  expect(await stored()).toEqual([
    [1, 10, 10],
    [2, 20, 20],
  ]);
});

test('a scan of rows that were not made readable is refused', () => {
  const version = {
    tableId: 1,
    name: 't',
    schema,
    schemas: [schema],
    options: { sortBy: [], partitionBy: [] },
    memtable: { ...memtable, rowCount: 2 },
    files: [],
    deletesTable: 'none',
    deletedRows: new Map<number, number>(),
    cold: undefined,
  };
  add(5, 50);
  const at = (seq: number): ReadableTable => ({ ...version, seq }) as unknown as ReadableTable;
  expect(() => scanSql(at(5))).toThrow(/not made readable/);
  // Readers of earlier versions need not wait.
  expect(scanSql(at(4))).toContain('__seq');
});
