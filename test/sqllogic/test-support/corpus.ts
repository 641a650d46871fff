import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { AlopexDatabase } from '../alopex-database.ts';
import { layoutRequirements, type Layout } from '../layout.ts';
import { PlacedDatabase } from '../placed-database.ts';
import { runFile, type FileResult } from '../run-file.ts';

/** Our own scripts. */
export const SCRIPTS = globSync(join(import.meta.dirname, '../corpus/*.test')).sort();

/** Those that say nothing of where rows are. */
export const NEUTRAL = SCRIPTS.filter((path) => !readFileSync(path, 'utf8').includes('require fixed-layout'));

/** More than any script takes on a busy machine: it is there to end one that hangs. */
export const LIMIT_MS = 200_000;

export function onAlopex(path: string, layout: Layout): Promise<FileResult> {
  return runFile(path, {
    open: async (folder) => PlacedDatabase.of(await AlopexDatabase.open(folder), layout),
    systems: ['alopex', 'duckdb'],
    present: layoutRequirements(layout),
    limitMs: LIMIT_MS,
  });
}

/** Nothing failed, and every record was run. */
export function expectPassed({ records, broken, skipped }: FileResult): void {
  expect({ broken, skipped }).toEqual({ broken: undefined, skipped: undefined });
  expect(records.filter(({ outcome }) => outcome.kind !== 'passed')).toEqual([]);
  expect(records.length).toBeGreaterThan(2);
}
