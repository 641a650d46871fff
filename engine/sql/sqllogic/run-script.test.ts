import { describe, expect, test } from 'vitest';
import { AlopexError } from '../../errors.ts';
import type { Database, Outcome } from './database.ts';
import { parseScript } from './parse-script.ts';
import { runScript, type RunOptions } from './run-script.ts';
import type { ScriptResult } from './script-result.ts';

const OK: Outcome = { kind: 'rows', columns: [], rows: [] };
const value = (text: string): Outcome => ({ kind: 'rows', columns: [{ kind: 'other' }], rows: [[text]] });
const error = (message: string): Outcome => ({ kind: 'error', message, code: undefined, unsupported: false });

/** Answers `say x` with the value x, `fail x` with the error x and all else with nothing; logs what it was asked. */
class Echo implements Database {
  readonly log: string[] = [];

  connection(name: string): ReturnType<Database['connection']> {
    return Promise.resolve({
      run: (sql) => {
        this.log.push(name === '' ? sql : `${name}: ${sql}`);
        const [, verb, text = ''] = /^(say|fail) (.*)$/.exec(sql) ?? [];
        return Promise.resolve(verb === 'say' ? value(text) : verb === 'fail' ? error(text) : OK);
      },
    });
  }

  load(path: string | undefined, readOnly: boolean): Promise<void> {
    this.log.push(`load ${path} ${readOnly}`);
    return path === 'missing' ? Promise.reject(new AlopexError('58P01', 'no such file')) : Promise.resolve();
  }

  restart(): Promise<void> {
    this.log.push('restart');
    return Promise.resolve();
  }

  reconnect(): Promise<void> {
    this.log.push('reconnect');
    return Promise.resolve();
  }
}

async function run(
  lines: readonly string[],
  more: Partial<RunOptions> = {},
): Promise<ScriptResult & { log: string[] }> {
  const database = new Echo();
  const result = await runScript(parseScript(lines.join('\n')), {
    database,
    systems: ['alopex'],
    variables: new Map([['DIR', '/tmp']]),
    has: (requirement) => requirement === 'json',
    notApplicable: (sql) =>
      sql.startsWith('pragma') ? { reason: 'internal', endsScript: sql.includes('end') } : undefined,
    md5: (text) => text.replaceAll('\n', '').padEnd(32, '0'),
    sleep: () => Promise.resolve(),
    unzip: () => Promise.resolve(),
    expectedFile: () => Promise.resolve(['from a file']),
    expired: () => false,
    ...more,
  });
  return { ...result, log: database.log };
}

const outcomes = ({ records }: ScriptResult): string[] => records.map(({ outcome }) => outcome.kind);

describe('records', () => {
  test('pass and fail by themselves', async () => {
    const result = await run([
      'statement ok',
      'A',
      '',
      'statement ok',
      'fail x',
      '',
      'statement error',
      'fail x',
      '----',
      'x',
      '',
      'statement error',
      'A',
      '----',
      '',
      'statement error',
      'fail x',
      '----',
      'y',
      '',
      'statement maybe',
      'A',
      '----',
      '',
      'query T',
      'say 1',
      '----',
      '1',
      '',
      'query T',
      'say 1',
      '----',
      '2',
      '',
      'query T',
      'fail x',
      '----',
      '1',
    ]);
    expect(outcomes(result)).toEqual('passed failed passed failed failed passed passed failed failed'.split(' '));
    expect(result.records[7]).toMatchObject({
      line: 30,
      sql: 'say 1',
      outcome: { reason: expect.stringContaining('"2"') },
    });
  });

  test('an error of the database in itself fails even where an error is expected', async () => {
    expect(outcomes(await run(['statement error', 'fail INTERNAL Error', '----', '']))).toEqual(['failed']);
  });

  test('what does not apply is not run', async () => {
    const result = await run(['statement ok', 'pragma', '', 'statement ok', 'pragma end', '', 'statement ok', 'A']);
    expect(outcomes(result)).toEqual(['skipped', 'skipped', 'skipped']);
    expect(result.log).toEqual([]);
    expect(result.skipped).toBe('internal');
  });

  test('hashes, thresholds, labels and files', async () => {
    const result = await run([
      'query T',
      'say a',
      '----',
      `1 values hashing to a${'0'.repeat(31)}`,
      '',
      'query T',
      'say b',
      '----',
      `1 values hashing to a${'0'.repeat(31)}`,
      '',
      'query T nosort same',
      'say a',
      '----',
      '',
      'query T nosort same',
      'say a',
      '----',
      '',
      'query T nosort same',
      'say b',
      '----',
      '',
      'reset label same',
      '',
      'query T nosort same',
      'say b',
      '----',
      '',
      'query T',
      'say from a file',
      '----',
      '<FILE>:{DIR}/x',
      '',
      'hash-threshold 1',
      '',
      'query T',
      'say wrong',
      '----',
      'right',
    ]);
    expect(outcomes(result)).toEqual('passed failed passed passed failed passed passed failed'.split(' '));
  });
});

