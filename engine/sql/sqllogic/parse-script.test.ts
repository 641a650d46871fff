import { describe, expect, test } from 'vitest';
import { parseScript } from './parse-script.ts';
import type { Step } from './script.ts';

const parse = (...lines: string[]): readonly Step[] => parseScript(lines.join('\n')).steps;

describe('statements', () => {
  test('SQL of several lines ends at an empty line or a comment', () => {
    const steps = parse(
      '# what it is',
      '',
      'statement ok',
      'CREATE TABLE t',
      '  (i INTEGER)',
      '',
      'statement ok',
      'B',
      '# c',
    );
    expect(steps).toMatchObject([
      { kind: 'statement', expect: 'ok', line: 3, sql: 'CREATE TABLE t\n  (i INTEGER)', connection: '' },
      { kind: 'statement', sql: 'B', line: 7 },
    ]);
  });

  test('an error may be expected by its text, on another connection', () => {
    expect(
      parse('statement error con1', 'SELECT', '----', 'syntax', 'error', '', 'statement maybe', 'X', '----'),
    ).toMatchObject([
      { expect: 'error', connection: 'con1', sql: 'SELECT', expectedError: 'syntax\nerror' },
      { expect: 'maybe', expectedError: '' },
    ]);
  });

  test.each([
    [['statement'], /ok, error or maybe/],
    [['statement ok', ''], /without SQL/],
    [['statement ok', 'A', '----', 'x'], /no result/],
    [['statement error', 'A'], /needs ----/],
    [['query', 'A'], /type for each column/],
    [['query X', 'A'], /type for each column/],
    [['wish', 'A'], /"wish" is no command/],
    [['loop i 0 2', '', 'statement ok', 'A'], /endloop is missing/],
    [['endloop'], /without a loop/],
    [['loop i zero 2', '', 'endloop'], /whole number/],
    [['continue'], /outside of a loop/],
    [['require json', 'statement ok', 'A'], /empty line/],
    [['sleep 1 fortnight'], /unit of time/],
    [['set colour red'], /not known/],
    [['onlyif i=1=2', 'statement ok', 'A'], /no condition/],
  ])('%j is refused', (lines, message) => {
    expect(() => parse(...lines)).toThrow(message);
    expect(() => parse('', ...lines)).toThrow(/^line \d+: /);
  });
});

describe('queries', () => {
  test('types, order, label and expected lines', () => {
    expect(
      parse('query ITR rowsort same', 'SELECT', '----', '1', 'a b', '# no comment', '', 'query I', 'X'),
    ).toMatchObject([
      {
        kind: 'query',
        columnCount: 3,
        sort: 'rowsort',
        label: 'same',
        expected: ['1', 'a b', '# no comment'],
        connection: '',
      },
      { columnCount: 1, sort: 'nosort', label: undefined, expected: [] },
    ]);
  });

  test('a word that is no order names the connection', () => {
    expect(parse('query I con2', 'X', '----')).toMatchObject([{ sort: 'nosort', connection: 'con2' }]);
  });
});

describe('loops', () => {
  test('hold their steps, other loops among them', () => {
    const steps = parse(
      'loop i 3 6',
      '',
      'statement ok',
      'A',
      '',
      'concurrentforeach x a <signed> !integer',
      '',
      'statement ok',
      'B',
      '',
      'endloop',
      '',
      'endloop',
      '',
      'statement ok',
      'C',
    );
    expect(steps).toMatchObject([
      {
        kind: 'loop',
        variable: 'i',
        values: ['3', '4', '5'],
        concurrent: false,
        body: [
          { sql: 'A' },
          {
            variable: 'x',
            concurrent: true,
            values: ['a', 'tinyint', 'smallint', 'bigint', 'hugeint'],
            body: [{ sql: 'B' }],
          },
        ],
      },
      { sql: 'C' },
    ]);
  });

  test('run once at least', () => {
    expect(parse('loop i 5 5', '', 'endloop')).toMatchObject([{ values: ['5'] }]);
  });
});

describe('conditions', () => {
  test('of systems and of loop variables', () => {
    expect(parse('skipif mysql', 'onlyif i>=2&&j<>x', 'statement ok', 'A')).toMatchObject([
      {
        sql: 'A',
        conditions: [
          { kind: 'system', name: 'mysql', skip: true },
          { kind: 'loop', variable: 'i', operator: '>=', value: '2', skip: false },
          { kind: 'loop', variable: 'j', operator: '<>', value: 'x', skip: false },
        ],
      },
    ]);
  });
});

describe('other commands', () => {
  test('halt ends the script, and mode skip leaves records out, whatever stands in them', () => {
    expect(
      parse('mode skip', '', 'wish', 'A', '', 'mode unskip', '', 'statement ok', 'B', '', 'halt', '', 'wish'),
    ).toMatchObject([{ sql: 'B' }]);
  });

  test('each has its step', () => {
    const steps = parse(
      'require Vector_Size 512',
      '',
      'require-env HOME /root',
      '',
      'test-env DIR data',
      '',
      'load x.db readonly',
      '',
      'load',
      '',
      'restart',
      '',
      'reconnect',
      '',
      'sleep 2 seconds',
      '',
      'unzip a.gz',
      '',
      'unzip a.gz NULL',
      '',
      'unzip a.gz b',
      '',
      'hash-threshold 10',
      '',
      'reset label q',
      '',
      'set seed 0.5',
      '',
      'set ignore_error_messages HTTP Error, timed out',
      '',
      'set always_fail_error_messages',
    );
    expect(steps.map(({ line: _line, conditions: _conditions, ...step }) => step)).toEqual([
      { kind: 'require', name: 'vector_size', arguments: ['512'] },
      { kind: 'require-env', name: 'HOME', value: '/root' },
      { kind: 'test-env', name: 'DIR', value: 'data' },
      { kind: 'load', path: 'x.db', readOnly: true },
      { kind: 'load', path: undefined, readOnly: false },
      { kind: 'restart' },
      { kind: 'reconnect' },
      { kind: 'sleep', durationMs: 2000 },
      { kind: 'unzip', from: 'a.gz', to: undefined },
      { kind: 'unzip', from: 'a.gz', to: undefined },
      { kind: 'unzip', from: 'a.gz', to: 'b' },
      { kind: 'hash-threshold', count: 10 },
      { kind: 'reset-label', label: 'q' },
      { kind: 'seed', seed: '0.5' },
      { kind: 'ignore-errors', texts: ['HTTP Error', 'timed out'] },
      { kind: 'never-expected-errors', texts: [] },
    ]);
  });

  test('tags are kept', () => {
    expect(parseScript('tags slow odd\n').tags).toEqual(['slow', 'odd']);
  });
});
