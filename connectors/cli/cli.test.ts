import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Field, Int32, vectorFromArray } from 'apache-arrow';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AlopexError } from '../../engine/errors.ts';
import { runCli } from './cli.ts';
import type { DatabaseOptions, StatementResult } from './database.ts';
import { batchOf, rowsResult } from '../text/test-support/rows.ts';
import { FakeDatabase } from './test-support/fake-database.ts';
import { TextSink } from '../text/test-support/text-sink.ts';

const one = (): StatementResult =>
  rowsResult([batchOf([new Field('x', new Int32(), true)], [vectorFromArray([1], new Int32())])]);
const ANSWERS = {
  'SELECT 1': one,
  'INSERT INTO t': (): StatementResult => ({ kind: 'command', command: 'INSERT', rowCount: 3 }),
  'CREATE TABLE t': (): StatementResult => ({ kind: 'command', command: 'CREATE TABLE', rowCount: undefined }),
  '-1': one,
};

interface Run {
  status: number;
  stdout: string;
  stderr: string;
  db: FakeDatabase;
  opened: { dataDir: string; options: DatabaseOptions }[];
}

async function run(args: string[], { stdin = '', signal = new AbortController().signal } = {}): Promise<Run> {
  const db = new FakeDatabase(ANSWERS);
  const opened: Run['opened'] = [];
  const stdout = new TextSink();
  const stderr = new TextSink();
  const status = await runCli(args, {
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout,
    stderr,
    env: {},
    version: '1.2.3',
    signal,
    openDatabase: (dataDir, options) => {
      opened.push({ dataDir, options });
      return Promise.resolve(db);
    },
  });
  return { status, stdout: stdout.text, stderr: stderr.text, db, opened };
}

describe('usage', () => {
  test('help and version go to standard output', async () => {
    expect(await run(['--version'])).toMatchObject({ status: 0, stdout: 'alopex 1.2.3\n', stderr: '' });
    for (const args of [['help'], ['--help'], ['-h']]) {
      const { status, stdout } = await run(args);
      expect(status).toBe(0);
      expect(stdout).toContain('Usage: alopex COMMAND');
      expect(stdout).toMatch(/^ {2}sql +run SQL/m);
    }
    const { stdout, opened } = await run(['help', 'sql']);
    expect(stdout).toContain('-c, --command SQL');
    expect((await run(['sql', '-c', 'SELECT 1', '--help'])).stdout).toBe(stdout);
    expect(opened).toEqual([]);
  });

  test.each([
    [[], 'Usage: alopex COMMAND'],
    [['nonsense'], 'alopex: unknown command nonsense; the commands are: sql, server, kv, stats, check, repair, help'],
    [['--nonsense'], 'alopex: unknown option --nonsense'],
    [['help', 'nonsense'], 'unknown command nonsense'],
    [['sql', '--nonsense'], 'alopex sql: unknown option --nonsense'],
    [['sql', '-x'], 'unknown option -x'],
    [['sql', '--constructor'], 'unknown option --constructor'],
    [['sql', '-c'], 'option -c needs a value: SQL'],
    [['sql', '--output'], 'option --output needs a value: FORMAT'],
    [['sql', '--help=yes'], 'option --help takes no value'],
    [['sql', 'SELECT 1'], 'unexpected argument "SELECT 1"'],
    [['sql', '--output', 'xml'], 'there is no format "xml"; the formats are: table, json'],
    [['sql', '--threads', '0'], '"0" is no number of threads'],
    [['sql', '--threads', 'two'], '"two" is no number of threads'],
    [['sql', '--memory-limit', '4'], '"4" is no amount of memory'],
    [['sql', '--data-dir', ''], 'option --data-dir needs a directory'],
    [['sql', '-f', '-', '-f', '-'], 'standard input can be read once only'],
  ])('%j is bad usage', async (args, message) => {
    const { status, stdout, stderr, opened } = await run(args);
    expect({ status, stdout, opened }).toEqual({ status: 2, stdout: '', opened: [] });
    expect(stderr).toContain(message);
  });
});