describe('loops', () => {
  test('replace their variables, also several at once', async () => {
    const { log } = await run([
      'loop i 0 2',
      '',
      'foreach a,b x,{DIR} y,2',
      '',
      'statement ok',
      '${i} {a} ${b} __DIR__',
      '',
      'endloop',
      '',
      'endloop',
    ]);
    expect(log).toEqual(['0 x /tmp /tmp', '0 y 2 /tmp', '1 x /tmp /tmp', '1 y 2 /tmp']);
  });

  test('make one record of all turns, which fails with any of them', async () => {
    const result = await run([
      'loop i 0 3',
      '',
      'query T',
      'say ${i}',
      '----',
      '<REGEX>:[02]',
      '',
      'query T',
      'say ${i}',
      '----',
      '<REGEX>:.',
      '',
      'endloop',
    ]);
    expect(outcomes(result)).toEqual(['failed', 'passed']);
    expect(result.records[0]?.sql).toBe('say 1');
  });

  test('conditions and continue leave steps out', async () => {
    const { log } = await run([
      'loop i 0 4',
      '',
      'onlyif i=1',
      'continue',
      '',
      'skipif i>=3',
      'statement ok',
      'A${i}',
      '',
      'onlyif i<>0',
      'statement ok',
      'B${i}',
      '',
      'skipif alopex',
      'statement ok',
      'C',
      '',
      'endloop',
      '',
      'onlyif alopex',
      'statement ok',
      'D',
    ]);
    expect(log).toEqual(['A0', 'A2', 'B2', 'B3', 'D']);
  });

  test('turns of a concurrent one have connections of their own', async () => {
    const { log } = await run([
      'concurrentloop i 0 2',
      '',
      'statement ok',
      '${i}',
      '',
      'endloop',
      '',
      'statement ok con1',
      'A',
    ]);
    expect(log.slice(0, 2).map((line) => line.replace(/^concurrent turn \d: /, ''))).toEqual(['0', '1']);
    expect(new Set(log.slice(0, 2).map((line) => line.split(':')[0])).size).toBe(2);
    expect(log[2]).toBe('con1: A');
  });
});

describe('other steps', () => {
  test('what is required and absent ends the script', async () => {
    const result = await run(['require json', '', 'statement ok', 'A', '', 'require parquet', '', 'statement ok', 'B']);
    expect(outcomes(result)).toEqual(['passed', 'skipped']);
    expect(result.skipped).toBe('require parquet');
  });

  test('variables of the surroundings', async () => {
    const absent = await run(['require-env NOTHING', '', 'statement ok', 'A']);
    expect(absent).toMatchObject({ skipped: 'require-env NOTHING', log: [] });
    const other = await run(['require-env DIR /other', '', 'statement ok', 'A']);
    expect(other.log).toEqual([]);
    const { log } = await run([
      'require-env DIR',
      '',
      'test-env DATA {DIR}/data',
      '',
      'test-env DIR x',
      '',
      'statement ok',
      '{DATA} {DIR}',
    ]);
    expect(log).toEqual(['/tmp/data /tmp']);
  });

  test('load, restart, reconnect and seed reach the database; a failing one is a failed record', async () => {
    const result = await run([
      'load {DIR}/x readonly',
      '',
      'restart',
      '',
      'reconnect',
      '',
      'set seed 0.5',
      '',
      'load :memory:',
      '',
      'load missing',
    ]);
    expect(result.log).toEqual([
      'load /tmp/x true',
      'restart',
      'reconnect',
      'SELECT setseed(0.5)',
      'load undefined false',
      'load missing false',
    ]);
    expect(result.records).toMatchObject([
      { line: 11, outcome: { kind: 'failed', reason: 'load: 58P01 no such file' } },
    ]);
  });

  test('an error that is to be ignored ends the script', async () => {
    const result = await run([
      'set ignore_error_messages HTTP',
      '',
      'statement ok',
      'fail HTTP 500',
      '',
      'statement ok',
      'A',
    ]);
    expect(outcomes(result)).toEqual(['skipped', 'skipped']);
  });

  test('what is not reached in time has failed', async () => {
    let calls = 0;
    const result = await run(['statement ok', 'A', '', 'statement ok', 'B', '', 'statement ok', 'C'], {
      expired: () => ++calls > 1,
    });
    expect(outcomes(result)).toEqual(['passed', 'failed', 'failed']);
    expect(result.log).toEqual(['A']);
  });
});

describe('differences that are meant', () => {
  const excused: RunOptions['excused'] = (sql, difference) => {
    if (difference.kind === 'order') return { reason: 'another order' };
    return difference.message.startsWith('meant') ? { reason: 'refused', endsScript: sql.includes('last') } : undefined;
  };

  test('are counted apart, with their reason', async () => {
    const result = await run(
      ['statement ok', 'fail meant', '', 'statement ok', 'fail x', '', 'query I', 'fail meant'],
      {
        excused,
      },
    );
    expect(result.records.map(({ outcome }) => outcome)).toEqual([
      { kind: 'skipped', reason: 'refused' },
      { kind: 'failed', reason: 'x' },
      { kind: 'skipped', reason: 'refused' },
    ]);
  });

  test('may end the script', async () => {
    const result = await run(['statement ok', 'fail meant last', '', 'statement ok', 'A'], { excused });
    expect(outcomes(result)).toEqual(['skipped', 'skipped']);
    expect(result.log).toEqual(['fail meant last']);
  });

  test('are of order alone where the script asks for no sorting, and all rows are there', async () => {
    const database = new Rows([['1'], ['2']]);
    const lines = ['query I', 'rows', '----', '2', '1', '', 'query I', 'rows', '----', '2', '3'];
    const result = await run(lines, { excused, database });
    expect(result.records.map(({ outcome }) => outcome.kind)).toEqual(['skipped', 'failed']);
  });
});

/** Answers everything with the same rows. */
class Rows extends Echo {
  readonly #rows: string[][];

  constructor(rows: string[][]) {
    super();
    this.#rows = rows;
  }

  override connection(): ReturnType<Database['connection']> {
    const outcome: Outcome = { kind: 'rows', columns: [{ kind: 'other' }], rows: this.#rows };
    return Promise.resolve({ run: () => Promise.resolve(outcome) });
  }
}
