import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { AlopexSide } from './alopex-side.ts';
import type { Row } from './cell.ts';
import { PlainDuckDb } from './plain-duckdb.ts';
import { expectSameRows } from './same-rows.ts';
import { makeTempFolder, removeFolder } from './temp-folder.ts';
import type { TypeSample } from './type-samples.ts';

interface Sampled extends TypeSample {
  readonly name: string;
}

const ROWS_IN_A_FILE = 2;

/** Conditions on a column, with its own values as constants: files are kept or left out by them. */
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

/** Columns of these types, through all tiers and states of a table. */
export function testTypes(samples: readonly TypeSample[]): void {
  vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

  const COLUMNS: readonly Sampled[] = samples.map((sample, index) => ({ ...sample, name: `c${index}` }));

  /** One row more than the longest sample has values, so that every column has a NULL. */
  const ROW_COUNT = Math.max(...COLUMNS.map((column) => column.values.length)) + 1;

  const CREATE = `CREATE TABLE t (id INTEGER PRIMARY KEY, ${COLUMNS.map((column) => `${column.name} ${column.type}`).join(', ')})`;

  function insertSql(id: number): string {
    return `INSERT INTO t VALUES (${[id, ...COLUMNS.map((column) => column.values[id] ?? 'NULL')].join(', ')})`;
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

  /** What plain DuckDB says: the rows are the same in every state, so that it is asked once. */
  const expected = new Map<string, Promise<Row[]>>();

  function plainRows(sql: string): Promise<Row[]> {
    let rows = expected.get(sql);
    if (rows === undefined) {
      rows = plain.rows(sql);
      expected.set(sql, rows);
    }
    return rows;
  }

  /** A query of some expressions of each of some columns, told apart by column. */
  async function byColumn(
    columns: readonly Sampled[],
    expressions: (name: string) => readonly string[],
  ): Promise<{ type: string; actual: Row[]; expected: Row[] }[]> {
    const sql = `SELECT ${columns.flatMap(({ name }) => expressions(name)).join(', ')} FROM t ORDER BY id`;
    const [actual, wanted] = [await alopex.rows(sql), await plainRows(sql)];
    const width = expressions('x').length;
    const part = (rows: readonly Row[], index: number): Row[] =>
      rows.map((row) => row.slice(index * width, (index + 1) * width));
    return columns.map(({ type }, index) => ({ type, actual: part(actual, index), expected: part(wanted, index) }));
  }

  async function expectSameValues(): Promise<void> {
    const texts = await byColumn(COLUMNS, (name) => [`CAST(${name} AS VARCHAR)`, `typeof(${name})`, `${name} IS NULL`]);
    for (const { type, actual, expected: rows } of texts) expect({ type, rows: actual }).toEqual({ type, rows });
    // The values themselves, as Arrow brings them.
    const alike = COLUMNS.filter(({ type, asText }) => asText !== true && !type.includes('UUID'));
    for (const { actual, expected: rows } of await byColumn(alike, (name) => [name])) {
      expectSameRows(actual, rows, 'total');
    }
  }

  /** Every second condition of each column, from the first or from the second on. */
  async function expectSameFilters(first: 0 | 1): Promise<void> {
    const different: string[] = [];
    for (const column of COLUMNS) {
      for (const condition of filters(column).filter((_, index) => index % 2 === first)) {
        const sql = `SELECT id FROM t WHERE ${condition} ORDER BY id`;
        const [actual, wanted] = [await alopex.rows(sql), await plainRows(sql)];
        if (String(actual) !== String(wanted))
          different.push(`${column.type}: ${condition}: ${String(actual)} instead of ${String(wanted)}`);
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
    });

    test('in cold files, also after a reopen', async () => {
      await alopex.run('ALTER TABLE t TIER PARTITION WHERE true TO COLD');
      const coldFiles = Math.ceil(ROW_COUNT / ROWS_IN_A_FILE);
      expect(await alopex.placement('t')).toMatchObject({ coldRows: ROW_COUNT, hotFiles: 0, coldFiles });
      await expectSameValues();
      await alopex.reopen();
      expect(await alopex.placement('t')).toMatchObject({ coldRows: ROW_COUNT, hotFiles: 0, coldFiles });
      await expectSameValues();
      await expectSameFilters(0);
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
      await expectSameFilters(1);
    });
  });
}
