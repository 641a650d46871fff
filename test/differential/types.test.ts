import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { AlopexSide } from './test-support/alopex-side.ts';
import { PlainDuckDb } from './test-support/plain-duckdb.ts';
import { expectSameRows } from './test-support/same-rows.ts';
import { makeTempFolder, removeFolder } from './test-support/temp-folder.ts';
import { REFUSED_TYPES, TYPE_SAMPLES, type TypeSample } from './test-support/type-samples.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

interface Sampled extends TypeSample {
  readonly name: string;
}

const COLUMNS: readonly Sampled[] = TYPE_SAMPLES.map((sample, index) => ({ ...sample, name: `c${index}` }));

/** One row more than the longest sample has values, so that every column has a NULL. */
const ROW_COUNT = Math.max(...COLUMNS.map((column) => column.values.length)) + 1;
const ROWS_IN_A_FILE = 2;

const CREATE = `CREATE TABLE t (id INTEGER PRIMARY KEY, ${COLUMNS.map((column) => `${column.name} ${column.type}`).join(', ')})`;

function insertSql(id: number): string {
  return `INSERT INTO t VALUES (${[id, ...COLUMNS.map((column) => column.values[id] ?? 'NULL')].join(', ')})`;
}

/** Conditions on a column, with its own values as constants. */
function filters(column: Sampled): string[] {
  const { name, values, compared } = column;
  const nulls = [`${name} IS NULL`, `${name} IS NOT NULL`];
  if (compared === 'none') return nulls;
  if (compared === 'equality') return [...nulls, ...values.map((value) => `${name} = ${value}`)];
  const [first = 'NULL', second = first] = values;
  const last = values.at(-1) ?? first;
  return [
    ...nulls,
    ...values.flatMap((value) => ['=', '<', '>'].map((operator) => `${name} ${operator} ${value}`)),
    ...[first, last].flatMap((value) => ['<=', '>=', '<>'].map((operator) => `${name} ${operator} ${value}`)),
    `${name} IN (${first}, ${last})`,
    `${name} NOT IN (${first}, ${second})`,
    `${name} BETWEEN ${second} AND ${first}`,
    `${name} BETWEEN ${first} AND ${last}`,
    `${name} IS NOT DISTINCT FROM ${first}`,
    `NOT (${name} > ${first})`,
  ];
}

let folder: string;
let alopex: AlopexSide;
let plain: PlainDuckDb;

beforeAll(async () => {
  folder = await makeTempFolder();
  plain = await PlainDuckDb.open();
  alopex = await AlopexSide.open(folder);
  await plain.run(CREATE);
  await alopex.run(`${CREATE} WITH (sort_by = 'id', partition_by = 'truncate(${ROWS_IN_A_FILE}, id)')`);
});

afterAll(async () => {
  await alopex.close();
  plain.close();
  await removeFolder(folder);
});

async function expectSameValues(): Promise<void> {
  for (const { name, type } of COLUMNS) {
    const sql = `SELECT id, CAST(${name} AS VARCHAR), typeof(${name}), ${name} IS NULL FROM t ORDER BY id`;
    const [actual, expected] = [await alopex.rows(sql), await plain.rows(sql)];
    expect({ type, rows: actual }).toEqual({ type, rows: expected });
    // The value itself, as Arrow brings it.
    const value = `SELECT ${name} FROM t ORDER BY id`;
    if (!type.includes('UUID')) expectSameRows(await alopex.rows(value), await plain.rows(value), 'total');
  }
}

async function expectSameFilters(): Promise<void> {
  const different: string[] = [];
  for (const column of COLUMNS) {
    for (const condition of filters(column)) {
      const sql = `SELECT id FROM t WHERE ${condition} ORDER BY id`;
      const [actual, expected] = [await alopex.rows(sql), await plain.rows(sql)];
      if (String(actual) !== String(expected))
        different.push(`${column.type}: ${condition}: ${String(actual)} instead of ${String(expected)}`);
    }
  }
  expect(different).toEqual([]);
}

/** One after the other: each state comes out of the one before. */
describe('values of every type', () => {
  test('in memory', async () => {
    for (let id = 0; id < ROW_COUNT; id++) {
      await plain.run(insertSql(id));
      await alopex.run(insertSql(id));
    }
    expect(await alopex.placement('t')).toMatchObject({ memoryRows: ROW_COUNT, hotFiles: 0, coldFiles: 0 });
    await expectSameValues();
    await expectSameFilters();
  });

  test('replayed from the log', async () => {
    await alopex.reopen();
    expect(await alopex.placement('t')).toMatchObject({ memoryRows: ROW_COUNT, hotFiles: 0, coldFiles: 0 });
    await expectSameValues();
  });

  test('in one hot segment', async () => {
    await alopex.run('CHECKPOINT');
    expect(await alopex.placement('t')).toMatchObject({ memoryRows: 0, hotFiles: 1, coldFiles: 0 });
    await expectSameValues();
    await expectSameFilters();
  });

  test('in cold files, also after a reopen', async () => {
    await alopex.run('ALTER TABLE t TIER PARTITION WHERE true TO COLD');
    const coldFiles = Math.ceil(ROW_COUNT / ROWS_IN_A_FILE);
    expect(await alopex.placement('t')).toMatchObject({ coldRows: ROW_COUNT, hotFiles: 0, coldFiles });
    await expectSameValues();
    await alopex.reopen();
    expect(await alopex.placement('t')).toMatchObject({ coldRows: ROW_COUNT, hotFiles: 0, coldFiles });
    await expectSameValues();
    await expectSameFilters();
  });

  test('with cold rows changed in every column', async () => {
    // Through the log and back: each value is read from cold, written to memory.
    await alopex.run('UPDATE t SET id = id WHERE id < 3');
    expect(await alopex.placement('t')).toMatchObject({ memoryRows: 3, coldRows: ROW_COUNT - 3 });
    await expectSameValues();
    await alopex.reopen();
    await expectSameValues();
  });

  test('in several hot segments, also after a reopen', async () => {
    for (let id = 0; id < ROW_COUNT; id += ROWS_IN_A_FILE) {
      await alopex.run(`ALTER TABLE t TIER PARTITION WHERE id >= ${id} AND id < ${id + ROWS_IN_A_FILE} TO HOT`);
    }
    const { hotFiles, ...placement } = await alopex.placement('t');
    expect(placement).toMatchObject({ memoryRows: 0, hotRows: ROW_COUNT, coldRows: 0 });
    expect(hotFiles).toBeGreaterThanOrEqual(ROW_COUNT / ROWS_IN_A_FILE - 1);
    await expectSameValues();
    await alopex.reopen();
    await expectSameValues();
    await expectSameFilters();
  });
});

describe('types that an Iceberg table cannot hold', () => {
  test.each(REFUSED_TYPES)('%s is refused, and the column is named', async (type) => {
    const refusal = { code: '0A000', message: expect.stringContaining('"odd_one"') as string };
    await expect(alopex.run(`CREATE TABLE refused (id INTEGER PRIMARY KEY, odd_one ${type})`)).rejects.toMatchObject(
      refusal,
    );
    await expect(alopex.run(`ALTER TABLE t ADD COLUMN odd_one ${type}`)).rejects.toMatchObject(refusal);
    expect(await alopex.rows('SELECT name FROM alopex.tables ORDER BY name')).toEqual([['t']]);
  });
});
