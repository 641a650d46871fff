import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AlopexDB } from '../../index.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alopex-e2e-'));
});
afterEach(() => rm(directory, { recursive: true }));

function start(args: readonly string[]): ChildProcessByStdio<Writable, Readable, Readable> {
  return spawn(process.execPath, [MAIN, ...args], { cwd: directory, stdio: ['pipe', 'pipe', 'pipe'] });
}

async function finish(child: ReturnType<typeof start>, stdout = text(child.stdout)): Promise<Finished> {
  const status = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { stdout: await stdout, stderr: await text(child.stderr), status: await status };
}

function alopex(args: readonly string[], stdin = ''): Promise<Finished> {
  const child = start(args);
  child.stdin.end(stdin);
  return finish(child);
}

const sql = (statements: string, output = 'json'): Promise<Finished> =>
  alopex(['sql', '--data-dir', 'data', '--output', output, '-c', statements]);

test('rows outlive the process', async () => {
  const created = await sql(
    "CREATE TABLE notes (id BIGINT PRIMARY KEY, body VARCHAR); INSERT INTO notes VALUES (1, 'hello'), (2, NULL)",
    'table',
  );
  expect(created).toEqual({ status: 0, stdout: 'CREATE TABLE\nINSERT 2\n', stderr: '' });
  expect(await sql('SELECT * FROM notes ORDER BY id')).toEqual({
    status: 0,
    stdout: '[{"id":1,"body":"hello"},{"id":2,"body":null}]\n',
    stderr: '',
  });
  expect((await sql('SELECT body FROM notes ORDER BY id', 'csv')).stdout).toBe('body\nhello\n\n');
});

test('a transaction goes on from one text to the next, and leaves nothing when it is not ended', async () => {
  await sql('CREATE TABLE notes (id BIGINT)');
  const run = (...texts: string[]): Promise<Finished> =>
    alopex(['sql', '--data-dir', 'data', '--output', 'json', ...texts.flatMap((one) => ['-c', one])]);
  expect(await run('BEGIN', 'INSERT INTO notes VALUES (1)', 'COMMIT', 'SELECT * FROM notes')).toEqual({
    status: 0,
    stdout: '[{"id":1}]\n',
    stderr: '',
  });
  const left = await run('BEGIN', 'DELETE FROM notes');
  expect(left.status).toBe(1);
  expect(left.stderr).toContain('ERROR 25001');
  expect((await sql('SELECT * FROM notes')).stdout).toBe('[{"id":1}]\n');
});

test('values of every type come out right', async () => {
  const { stdout, stderr } = await sql(`SELECT
    9007199254740993::BIGINT AS big, 1.50::DECIMAL(10,2) AS dec, (2::HUGEINT ** 100)::HUGEINT AS huge,
    0.1::FLOAT AS f, 'NaN'::DOUBLE AS nan, DATE '2001-01-01' AS d, TIME '12:34:56' AS t,
    TIMESTAMP '2001-01-01 00:00:00' AS ts, TIMESTAMP '2001-01-01 00:00:00.123456' AS us,
    TIMESTAMPTZ '2001-01-01 00:00:00+00' AS tz, '\\x00\\xFF'::BLOB AS b, [1, NULL] AS l, {'a': 1, 'b': 'x'} AS s,
    MAP {'k': 1} AS m, INTERVAL '1 day' AS i, NULL AS n, true AS yes`);
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual([
    {
      big: '9007199254740993',
      dec: '1.50',
      huge: '1267650600228229401496703205376',
      f: 0.1,
      nan: 'NaN',
      d: '2001-01-01',
      t: '12:34:56',
      ts: '2001-01-01T00:00:00',
      us: '2001-01-01T00:00:00.123456',
      tz: '2001-01-01T00:00:00Z',
      b: '\\x00ff',
      l: [1, null],
      s: { a: 1, b: 'x' },
      m: { k: 1 },
      i: '1 day',
      n: null,
      yes: true,
    },
  ]);
});

test('statements come from standard input and files', async () => {
  expect((await alopex(['sql', '--output', 'json'], "SELECT ';' AS x; SELECT 2 AS y;")).stdout).toBe(
    '[{"x":";"}]\n[{"y":2}]\n',
  );
  await writeFile(join(directory, 'a.sql'), 'SELECT 3 AS z');
  expect((await alopex(['sql', '--output', 'jsonl', '-f', 'a.sql'])).stdout).toBe('{"z":3}\n');
});

test('a failing statement ends the run with status 1 and its SQLSTATE', async () => {
  const { status, stdout, stderr } = await sql('SELECT 1 AS x; SELECT * FROM nothing; SELECT 2 AS x');
  expect({ status, stdout }).toEqual({ status: 1, stdout: '[{"x":1}]\n' });
  expect(stderr).toMatch(/^ERROR 42P01: .*nothing/);
});

