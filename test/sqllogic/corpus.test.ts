import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DuckDbDatabase } from './duckdb-database.ts';
import { runFile } from './run-file.ts';
import { expectPassed, LIMIT_MS, NEUTRAL, onAlopex, SCRIPTS } from './test-support/corpus.ts';

describe('on AlopexDB', () => {
  test.each(SCRIPTS.map((path) => [basename(path), path] as const))('%s', async (_name, path) => {
    expectPassed(await onAlopex(path, 'memory'));
  });
});

describe('on plain DuckDB, for what is no word of ours', () => {
  test.each(NEUTRAL.map((path) => [basename(path), path] as const))('%s', async (_name, path) => {
    const { records, broken } = await runFile(path, {
      open: () => DuckDbDatabase.open(),
      systems: ['duckdb'],
      limitMs: LIMIT_MS,
    });
    expect(broken).toBeUndefined();
    expect(records.filter(({ outcome }) => outcome.kind === 'failed')).toEqual([]);
    expect(records.some(({ outcome }) => outcome.kind === 'passed')).toBe(true);
  });
});
