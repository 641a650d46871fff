import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { AlopexSide } from './test-support/alopex-side.ts';
import type { Row } from './test-support/cell.ts';
import { LAYOUTS, type Layout } from './test-support/flights-layouts.ts';
import { FLIGHTS_QUERIES } from './test-support/flights-queries.ts';
import { PlainDuckDb } from './test-support/plain-duckdb.ts';
import { expectSameRows } from './test-support/same-rows.ts';
import { makeTempFolder, removeFolder } from './test-support/temp-folder.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const FLIGHTS = `CREATE TABLE flights (id BIGINT PRIMARY KEY, date TIMESTAMP, delay BIGINT, distance BIGINT, origin VARCHAR, destination VARCHAR)`;
const AIRPORTS = 'CREATE TABLE airports (code VARCHAR PRIMARY KEY, city VARCHAR, region VARCHAR, patience INTEGER)';
/** XXX has no flights, and most airports of the flights are not here. */
const AIRPORT_ROWS = `INSERT INTO airports VALUES ('ORD', 'Chicago', 'middle', 30), ('ATL', 'Atlanta', 'south', 45), ('LAX', 'Los Angeles', 'west', 60), ('SEA', 'Seattle', 'west', 15), ('BOS', 'Boston', 'east', 120), ('DFW', 'Dallas', 'south', 90), ('DEN', 'Denver', 'middle', NULL), ('XXX', NULL, 'nowhere', 75)`;

/** Every tenth of three million flights. */
const SAMPLE_EVERY = 10;

let folder: string;
let fixture: string;

beforeAll(async () => {
  folder = await makeTempFolder();
  fixture = join(folder, 'flights.parquet');
  const entry = createRequire(import.meta.url).resolve('vega-datasets');
  const source = join(dirname(entry), '..', 'data', 'flights-3m.parquet');
  const duckdb = await PlainDuckDb.open();
  await duckdb.run(
    `COPY (SELECT row_number() OVER () AS id, date, delay, distance, origin, destination FROM (SELECT *, row_number() OVER () AS n FROM read_parquet('${source}')) WHERE n % ${SAMPLE_EVERY} = 1) TO '${fixture}' (FORMAT parquet)`,
  );
  duckdb.close();
});

afterAll(() => removeFolder(folder));

/** The plain database with the same rows and the same changes. */
async function openPlain(changes: readonly string[]): Promise<PlainDuckDb> {
  const plain = await PlainDuckDb.open();
  for (const sql of [FLIGHTS, AIRPORTS, `COPY flights FROM '${fixture}'`, AIRPORT_ROWS, ...changes])
    await plain.run(sql);
  return plain;
}

async function openLayout(layout: Layout): Promise<AlopexSide> {
  const alopex = await AlopexSide.open(
    join(folder, layout.name.replaceAll(/\W+/g, '-')),
    layout.limits === undefined ? {} : { limits: layout.limits },
  );
  await alopex.run(`${FLIGHTS} WITH (sort_by = 'date', partition_by = 'month(date)', tier_column = 'date')`);
  await alopex.run(AIRPORTS);
  await alopex.run(`COPY flights FROM '${fixture}'`);
  await alopex.run(AIRPORT_ROWS);
  for (const sql of [...layout.moves, ...layout.changes]) await alopex.run(sql);
  return alopex;
}

/** Answers of the unchanged rows, which six layouts share. */
const unchangedAnswers = new Map<string, readonly Row[]>();

describe.each(LAYOUTS)('flights: $name', (layout) => {
  let alopex: AlopexSide;
  let plain: PlainDuckDb;

  beforeAll(async () => {
    plain = await openPlain(layout.changes);
    alopex = await openLayout(layout);
    const before = await alopex.placement('flights');
    expect(before).toSatisfy(layout.isAsNamed);
    if (!layout.reopens) return;
    await alopex.reopen();
    expect(await alopex.placement('flights')).toEqual(before);
  });

  afterAll(async () => {
    await alopex.close();
    plain.close();
  });

  async function expected(sql: string, parameters: Parameters<PlainDuckDb['rows']>[1]): Promise<readonly Row[]> {
    if (layout.changes.length > 0) return plain.rows(sql, parameters);
    const known = unchangedAnswers.get(sql) ?? (await plain.rows(sql, parameters));
    unchangedAnswers.set(sql, known);
    return known;
  }

  test('is laid out as it is named', async () => {
    const placement = await alopex.placement('flights');
    expect(placement).toSatisfy(layout.isAsNamed);
    const [counted] = await plain.rows('SELECT count(*) FROM flights');
    expect(BigInt(placement.rows)).toBe(counted?.[0]);
  });

  test.each(FLIGHTS_QUERIES)('$name', async ({ sql, parameters, order, prunes }) => {
    const answer = await expected(sql, parameters);
    expect(answer.length).toBeGreaterThan(0);
    const { rows, scans } = await alopex.answer(sql, parameters);
    expectSameRows(rows, answer, order);
    const placement = await alopex.placement('flights');
    for (const scan of scans) {
      if (scan.table !== 'flights') continue;
      expect(scan.memory.rows).toBe(placement.memoryRows);
      expect(scan.hot.filesRead + scan.hot.filesPruned).toBe(placement.hotFiles);
      expect(scan.cold.filesRead + scan.cold.filesPruned).toBe(placement.coldFiles);
      expect(scan.hot.rows).toBeLessThanOrEqual(placement.hotRows);
      expect(scan.cold.rows).toBeLessThanOrEqual(placement.coldRows);
      if (prunes === true && layout.hasColdMonths) {
        expect(scan.cold.filesPruned).toBeGreaterThan(0);
        expect(scan.cold.rows).toBeLessThan(placement.coldRows);
      } else if (!/\b(WHERE|JOIN|ON|FILTER|HAVING|QUALIFY)\b/.test(sql)) {
        expect(scan).toMatchObject({ hot: { rows: placement.hotRows }, cold: { rows: placement.coldRows } });
      }
    }
  });

  test('EXPLAIN says which files are read and pruned', async () => {
    const sql = "SELECT count(*) FROM flights WHERE date >= TIMESTAMP '2001-02-10' AND date < TIMESTAMP '2001-02-11'";
    const { rows, scans } = await alopex.answer(`EXPLAIN ${sql}`);
    const [scan] = scans;
    const text = rows.map((row) => String(row[1])).join('\n');
    expect(text).toContain('Table flights');
    for (const tier of [scan?.hot, scan?.cold]) {
      expect(text).toContain(`${tier?.rows} rows in ${tier?.filesRead} files (${tier?.filesPruned} pruned)`);
    }
    expect(scan?.cold.filesPruned ?? 0).toSatisfy((pruned: number) => pruned > 0 === layout.hasColdMonths);
  });
});

test('there are at least 40 queries, in seven layouts', () => {
  expect(new Set(FLIGHTS_QUERIES.map((query) => query.sql)).size).toBeGreaterThanOrEqual(40);
  expect(LAYOUTS).toHaveLength(7);
});
