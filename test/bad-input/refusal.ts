import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect } from 'vitest';
import { AlopexError, type AlopexDB } from '../../index.ts';

/** How an error must look; a text must be part of what the error says. */
export interface ExpectedError {
  readonly code: string;
  readonly message: string | RegExp;
  readonly hint: string | RegExp;
}

/** Awaits the error of `work`; fails when there is none, or one of another type than all errors of AlopexDB have. */
export async function failure(work: Promise<unknown>): Promise<AlopexError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof AlopexError) return error;
    throw new Error(`not an AlopexError: ${error instanceof Error ? String(error.stack) : String(error)}`, {
      cause: error,
    });
  }
  throw new Error('it did not fail');
}

export function expectError(error: AlopexError, expected: ExpectedError): void {
  expect(error.code, error.message).toBe(expected.code);
  expect(error.message).toMatch(expected.message);
  expect(error.hint ?? '').toMatch(expected.hint);
}

/** Runs a statement that must fail as expected, and checks that rows and files are afterwards as they were before. */
export async function expectRefused(db: AlopexDB, folder: string, sql: string, expected: ExpectedError): Promise<void> {
  const rows = await contents(db);
  const files = await fingerprint(folder);
  expectError(await failure(db.execute(sql)), expected);
  expect(await contents(db)).toEqual(rows);
  expect(await fingerprint(folder)).toEqual(files);
}

/** The rows of table `t`, as text. */
export async function rowsOf(db: AlopexDB): Promise<string[]> {
  const rows = await db.query('SELECT t::VARCHAR AS row FROM t ORDER BY id');
  return rows.toArray().map((row: { row: string }) => row.row);
}

/** The rows of table `t`, and what is said of the tables. */
export async function contents(db: AlopexDB): Promise<string[]> {
  const tables = await db.query('FROM alopex.tables');
  const shown = tables
    .toArray()
    .map((row: { toJSON(): unknown }) =>
      JSON.stringify(row.toJSON(), (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
    );
  return [...(await rowsOf(db)), ...shown];
}

/** Size and checksum of every file below a folder. `LOCK` is not opened: that would give up the lock of this process. */
export async function fingerprint(folder: string): Promise<Record<string, string>> {
  const prints: Record<string, string> = {};
  for (const name of await filesIn(folder)) {
    const path = join(folder, name);
    prints[name] = name === 'LOCK' ? String((await stat(path)).size) : String(crc32(await readFile(path)));
  }
  return prints;
}

/** Paths of all files below a folder, relative to it, sorted. */
export async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}
