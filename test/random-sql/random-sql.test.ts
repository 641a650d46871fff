import { describe, expect, test } from 'vitest';
import { randomEpisode } from './generate/episode.ts';
import { stepSql, type Step } from './generate/step.ts';
import { difference, type Outcome } from './run/outcome.ts';
import { runEpisode } from './run/run-episode.ts';
import { scriptText } from './run/script.ts';
import { shrink } from './run/shrink.ts';

const SEEDS = [4001, 4002, 4003, 4004];
const STATEMENTS = 100;

describe('random statements give what they give in plain DuckDB', () => {
  test.concurrent.each(SEEDS)('seed %i', async (seed) => {
    const episode = randomEpisode(seed, STATEMENTS);
    const report = await runEpisode(episode);
    const script = report.difference === undefined ? '' : scriptText(await shrink(episode, report.difference));
    expect(script).toBe('');
    // A run that is cut short, or whose statements all fail, shows nothing.
    expect(report.accepted).toBeUndefined();
    expect(report.statements).toBeGreaterThanOrEqual(STATEMENTS);
    expect(report.failed).toBeLessThan(report.statements / 4);
  });

  test('an episode is the same whenever it is made', () => {
    const texts = (seed: number): string[] => randomEpisode(seed, STATEMENTS).steps.map(stepSql);
    expect(texts(1)).toEqual(texts(1));
    expect(texts(1)).not.toEqual(texts(2));
  });
});

describe('a difference', () => {
  test('is found and shrunk to what shows it', async () => {
    const define = (sql: string, options: string): Step => ({ kind: 'define', sql, options });
    const query = (sql: string): Step => ({ kind: 'query', sql, ordered: false });
    const rows = ['(1)', '(2)', '(3)'];
    const insert: Step = {
      kind: 'insert',
      before: 'INSERT INTO t',
      rows,
      after: '',
      returning: false,
      duplicates: undefined,
    };
    // The option makes another column in one of the two.
    const steps = [
      define('CREATE TABLE u (x INTEGER)', ''),
      define('CREATE TABLE t AS SELECT 1 AS x', ' WHERE false'),
      query('FROM u'),
      insert,
      query('FROM t'),
    ];
    const episode = { limits: {}, steps };
    const report = await runEpisode(episode);
    expect(report.difference?.what).toBe('other number of rows');
    if (report.difference === undefined) return;
    const shrunk = await shrink(episode, report.difference);
    expect(shrunk.episode.steps.map(stepSql)).toEqual(['CREATE TABLE t AS SELECT 1 AS x WHERE false', 'FROM t']);
  });

  const rows = (...cells: (number | null)[]): Outcome => ({
    kind: 'rows',
    columns: ['x'],
    rows: cells.map((cell) => [cell]),
  });
  const error = (code: string): Outcome => ({ kind: 'error', code, message: 'no' });

  test('is in rows, their order where there is one, their number, their names', () => {
    expect(difference(rows(1, 2, null), rows(null, 2, 1), false)).toBeUndefined();
    expect(difference(rows(1, 2), rows(2, 1), true)).toBe('other rows');
    expect(difference(rows(1, 1, 2), rows(1, 2, 2), false)).toBe('other rows');
    expect(difference(rows(0), rows(null), false)).toBe('other rows');
    expect(difference(rows(1), rows(1, 1), false)).toBe('other number of rows');
    expect(difference(rows(1), { kind: 'rows', columns: ['y'], rows: [[1]] }, false)).toBe('other names of columns');
    expect(difference({ kind: 'done', count: 1 }, { kind: 'done', count: 2 }, false)).toBe(
      'other number of changed rows',
    );
  });

  test('is in failing alone, or for another reason', () => {
    expect(difference(error('23505'), error('23502'), false)).toBeUndefined();
    expect(difference(error('23505'), error('22003'), false)).toBeUndefined();
    expect(difference(error('22003'), error('42P01'), false)).toBe('fails with 22003 instead of 42P01');
    expect(difference(error('22003'), rows(1), false)).toMatch('fails in AlopexDB alone: 22003');
    expect(difference(rows(1), error('22003'), false)).toMatch('fails in DuckDB alone: 22003');
  });
});
