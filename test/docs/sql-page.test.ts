import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AlopexDB, type Connection } from '../../index.ts';
import { EXAMPLES } from './examples.ts';
import { withExamples } from './sql-page.ts';

test('docs/sql.md has the examples as they are; if not: npm run docs:sql', async () => {
  const page = await readFile(join(import.meta.dirname, '../../docs/sql.md'), 'utf8');
  expect(page).toBe(withExamples(page));
});

describe('every example', () => {
  let folder: string;
  let db: AlopexDB;
  let connection: Connection;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'alopex-docs-'));
    db = await AlopexDB.open(folder, { threads: 1 });
    connection = await db.connect();
  });

  afterAll(async () => {
    await connection.close();
    await db.close();
    await rm(folder, { recursive: true, force: true });
  });

  test.each(EXAMPLES)('$title', async ({ supported, refused = [] }) => {
    for (const sql of supported) {
      await connection.execute(sql).catch((error: unknown) => {
        throw new Error(`an example that is said to work fails: ${sql}`, { cause: error });
      });
    }
    const codes: (readonly [code: unknown, sql: string])[] = [];
    for (const [, sql] of refused) {
      const code = await connection.execute(sql).then(
        () => 'runs',
        (error: unknown) => (error as { code?: unknown }).code,
      );
      codes.push([code, sql]);
    }
    expect(codes).toEqual(refused);
  });
});
