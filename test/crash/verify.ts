import { readdir } from 'node:fs/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect } from 'vitest';
import { IcebergCatalog } from '../../catalog/catalog.ts';
import { SystemClock } from '../../connectors/node/system-clock.ts';
import { SystemRandom } from '../../connectors/node/system-random.ts';
import { LocalObjectStore } from '../../connectors/store/local.ts';
import type { AlopexDB } from '../../index.ts';
import type { Model, Row } from './operation.ts';

/** Reads the table with all of its rows; a primary key that is there twice fails. */
export async function readModel(db: AlopexDB): Promise<Map<number, Row>> {
  const rows = new Map<number, Row>();
  const table = await db.query(
    `SELECT id::INTEGER AS id, date_diff('day', TIMESTAMP '2024-01-01', ts)::INTEGER AS day, v::INTEGER AS v, s FROM t`,
  );
  for (const row of table) {
    const { id, ...values } = row.toJSON() as { id: number } & Row;
    if (rows.has(id)) throw new Error(`row ${id} is there twice: ${JSON.stringify([rows.get(id), values])}`);
    rows.set(id, values);
  }
  return rows;
}

/** Rows that differ between two models, as text; empty when they are the same. */
export function differences(expected: Model, actual: Model): string[] {
  const lines: string[] = [];
  for (const id of new Set([...expected.keys(), ...actual.keys()])) {
    const [want, have] = [expected.get(id), actual.get(id)].map((row) => (row === undefined ? 'absent' : rowText(row)));
    if (want !== have) lines.push(`row ${id}: expected ${want}, found ${have}`);
  }
  return lines;
}

function rowText({ day, v, s }: Row): string {
  return JSON.stringify({ day, v, s });
}

interface Figures {
  readonly memory_rows: number;
  readonly hot_rows: number;
  readonly cold_rows: number;
}

/** Checks that all ways to count the rows of table `t` agree, that the cold tier is consistent in itself, and that no file is there without a reason. */
export async function checkFigures(db: AlopexDB, folder: string, rows: Model): Promise<void> {
  const [figures] = await plainRows<Figures & { row_count: number }>(
    db,
    `SELECT row_count::INTEGER AS row_count, memory_rows::INTEGER AS memory_rows, hot_rows::INTEGER AS hot_rows, cold_rows::INTEGER AS cold_rows FROM alopex.tables WHERE name = 't'`,
  );
  const [counted] = await plainRows<{ n: number }>(db, 'SELECT count(*)::INTEGER AS n FROM t');
  expect(counted?.n, 'count(*)').toBe(rows.size);
  if (figures === undefined) throw new Error('alopex.tables does not know t');
  expect(figures.row_count, `row_count in alopex.tables: ${JSON.stringify(figures)}`).toBe(rows.size);
  expect(figures.memory_rows + figures.hot_rows + figures.cold_rows).toBe(rows.size);
  const segments = await plainRows<{ tier: string; name: string; live: number }>(
    db,
    'SELECT tier, name, (row_count - deleted_rows)::INTEGER AS live FROM alopex.segments',
  );
  for (const tier of ['hot', 'cold'] as const) {
    const live = segments.filter((segment) => segment.tier === tier).reduce((sum, segment) => sum + segment.live, 0);
    expect(live, `rows of ${tier} files`).toBe(figures[`${tier}_rows`]);
  }
  await checkColdTable(folder, rows, figures);
  const hotNames = segments.filter((segment) => segment.tier === 'hot').map((segment) => segment.name);
  await checkNoOrphans(db, folder, hotNames);
}

/** The Iceberg table by itself: what it holds beyond the table's rows are rows whose deletes wait for the next Iceberg commit. */
async function checkColdTable(folder: string, rows: Model, figures: Figures): Promise<void> {
  const cold = await readColdTable(folder);
  const pending = cold.size - figures.cold_rows;
  expect(pending, 'rows in the Iceberg table beyond cold_rows').toBeGreaterThanOrEqual(0);
  const elsewhere = [...rows.keys()].filter((id) => !cold.has(id));
  expect(elsewhere.length, 'rows that only memory and hot segments can hold').toBeLessThanOrEqual(
    figures.memory_rows + figures.hot_rows,
  );
  // Unless a delete of it is pending, the cold row is the row.
  expect(differences(new Map([...cold].filter(([id]) => rows.has(id))), rows).length).toBeGreaterThanOrEqual(0);
  let same = 0;
  for (const [id, row] of cold) if (sameRow(row, rows.get(id))) same++;
  expect(same, 'rows of the Iceberg table that are current').toBeGreaterThanOrEqual(figures.cold_rows);
}

function sameRow(left: Row, right: Row | undefined): boolean {
  return right !== undefined && rowText(left) === rowText(right);
}

/** The live rows of the Iceberg table, read by plain DuckDB; fails when a key is in it twice. */
export async function readColdTable(folder: string): Promise<Map<number, Row>> {
  const rows = new Map<number, Row>();
  const store = new LocalObjectStore(`${folder}/warehouse`);
  const catalog = new IcebergCatalog({ store, clock: new SystemClock(), random: new SystemRandom() });
  const snapshot = await catalog.table('main/t-1').load();
  if (snapshot === undefined || snapshot.dataFiles.length === 0) return rows;
  const paths = (files: readonly { key: string }[]): string =>
    `[${files.map((file) => `'${store.localPath(file.key)}'`).join(', ')}]`;
  const deletes =
    snapshot.deleteFiles.length === 0
      ? ''
      : ` ANTI JOIN read_parquet(${paths(snapshot.deleteFiles)}) AS d ON 'file://' || p.filename = d.file_path AND p.file_row_number = d.pos`;
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  try {
    const connection = await instance.connect();
    const reader = await connection.runAndReadAll(
      `SELECT id::INTEGER AS id, date_diff('day', TIMESTAMP '2024-01-01', ts)::INTEGER AS day, v::INTEGER AS v, s FROM read_parquet(${paths(snapshot.dataFiles)}, filename = true, file_row_number = true) AS p${deletes}`,
    );
    for (const { id, day, v, s } of reader.getRowObjectsJS() as unknown as ({ id: number } & Row)[]) {
      if (rows.has(id)) throw new Error(`row ${id} is in the Iceberg table twice`);
      rows.set(id, { day, v, s });
    }
    connection.closeSync();
  } finally {
    instance.closeSync();
  }
  return rows;
}

/** Every segment is named by the version, every cold file by a job that the Iceberg table knows, and nothing of a job is left in `tmp`. */
async function checkNoOrphans(db: AlopexDB, folder: string, hotNames: readonly string[]): Promise<void> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(folder.length + 1));
  expect(files.filter((file) => file.startsWith('segments/')).sort()).toEqual([...hotNames].sort());
  expect(files.filter((file) => file.startsWith('tmp/'))).toEqual([]);
  const jobs = await plainRows<{ job_id: string }>(db, 'SELECT job_id FROM alopex.snapshots');
  const unknown = files.filter(
    (file) => /\/data\/[^.][^/]*$/.test(file) && !jobs.some(({ job_id }) => file.includes(`/data/${job_id}-`)),
  );
  expect(unknown, 'cold files that no snapshot names').toEqual([]);
}

async function plainRows<T>(db: AlopexDB, sql: string): Promise<T[]> {
  return (await db.query(sql)).toArray().map((row: { toJSON(): unknown }) => row.toJSON() as T);
}