describe('sql', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'alopex-cli-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  test('runs statements in order and closes the database', async () => {
    const line = 'sql --data-dir here --memory-limit 4GB --threads 2 --output json';
    const { status, stdout, stderr, db, opened } = await run([
      ...line.split(' '),
      '-c',
      'CREATE TABLE t; SELECT 1',
      '--command=INSERT INTO t',
    ]);
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '[{"x":1}]\n', stderr: '' });
    expect(db.ran).toEqual(['CREATE TABLE t', 'SELECT 1', 'INSERT INTO t']);
    expect(db.closed).toBe(true);
    expect(opened).toEqual([{ dataDir: 'here', options: { memoryLimit: '4GB', threads: 2 } }]);
  });

  test('says in tables alone what statements without rows did', async () => {
    const sql = 'CREATE TABLE t; INSERT INTO t';
    expect((await run(['sql', '-c', sql])).stdout).toBe('CREATE TABLE\nINSERT 3\n');
    for (const format of ['json', 'jsonl', 'csv', 'tsv', 'markdown']) {
      expect((await run(['sql', '-c', sql, '--output', format])).stdout).toBe('');
    }
  });

  test('prints a result for each statement', async () => {
    expect((await run(['sql', '-c', 'SELECT 1; SELECT 1', '--output=json'])).stdout).toBe('[{"x":1}]\n[{"x":1}]\n');
    expect((await run(['sql', '-c', 'SELECT 1; SELECT 1', '--output=csv'])).stdout).toBe('x\n1\nx\n1\n');
  });

  test('takes a value that begins with a dash', async () => {
    expect(await run(['sql', '-c', '-1', '--output', 'csv'])).toMatchObject({ status: 0, stdout: 'x\n1\n' });
  });

  test('reads files and standard input in the order given', async () => {
    const file = join(directory, 'a.sql');
    await writeFile(file, '\uFEFFSELECT 1;\n');
    const { status, db } = await run(['sql', '-c', '-1', '-f', file, '-f', '-'], { stdin: 'INSERT INTO t;' });
    expect(status).toBe(0);
    expect(db.ran).toEqual(['-1', 'SELECT 1', 'INSERT INTO t']);
    expect((await run(['sql'], { stdin: 'SELECT 1;' })).db.ran).toEqual(['SELECT 1']);
    expect(await run(['sql'])).toMatchObject({ status: 0, stdout: '' });
  });

  test('stops at the first failing statement', async () => {
    const { status, stdout, stderr, db } = await run([
      'sql',
      '--output',
      'csv',
      '-c',
      'SELECT 1; oops; SELECT 1',
      '-c',
      '-1',
    ]);
    expect({ status, stdout, stderr }).toEqual({
      status: 1,
      stdout: 'x\n1\n',
      stderr: 'ERROR 42601: no answer to oops\nHINT: ask something else\n',
    });
    expect(db.ran).toEqual(['SELECT 1', 'oops']);
    expect(db.closed).toBe(true);
  });

  test('runs nothing when a file cannot be read', async () => {
    const missing = join(directory, 'missing.sql');
    expect(await run(['sql', '-c', 'SELECT 1', '-f', missing])).toMatchObject({
      status: 1,
      stderr: `ERROR 58P01: there is no file ${missing}\n`,
      opened: [],
    });
    expect((await run(['sql', '-f', directory])).stderr).toMatch(/^ERROR 58030: cannot read /);
    const binary = join(directory, 'binary.sql');
    await writeFile(binary, Buffer.from([0xff, 0xfe]));
    expect((await run(['sql', '-f', binary])).stderr).toBe(`ERROR 22021: ${binary} is not UTF-8 text\n`);
  });

  test('tells when the database cannot be opened or closed', async () => {
    const stderr = new TextSink();
    const db = new FakeDatabase(ANSWERS);
    const context = {
      stdin: Readable.from([]),
      stdout: new TextSink(),
      stderr,
      env: {},
      version: '1',
      signal: new AbortController().signal,
    };
    const openDatabase = () => Promise.reject(new AlopexError('55P03', 'in use'));
    expect(await runCli(['sql', '-c', 'SELECT 1'], { ...context, openDatabase })).toBe(1);
    expect(stderr.text).toBe('ERROR 55P03: in use\n');
    db.close = () => Promise.reject(new Error('disk gone'));
    const open = () => Promise.resolve(db);
    expect(await runCli(['sql', '-c', 'SELECT 1'], { ...context, openDatabase: open })).toBe(1);
    expect(stderr.text).toBe('ERROR 55P03: in use\nERROR XX000: disk gone\n');
  });

  test('a signal cancels what runs and still closes', async () => {
    const controller = new AbortController();
    const batch = batchOf([new Field('x', new Int32(), true)], [vectorFromArray([1], new Int32())]);
    const db = new FakeDatabase({
      'SELECT forever': () => ({
        ...rowsResult([batch]),
        batches: (async function* () {
          yield batch;
          controller.abort();
          for (;;) yield await Promise.resolve(batch);
        })(),
      }),
    });
    const stdout = new TextSink();
    const stderr = new TextSink();
    const status = await runCli(['sql', '-c', 'SELECT forever; SELECT forever', '--output', 'csv'], {
      stdin: Readable.from([]),
      stdout,
      stderr,
      env: {},
      version: '1',
      signal: controller.signal,
      openDatabase: () => Promise.resolve(db),
    });
    expect(status).toBe(1);
    expect(stdout.text).toBe('x\n1\n');
    expect(stderr.text).toBe('ERROR 57014: canceled\n');
    expect(db).toMatchObject({ interrupts: 1, closed: true, ran: ['SELECT forever'] });
  });
});