test('bad usage has status 2, help and version 0', async () => {
  expect(await alopex(['sql', '--output', 'xml'])).toMatchObject({ status: 2, stdout: '' });
  expect(await alopex(['nonsense'])).toMatchObject({ status: 2, stdout: '' });
  expect(await alopex(['help'])).toMatchObject({ status: 0, stderr: '' });
  expect((await alopex(['--version'])).stdout).toMatch(/^alopex \d+\.\d+\.\d+\n$/);
});

test('a large result is printed whole', async () => {
  const { stdout, status } = await sql('SELECT i FROM range(300000) t(i)', 'csv');
  expect(status).toBe(0);
  expect(stdout.split('\n')).toHaveLength(300_002);
  expect(stdout.endsWith('\n299999\n')).toBe(true);
});

test('a reader that leaves early ends it quietly', async () => {
  const child = start(['sql', '--output', 'csv', '-c', 'SELECT i FROM range(100000000) t(i)']);
  child.stdin.end();
  const firstRows = new Promise<string>((resolve) => {
    child.stdout.once('data', (chunk: Uint8Array) => {
      child.stdout.destroy();
      resolve(Buffer.from(chunk).toString());
    });
  });
  const { stdout, stderr, status } = await finish(child, firstRows);
  expect(stdout.startsWith('i\n0\n1\n')).toBe(true);
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
});

test('keys and values go through pipes byte by byte', async () => {
  const bytes = Buffer.from(Uint8Array.from({ length: 70_000 }, (_, at) => at * 31));
  const put = start(['kv', 'put', 'photo', '--data-dir', 'data']);
  put.stdin.end(bytes);
  expect(await finish(put)).toEqual({ status: 0, stdout: '', stderr: '' });
  const get = start(['kv', 'get', 'photo', '--data-dir', 'data']);
  get.stdin.end();
  const found = buffer(get.stdout);
  expect(await finish(get, Promise.resolve(''))).toMatchObject({ status: 0, stderr: '' });
  expect((await found).equals(bytes)).toBe(true);
  expect(await alopex(['kv', 'get', 'nothing', '--data-dir', 'data'])).toMatchObject({ status: 1, stdout: '' });
});

test('a scan whose reader leaves early ends quietly', async () => {
  const db = await AlopexDB.open(join(directory, 'data'));
  const value = 'x'.repeat(1000);
  await db.kv.batch(Array.from({ length: 20_000 }, (_, at) => ({ type: 'put', key: `k${100_000 + at}`, value })));
  await db.close();
  const child = start(['kv', 'scan', '--output', 'tsv', '--data-dir', 'data']);
  child.stdin.end();
  const firstRows = new Promise<string>((resolve) => {
    child.stdout.once('data', (chunk: Uint8Array) => {
      child.stdout.destroy();
      resolve(Buffer.from(chunk).toString());
    });
  });
  const { stdout, stderr, status } = await finish(child, firstRows);
  expect(stdout.startsWith('key\tvalue\nk100000\txxx')).toBe(true);
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
});

test('check and repair have the exit status of what they found', async () => {
  await sql('CREATE TABLE t AS SELECT range AS id FROM range(10); CHECKPOINT');
  expect(await alopex(['check', '--data-dir', 'data'])).toMatchObject({ status: 0, stderr: '' });
  await writeFile(join(directory, 'data/segments/1/00000001.parquet'), 'no Parquet');
  expect(await alopex(['check', '--data-dir', 'data'])).toMatchObject({ status: 1, stderr: '' });
  expect(await alopex(['repair', '--data-dir', 'data'])).toMatchObject({ status: 1, stderr: '' });
  expect(await alopex(['check', '--data-dir', 'data'])).toMatchObject({ status: 0, stderr: '' });
  expect((await sql('SELECT count(*) AS n FROM t')).stdout).toBe('[{"n":0}]\n');
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s cancels, closes and exits with %d', async (signal, expected) => {
  const endless = 'SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range + b.range = -1';
  const child = start(['sql', '--data-dir', 'data', '--output', 'csv', '-c', `SELECT 1 AS x; ${endless}`]);
  child.stdin.end();
  let stdout = '';
  child.stdout.on('data', (chunk: Uint8Array) => {
    stdout += Buffer.from(chunk).toString();
    if (stdout === 'x\n1\n') child.kill(signal);
  });
  const { status } = await finish(child, Promise.resolve(''));
  expect({ status, stdout }).toEqual({ status: expected, stdout: 'x\n1\n' });
  // The directory is free again.
  expect(await sql('SELECT 1 AS x')).toMatchObject({ status: 0 });
});
