import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AlopexDB } from '../../index.ts';
import { makeFolder, openTiered } from './database.ts';
import { contents, expectError, expectRefused, failure, fingerprint, type ExpectedError } from './refusal.ts';

let base: string;
let folder: string;
let db: AlopexDB;

beforeEach(async () => {
  base = await makeFolder();
  folder = join(base, 'data');
  db = await openTiered(folder);
});

afterEach(async () => {
  expect(await db.execute(`INSERT INTO t VALUES (9999, '2024-05-01', 1, 'after all', 1)`)).toEqual([
    { command: 'INSERT', rowCount: 1 },
  ]);
  await db.close();
  await rm(base, { recursive: true, force: true });
});

const HINT = 'Check the file and the options of COPY; nothing was loaded.';

describe('a CSV file', () => {
  test.each<[line: string, expected: ExpectedError]>([
    ['10250,,1,a,1', { code: '23502', message: 'NOT NULL constraint failed: t.ts', hint: 'nothing' }],
    [
      '10250,2024-05-01,abc,a,1',
      { code: '22P04', message: /Line: 252[^]*column "v"[^]*"abc" to 'DOUBLE'/, hint: HINT },
    ],
    ['10250,2024-13-01,1,a,1', { code: '22P04', message: /Line: 252[^]*column "ts"/, hint: HINT }],
    ['99999999999999999999,2024-05-01,1,a,1', { code: '22P04', message: /Line: 252[^]*column "id"/, hint: HINT }],
    ['10250,2024-05-01,1,a', { code: '22P04', message: 'rows.csv', hint: HINT }],
    ['10250,2024-05-01,1,a,100', { code: '23514', message: 'CHECK constraint failed on table t', hint: 'nothing' }],
    ['10249,2024-05-01,1,a,1', { code: '23505', message: '(id)=(10249) is given twice', hint: 'ON CONFLICT' }],
  ])('with the line %s is refused as a whole, by name', async (line, expected) => {
    const path = join(base, 'rows.csv');
    const lines = Array.from({ length: 500 }, (_, index) => `${10_000 + index},2024-05-01,1,a,1`).with(250, line);
    await writeFile(path, ['id,ts,v,s,n', ...lines, ''].join('\n'));
    await expectRefused(db, folder, `COPY t FROM '${path}' (HEADER)`, expected);
    if (expected.code !== '23505') {
      const error = await failure(db.execute(`COPY t FROM '${path}' (HEADER)`));
      expectError(error, { ...expected, message: path });
    }
  });

  test('that is not there is refused', async () => {
    await expectRefused(db, folder, `COPY t FROM '${base}/nope.csv'`, {
      code: '58P01',
      message: `${base}/nope.csv`,
      hint: HINT,
    });
  });
});

describe('a damaged Parquet file', () => {
  let path: string;
  let good: Uint8Array;
  let rowsBefore: number;

  beforeEach(async () => {
    path = join(base, 'rows.parquet');
    await db.execute(
      `COPY (SELECT 10000 + i AS id, TIMESTAMP '2024-05-01' AS ts, i::DOUBLE AS v, 'abc' || i AS s, 1 AS n FROM range(20000) AS r(i)) TO '${path}' (FORMAT parquet)`,
    );
    good = await readFile(path);
    rowsBefore = await countRows();
  });

  async function countRows(): Promise<number> {
    return Number((await db.query('SELECT count(*) AS n FROM t')).get(0)?.['n']);
  }

  test.each([0, 3, 100, 0.5, 0.999])('cut to %d (bytes, or part of it) is refused, by name', async (keep) => {
    await writeFile(path, good.subarray(0, keep < 1 ? Math.floor(keep * good.length) : keep));
    await expectRefused(db, folder, `COPY t FROM '${path}'`, { code: '22P04', message: path, hint: HINT });
  });

  test('of other columns is refused, by name', async () => {
    await db.execute(`COPY (SELECT 'x' AS a) TO '${path}' (FORMAT parquet)`);
    await expectRefused(db, folder, `COPY t FROM '${path}'`, { code: '22P04', message: path, hint: HINT });
  });

  test('with flipped bytes is refused by name and leaves nothing; what cannot be told from a sound file is loaded whole', async () => {
    let refused = 0;
    const flips = 40;
    for (let flip = 0; flip < flips; flip++) {
      const at = Math.round((flip * (good.length - 1)) / (flips - 1));
      const bad = Uint8Array.from(good);
      bad.fill(0xff, at, at + 8);
      await writeFile(path, bad);
      const rows = await contents(db);
      const files = await fingerprint(folder);
      const outcome = await db.execute(`COPY t FROM '${path}' (FORMAT parquet)`).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (outcome === undefined) {
        // The format has no checksums: a changed number is another number. All rows or none.
        expect(await countRows(), `bytes from ${at}`).toBe(rowsBefore + 20_000);
        await db.execute('DELETE FROM t WHERE id >= 10000 OR id < 0');
        rowsBefore = await countRows();
        continue;
      }
      refused++;
      const error = await failure(Promise.reject(outcome));
      expect(['22P04', '23502', '23505', '22P02'], `bytes from ${at}: ${error.message}`).toContain(error.code);
      if (error.code !== '23505') expect(error.message).toContain(path);
      expect(error.hint).toBeDefined();
      expect(await contents(db)).toEqual(rows);
      expect(await fingerprint(folder)).toEqual(files);
    }
    expect(refused).toBeGreaterThan(flips / 4);
  });
});
