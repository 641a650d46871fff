import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Clock } from '../ports/clock.ts';
import { rawColumn } from './test-support/arrow-values.ts';
import { all, batchesOf, openTestKernel } from './test-support/open-kernel.ts';
import type { TestKernel } from './test-support/open-kernel.ts';

let kernel: TestKernel;
beforeAll(async () => {
  kernel = await openTestKernel();
});
afterAll(() => kernel.close());

/** A statement that takes minutes. */
const LONG = 'SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE (a.range * b.range) % 7 = 3';

describe('run and rows', () => {
  test('run counts changed rows', async () => {
    const { connection } = kernel;
    expect(await connection.run('CREATE TABLE counted (i INTEGER)')).toBe(0);
    expect(await connection.run('INSERT INTO counted SELECT * FROM range(5)')).toBe(5);
    expect(await connection.run('UPDATE counted SET i = i + 1 WHERE i > $1', [2])).toBe(2);
    expect(await connection.run('DELETE FROM counted')).toBe(5);
    expect(await connection.run('SELECT 1')).toBe(0);
  });

  test('rows are plain values, others as text', async () => {
    expect(
      await kernel.connection.rows(
        `SELECT 1 AS i, 2::BIGINT AS b, 3::HUGEINT AS h, 1.5::DOUBLE AS d, 'x' AS s, true AS t, NULL AS n, 1.50::DECIMAL(5,2) AS dec,
           DATE '2024-01-02' AS day, TIMESTAMP '2024-01-02 03:04:05.6' AS ts, [1, 2] AS l, 7 AS i`,
      ),
    ).toEqual([
      {
        i: 1,
        b: 2n,
        h: 3n,
        d: 1.5,
        s: 'x',
        t: true,
        n: null,
        dec: '1.50',
        day: '2024-01-02',
        ts: '2024-01-02 03:04:05.6',
        l: '[1, 2]',
        'i:1': 7,
      },
    ]);
    expect(await kernel.connection.rows('SELECT 1 WHERE false')).toEqual([]);
  });

  test('connections share tables but not transactions', async () => {
    const other = await kernel.kernel.connect();
    await kernel.connection.run('CREATE TABLE shared (i INTEGER)');
    await kernel.connection.run('BEGIN');
    await kernel.connection.run('INSERT INTO shared VALUES (1)');
    expect(await other.rows('SELECT count(*)::INTEGER AS n FROM shared')).toEqual([{ n: 0 }]);
    await kernel.connection.run('COMMIT');
    expect(await other.rows('SELECT count(*)::INTEGER AS n FROM shared')).toEqual([{ n: 1 }]);
    other.close();
  });

  test('settings: UTC in every connection, no extensions from elsewhere, temporary files in their folder', async () => {
    const other = await kernel.kernel.connect();
    expect(
      await other.rows(
        `SELECT current_setting('TimeZone') AS zone, current_setting('autoinstall_known_extensions') AS install,
           current_setting('autoload_known_extensions') AS load, current_setting('threads')::INTEGER AS threads, current_setting('temp_directory') AS temp`,
      ),
    ).toEqual([{ zone: 'UTC', install: false, load: false, threads: 2, temp: `${kernel.folder}/temp` }]);
    other.close();
  });

  test('a file that is replaced by one of the same size is read anew', async () => {
    const path = join(kernel.folder, 'same.parquet');
    const contents: Buffer[] = [];
    for (const value of [1, 2]) {
      const source = join(kernel.folder, `source-${value}.parquet`);
      await kernel.connection.run(`COPY (SELECT ${value} AS v FROM range(40)) TO '${source}'`);
      contents.push(await readFile(source));
    }
    expect(contents[0]!.length).toBe(contents[1]!.length);
    for (let round = 0; round < 10; round++) {
      await writeFile(path, contents[round % 2]!);
      expect(await kernel.connection.rows(`SELECT max(v) AS v FROM read_parquet('${path}')`)).toEqual([
        { v: 1 + (round % 2) },
      ]);
    }
  });

  test('a memory limit holds', async () => {
    const small = await openTestKernel({ memoryLimit: '20MB' });
    await small.connection.run(`SET max_temp_directory_size = '0KB'`);
    await expect(small.connection.rows('SELECT list(i) FROM range(20000000) t(i)')).rejects.toMatchObject({
      code: expect.stringMatching(/^53[12]00$/) as string,
    });
    await small.close();
  });
});

