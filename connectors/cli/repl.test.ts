import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Field, Int32, vectorFromArray } from 'apache-arrow';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseBackslash } from './backslash.ts';
import type { StatementResult } from './database.ts';
import { History } from './history.ts';
import { durationText, Repl } from './repl.ts';
import { batchOf, rowsResult } from '../text/test-support/rows.ts';
import { type Answer, FakeDatabase } from './test-support/fake-database.ts';
import { TextSink } from '../text/test-support/text-sink.ts';

const rows = (count: number): StatementResult =>
  rowsResult([batchOf([new Field('x', new Int32(), true)], [vectorFromArray([...Array(count).keys()], new Int32())])]);

interface Session {
  readonly db: FakeDatabase;
  readonly repl: Repl;
  readonly screen: TextSink;
  readonly errors: TextSink;
  readonly input: PassThrough;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

function start(answers: Record<string, Answer>, { env = { ALOPEX_HISTORY: '' } } = {}): Session {
  const db = new FakeDatabase(answers);
  const screen = new TextSink({ columns: 80 });
  const errors = new TextSink();
  const input = new PassThrough();
  const stop = new AbortController();
  let clock = 0;
  const repl = new Repl({
    db,
    stdin: input,
    stdout: screen,
    stderr: errors,
    history: History.open(env, (message) => errors.write(message)),
    format: 'table',
    signal: stop.signal,
    now: () => (clock += 5),
  });
  return { db, repl, screen, errors, input, stop, done: repl.run('Hello\n') };
}

async function session(text: string, answers: Record<string, Answer>): Promise<Session> {
  const started = start(answers);
  started.input.end(text);
  await started.done;
  return started;
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe('a session', () => {
  test('runs statements over several lines, and shows types and times', async () => {
    const { db, screen } = await session("SELECT\n';'\n;\n", { "SELECT\n';'": () => rows(1) });
    expect(db.ran).toEqual(["SELECT\n';'"]);
    expect(screen.text).toBe(
      'Hello\nalopex>    ...>    ...> ' +
        '┌─────────┐\n│       x │\n│ integer │\n├─────────┤\n│       0 │\n└─────────┘\n(1 row)\nTime: 5.0 ms\n',
    );
  });

  test('goes on after an error', async () => {
    const { db, screen, errors } = await session('oops;\ngood;\n', {
      good: () => ({ kind: 'command', command: 'INSERT', rowCount: 2 }),
    });
    expect(errors.text).toBe('ERROR 42601: no answer to oops\nHINT: ask something else\n');
    expect(db.ran).toEqual(['oops', 'good']);
    expect(screen.text).toContain('INSERT 2\n');
  });

  test('runs several statements of a line, up to the first that fails', async () => {
    const { db } = await session('a; oops; b;\n', { a: () => rows(1), b: () => rows(1) });
    expect(db.ran).toEqual(['a', 'oops']);
  });

  test('takes no notice of empty lines and comments', async () => {
    const { db, screen } = await session('\n-- a comment\n;\n/* a\n*/\n\\q\n', {});
    expect(db.ran).toEqual([]);
    expect(screen.text.match(/\.\.\.>/g)).toHaveLength(1);
  });

  test('does not run what is unfinished when the input ends', async () => {
    const { db } = await session('SELECT 1', {});
    expect(db.ran).toEqual([]);
  });

  test.each(['\\q', 'exit', 'QUIT;'])('%s ends it', async (line) => {
    const { db } = await session(`${line}\nSELECT 1;\n`, {});
    expect(db.ran).toEqual([]);
  });

  test('shows a long result in part, and all of it on demand', async () => {
    const shown = (text: string): number => [...text.matchAll(/│ +\d+ │/g)].length;
    const answers = { many: () => rows(100) };
    expect(shown((await session('many;\n', answers)).screen.text)).toBe(40);
    expect(shown((await session('\\rows 10\nmany;\n', answers)).screen.text)).toBe(10);
    expect(shown((await session('\\rows all\nmany;\n', answers)).screen.text)).toBe(100);
  });

  test('changes the format and the times', async () => {
    const { screen } = await session('\\o json\n\\timing\nSELECT 1;\n\\o\n', { 'SELECT 1': () => rows(1) });
    expect(screen.text).toContain('Results are printed as json.\n');
    expect(screen.text).toContain('alopex> [{"x":0}]\nResults');
    expect(screen.text).not.toContain('Time: ');
  });

  test('lists and describes tables', async () => {
    const tables = 'SELECT * FROM alopex.tables';
    const { db, screen } = await session(`\\d\n\\d main."it's"\n`, {
      [`${tables} ORDER BY name`]: () => rows(1),
      [`DESCRIBE main."it's"`]: () => rows(2),
      [`${tables} WHERE lower(name) = lower('it''s')`]: () => rows(1),
    });
    expect(db.ran).toHaveLength(3);
    expect(screen.text).toContain('x  0\n');
  });

  test('does not look for the tiers of a table that is not there', async () => {
    const { db, errors } = await session('\\d nothing;\n', {});
    expect(db.ran).toEqual(['DESCRIBE nothing']);
    expect(errors.text).toContain('ERROR 42601');
  });

  test('explains itself', async () => {
    expect((await session('\\?\n', {})).screen.text).toContain('\\timing');
    expect((await session('help\n', {})).screen.text).toContain('\\timing');
    expect((await session('\\nonsense\n', {})).errors.text).toContain('there is no command \\nonsense');
  });
});

describe('Ctrl-C', () => {
  test('clears what was typed', async () => {
    const { repl, input, db, screen, done } = start({ 'SELECT 1': () => rows(1) });
    input.write("SELECT '\n");
    await turn();
    expect(screen.text).toContain('   ...> ');
    repl.interrupt();
    input.end('SELECT 1;\n');
    await done;
    expect(db.ran).toEqual(['SELECT 1']);
  });

  test('cancels the statement that runs, and the session goes on', async () => {
    let release = (): void => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    const { repl, input, db, errors, done } = start({
      slow: async () => {
        await released;
        return rows(1);
      },
      'SELECT 1': () => rows(1),
    });
    input.write('slow; SELECT 1;\n');
    await turn();
    expect(db.ran).toEqual(['slow']);
    repl.interrupt();
    expect(db.interrupts).toBe(1);
    release();
    input.end('SELECT 1;\n');
    await done;
    expect(errors.text).toBe('ERROR 57014: canceled\n');
    expect(db.ran).toEqual(['slow', 'SELECT 1']);
  });
});

test('a signal ends the session', async () => {
  const { stop, done, db } = start({});
  await turn();
  stop.abort();
  await done;
  expect(db.ran).toEqual([]);
});

describe('backslash commands', () => {
  test.each([
    ['\\q', { kind: 'quit' }],
    ['\\?', { kind: 'help' }],
    ['\\d', { kind: 'tables' }],
    ['\\d;', { kind: 'tables' }],
    ['\\d t', { kind: 'table', sqlName: 't', name: 't' }],
    ['\\d  s."a b" ;', { kind: 'table', sqlName: 's."a b"', name: 'a b' }],
    ['\\timing', { kind: 'timing' }],
    ['\\o', { kind: 'format', format: undefined }],
    ['\\o csv', { kind: 'format', format: 'csv' }],
    ['\\rows 7', { kind: 'rows', maxRows: 7 }],
    ['\\rows all', { kind: 'rows', maxRows: undefined }],
  ])('%s', (line, expected) => {
    expect(parseBackslash(line)).toEqual(expected);
  });

  test.each(['\\o xml', '\\rows', '\\rows 0', '\\d t; DROP TABLE t', '\\d 1', '\\d a b', '\\d "a', '\\', '\\Q'])(
    '%s is invalid',
    (line) => {
      expect(parseBackslash(line)).toMatchObject({ kind: 'invalid' });
    },
  );
});

describe('history', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'alopex-history-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const noWarning = (message: string): never => {
    throw new Error(message);
  };

  test('comes back in the next session, newest first, and is for its owner only', async () => {
    const path = join(directory, 'history');
    const first = History.open({ ALOPEX_HISTORY: path }, noWarning);
    for (const line of ['a', 'b', 'b', ' ', 'c']) first.add(line);
    expect(History.open({ ALOPEX_HISTORY: path }, noWarning).newestFirst).toEqual(['c', 'b', 'a']);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test('is what was typed in a session', async () => {
    const path = join(directory, 'history');
    const { input, done } = start({ 'SELECT\n1': () => rows(1) }, { env: { ALOPEX_HISTORY: path } });
    input.end('SELECT\n1;\n\\q\n');
    await done;
    expect(await readFile(path, 'utf8')).toBe('SELECT\n1;\n\\q\n');
  });

  test('is cut when it grows long', async () => {
    const path = join(directory, 'history');
    await writeFile(path, Array.from({ length: 3000 }, (_, index) => `${index}\n`).join(''));
    const history = History.open({ ALOPEX_HISTORY: path }, noWarning);
    expect(history.newestFirst.slice(0, 2)).toEqual(['2999', '2998']);
    expect((await readFile(path, 'utf8')).split('\n')).toHaveLength(history.maxLines + 1);
  });

  test('trouble with the file is told once', () => {
    const warnings: string[] = [];
    const history = History.open({ ALOPEX_HISTORY: join(directory, 'no', 'such') }, (message) =>
      warnings.push(message),
    );
    expect(warnings).toEqual([]);
    history.add('a');
    history.add('b');
    expect(warnings).toHaveLength(1);
    expect(history.newestFirst).toEqual(['b', 'a']);
  });
});

test('durations', () => {
  expect(durationText(1.26)).toBe('1.3 ms');
  expect(durationText(1234)).toBe('1.23 s');
});
