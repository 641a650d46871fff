import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AlopexError } from '../errors.ts';
import { kernelError } from './kernel-error.ts';
import { openTestKernel } from './test-support/open-kernel.ts';
import type { TestKernel } from './test-support/open-kernel.ts';

let kernel: TestKernel;
beforeAll(async () => {
  kernel = await openTestKernel();
  await kernel.connection.run('CREATE TABLE parent (id INTEGER PRIMARY KEY)');
  await kernel.connection.run(
    'CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, c INTEGER CHECK (c > 0), u INTEGER UNIQUE, p INTEGER REFERENCES parent (id))',
  );
  await kernel.connection.run('INSERT INTO t VALUES (1, 1, 1, 1, NULL)');
  await writeFile(join(kernel.folder, 'damaged.parquet'), 'x'.repeat(100));
  await writeFile(join(kernel.folder, 'bad.csv'), 'a,b\n1,2\nx,3\n');
});
afterAll(() => kernel.close());

test.each([
  ['42601', 'SELEC 1'],
  ['42601', 'SELECT 1 +'],
  ['42703', 'SELECT nope'],
  ['42703', 'SELECT nope FROM t'],
  ['42703', 'SELECT t.nope FROM t'],
  ['42703', 'INSERT INTO t (nope) VALUES (1)'],
  ['42703', 'UPDATE t SET nope = 1'],
  ['42703', `SELECT ({'a': 1}).b`],
  ['42702', 'SELECT id FROM t a, t b'],
  ['42P01', 'SELECT * FROM nope'],
  ['42P01', 'SELECT nope.id FROM t'],
  ['42P01', 'DROP TABLE nope'],
  ['42P07', 'CREATE TABLE t (i INTEGER)'],
  ['42701', 'CREATE TABLE x (i INTEGER, i INTEGER)'],
  ['42883', 'SELECT nofunction(1)'],
  ['42883', `SELECT sum(x) FROM (SELECT 'a' AS x)`],
  ['42883', `SELECT 1 + [1]`],
  ['42804', `SELECT DATE '2024-01-01' = 1`],
  ['42804', `SELECT 1 UNION SELECT [1]`],
  ['42803', 'SELECT id, count(*) FROM t'],
  ['42704', 'SELECT 1::NOTYPE'],
  ['42704', 'SET nosetting = 1'],
  ['3F000', 'CREATE TABLE noschema.x (i INTEGER)'],
  ['23502', 'INSERT INTO t VALUES (2, NULL, 1, 2, NULL)'],
  ['23505', 'INSERT INTO t VALUES (1, 1, 1, 2, NULL)'],
  ['23505', 'INSERT INTO t VALUES (2, 1, 1, 1, NULL)'],
  ['23514', 'INSERT INTO t VALUES (2, 1, -1, 2, NULL)'],
  ['23503', 'INSERT INTO t VALUES (2, 1, 1, 2, 99)'],
  ['42P10', 'INSERT INTO t VALUES (2, 1, 1, 2, NULL) ON CONFLICT (n) DO NOTHING'],
  ['22P02', `SELECT 'abc'::INTEGER`],
  ['22P02', `SELECT 'abc'::UUID`],
  ['22007', `SELECT 'abc'::DATE`],
  ['22008', `SELECT '2024-13-01'::DATE`],
  ['22003', 'SELECT 300::TINYINT'],
  ['22003', 'SELECT 9223372036854775807::BIGINT + 1'],
  ['22003', 'SELECT 12345::DECIMAL(3,0)'],
  ['22023', `SELECT error('boo')`],
  ['21000', 'SELECT (SELECT * FROM range(2))'],
  ['22P04', `SELECT * FROM read_parquet('{folder}/damaged.parquet')`],
  ['22P04', `SELECT * FROM read_csv('{folder}/bad.csv', columns = {a: 'INTEGER', b: 'INTEGER'}, header = true)`],
  ['58P01', `SELECT * FROM read_parquet('{folder}/nope.parquet')`],
  ['58P01', `SELECT * FROM read_csv('{folder}/nope.csv')`],
  ['58P01', `COPY (SELECT 1) TO '{folder}/no/such/folder.parquet'`],
  ['0A000', `SELECT * FROM read_parquet('s3://bucket/x.parquet')`],
  ['25P01', 'COMMIT'],
  ['42501', 'DROP SCHEMA main'],
  ['2BP01', 'DROP TABLE parent'],
])('%s: %s', async (code, sql) => {
  const error: unknown = await kernel.connection.rows(sql.replace('{folder}', kernel.folder)).then(
    () => new Error('no error'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(AlopexError);
  expect(`${(error as AlopexError).code}: ${(error as AlopexError).message}`).toMatch(new RegExp(`^${code}: `));
  expect((error as AlopexError).message).not.toMatch(/^\w+( \w+)* Error:/);
});

test('a transaction that failed says so until it is rolled back', async () => {
  const { connection } = kernel;
  await connection.run('BEGIN');
  await expect(connection.run(`INSERT INTO t VALUES (1, 1, 1, 1, NULL)`)).rejects.toMatchObject({ code: '23505' });
  await expect(connection.run('SELECT 1')).rejects.toMatchObject({ code: '25P02' });
  await expect(connection.run('BEGIN')).rejects.toMatchObject({ code: expect.stringMatching(/^25/) as string });
  await connection.run('ROLLBACK');
});

test('two transactions on one row', async () => {
  const other = await kernel.kernel.connect();
  await kernel.connection.run('BEGIN');
  await other.run('BEGIN');
  await kernel.connection.run('UPDATE t SET c = 2');
  await expect(other.run('UPDATE t SET c = 3')).rejects.toMatchObject({ code: '40001' });
  await other.run('ROLLBACK');
  await kernel.connection.run('ROLLBACK');
  other.close();
});

test('the text is kept, with the place in the statement and without the kind', async () => {
  await expect(kernel.connection.stream('SELECT nope')).rejects.toMatchObject({
    message:
      'Referenced column "nope" was not found because the FROM clause is missing\n\nLINE 1: SELECT nope\n               ^',
  });
  await expect(kernel.connection.stream('SELECT 1 +')).rejects.toMatchObject({
    message: 'syntax error at end of input',
  });
});

test('messages of causes that cannot be brought about here', () => {
  const codeOf = (message: string): string => kernelError(new Error(message)).code;
  expect(codeOf('IO Error: Could not write file "x": No space left on device')).toBe('53100');
  expect(codeOf('Out of Memory Error: could not allocate block')).toBe('53200');
  const full = kernelError(
    new Error(
      "Out of Memory Error: failed to offload (1/1 used).\nThis limit was set by the 'max_temp_directory_size' setting.\n\nPossible solutions:\n* x",
    ),
  );
  expect(full).toMatchObject({
    code: '53100',
    message: 'failed to offload (1/1 used).',
    hint: expect.stringContaining('tempLimit') as string,
  });
  expect(codeOf('INTERNAL Error: something')).toBe('XX000');
  expect(codeOf('FATAL Error: something')).toBe('XX000');
  expect(codeOf('Divide by Zero Error: division by zero')).toBe('22012');
  expect(codeOf('Permission Error: no')).toBe('42501');
  expect(codeOf('something else')).toBe('XX000');
});

test('traces of native code are left out', () => {
  expect(kernelError(new Error('INTERNAL Error: bad\n\nStack Trace:\n\n/x/libduckdb.so')).message).toBe('bad');
});

test('an error that is one of ours stays as it is', () => {
  const error = new AlopexError('55006', 'x');
  expect(kernelError(error)).toBe(error);
});

test.each(['SELECT rowid FROM v', 'SELECT v.rowid FROM (VALUES (1)) AS v(a)'])('%s: there is no rowid', async (sql) => {
  await kernel.connection.run('CREATE OR REPLACE VIEW v AS SELECT 1 AS a');
  await expect(kernel.connection.run(sql)).rejects.toMatchObject({
    code: '42703',
    hint: expect.stringContaining('no rowid') as string,
  });
});