describe('stream', () => {
  test('batches are large, and the rows are all there, in order', async () => {
    const batches = await batchesOf(
      kernel.connection,
      `SELECT i, 's' || i AS s FROM range(100000) t(i) WHERE i % 3 <> 1 ORDER BY i`,
    );
    expect(batches.slice(0, -1).every((batch) => batch.numRows >= 16_384 && batch.numRows < 16_384 + 2048)).toBe(true);
    const numbers = rawColumn(batches, 0) as bigint[];
    expect(numbers).toHaveLength(66_667);
    expect(numbers.every((number, row) => number === BigInt(Math.floor(row / 2) * 3 + (row % 2) * 2))).toBe(true);
    expect(rawColumn(batches, 1).every((text, row) => text === `s${numbers[row]}`)).toBe(true);
  });

  test('wide rows make smaller batches', async () => {
    const batches = await batchesOf(kernel.connection, `SELECT repeat('x', 20000) AS s FROM range(8192)`);
    expect(batches.length).toBeGreaterThan(1);
    expect(batches.reduce((sum, batch) => sum + batch.numRows, 0)).toBe(8192);
  });

  test('rows come before the statement has ended, and an early return frees the connection', async () => {
    const stream = await kernel.connection.stream('SELECT i, i * 2 AS twice FROM range(1000000000000) t(i)');
    let rows = 0;
    for await (const batch of stream) {
      rows += batch.numRows;
      if (rows > 40_000) break;
    }
    expect(rows).toBeGreaterThan(40_000);
    expect(await kernel.connection.rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('a stream that nobody read is given up by return', async () => {
    const stream = await kernel.connection.stream('SELECT * FROM range(1000000000000)');
    const iterator = stream[Symbol.asyncIterator]();
    await expect(kernel.connection.rows('SELECT 1')).rejects.toMatchObject({ code: '55006' });
    await iterator.return?.();
    await iterator.return?.();
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expect(await kernel.connection.rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('an early return does not end the transaction around it', async () => {
    await kernel.connection.run('CREATE OR REPLACE TABLE kept (i INTEGER)');
    await kernel.connection.run('BEGIN');
    await kernel.connection.run('INSERT INTO kept VALUES (1)');
    const stream = await kernel.connection.stream('SELECT * FROM range(1000000000000)');
    await stream[Symbol.asyncIterator]().return?.();
    await kernel.connection.run('COMMIT');
    expect(await kernel.connection.rows('SELECT i FROM kept')).toEqual([{ i: 1 }]);
  });

  test('an error in the middle of the rows is that error, and not the end', async () => {
    const sql = `SELECT CASE WHEN i = 150000 THEN error('row ' || i || $1) ELSE i END AS v FROM range(200000) t(i)`;
    const stream = await kernel.connection.stream(sql, ['!']);
    let rows = 0;
    const read = async (): Promise<void> => {
      for await (const batch of stream) rows += batch.numRows;
    };
    await expect(read()).rejects.toMatchObject({ name: 'AlopexError', code: '22023', message: 'row 150000!' });
    expect(rows).toBeGreaterThan(0);
    expect(await kernel.connection.rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('an error in the middle of the rows within a transaction', async () => {
    await kernel.connection.run('BEGIN');
    const stream = await kernel.connection.stream(
      `SELECT CASE WHEN i = 150000 THEN error('row') ELSE i END AS v FROM range(200000) t(i)`,
    );
    await expect(all(stream)).rejects.toMatchObject({ name: 'AlopexError', code: 'XX000' });
    await kernel.connection.run('ROLLBACK');
  });

  test('two connections stream at the same time', async () => {
    const other = await kernel.kernel.connect();
    const streams = [
      await kernel.connection.stream('SELECT * FROM range(50000)'),
      await other.stream('SELECT * FROM range(60000)'),
    ];
    const counts = await Promise.all(
      streams.map(async (stream) => (await all(stream)).reduce((sum, batch) => sum + batch.numRows, 0)),
    );
    expect(counts).toEqual([50_000, 60_000]);
    other.close();
  });

  test('one statement at a time', async () => {
    await expect(kernel.connection.stream('SELECT 1; SELECT 2')).rejects.toMatchObject({ code: '42601' });
    const first = kernel.connection.rows('SELECT 1 AS one');
    await expect(kernel.connection.rows('SELECT 2')).rejects.toMatchObject({ code: '55006' });
    expect(await first).toEqual([{ one: 1 }]);
  });
});

describe('interrupt and close', () => {
  test.each(['rows', 'run'] as const)('%s is interrupted, and the connection lives on', async (method) => {
    const running = kernel.connection[method](LONG);
    const outcome = expect(running).rejects.toMatchObject({ code: '57014' });
    const timer = setInterval(() => kernel.connection.interrupt(), 5);
    await outcome;
    clearInterval(timer);
    expect(await kernel.connection.rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('a stream is interrupted before its first rows', async () => {
    const outcome = expect(kernel.connection.stream(LONG)).rejects.toMatchObject({ code: '57014' });
    const timer = setInterval(() => kernel.connection.interrupt(), 5);
    await outcome;
    clearInterval(timer);
    expect(await kernel.connection.rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('a stream is interrupted between its rows', async () => {
    const iterator = (await kernel.connection.stream('SELECT * FROM range(1000000000000)'))[Symbol.asyncIterator]();
    expect((await iterator.next()).done).toBe(false);
    kernel.connection.interrupt();
    await expect(iterator.next()).rejects.toMatchObject({ code: '57014' });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expect(await kernel.connection.rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('a stream is interrupted while it waits for rows', async () => {
    const sql = 'SELECT i FROM range(1000000000000) t(i) WHERE i < 1000000 OR hash(i) = 1';
    const iterator = (await kernel.connection.stream(sql))[Symbol.asyncIterator]();
    expect((await iterator.next()).done).toBe(false);
    const rest = async (): Promise<void> => {
      while ((await iterator.next()).done !== true);
    };
    const outcome = expect(rest()).rejects.toMatchObject({ code: '57014' });
    const timer = setInterval(() => kernel.connection.interrupt(), 20);
    await outcome;
    clearInterval(timer);
    expect(await kernel.connection.rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('with a clock one interrupt is enough, however early it comes', async () => {
    const clock: Clock = {
      nowMs: () => 0,
      monotonicMs: () => 0,
      pause: () => Promise.resolve(),
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    };
    const own = await openTestKernel({ clock });
    for (let attempt = 0; attempt < 20; attempt++) {
      const outcome = expect(own.connection.run(LONG)).rejects.toMatchObject({ code: '57014' });
      own.connection.interrupt();
      await outcome;
    }
    await own.close();
  });

  test('an interrupt of an idle connection harms nothing', async () => {
    kernel.connection.interrupt();
    expect(await kernel.connection.rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('closing stops what runs', async () => {
    const clock: Clock = {
      nowMs: () => 0,
      monotonicMs: () => 0,
      pause: () => Promise.resolve(),
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    };
    const own = await openTestKernel({ clock });
    const others = [await own.kernel.connect(), await own.kernel.connect()];
    const open = (await others[0]!.stream('SELECT * FROM range(1000000000000)'))[Symbol.asyncIterator]();
    await open.next();
    const outcome = expect(own.connection.run(LONG)).rejects.toMatchObject({ code: '57014' });
    await own.close();
    await outcome;
    await expect(open.next()).rejects.toMatchObject({ code: '57014' });
    for (const connection of [own.connection, ...others]) {
      await expect(connection.rows('SELECT 1')).rejects.toMatchObject({ code: '08003' });
      connection.close();
    }
    await expect(own.kernel.connect()).rejects.toMatchObject({ code: '08003' });
    own.kernel.close();
  });
});
