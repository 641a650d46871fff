import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { AlopexDatabase } from './alopex-database.ts';
import { PlacedDatabase } from './placed-database.ts';
import { expectPassed, NEUTRAL, onAlopex } from './test-support/corpus.ts';

describe('on AlopexDB, with rows moved between the tiers after each change', () => {
  test.each(NEUTRAL.map((path) => [basename(path), path] as const))('%s', async (_name, path) => {
    expectPassed(await onAlopex(path, 'mixed'));
  });
});

test('layouts put the rows where they say', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'alopex-sqllogic-'));
  try {
    for (const [layout, condition] of [
      ['memory', 'memory_rows = 20'],
      ['hot', 'hot_rows = 20'],
      ['cold', 'cold_rows = 20'],
      ['mixed', 'cold_rows BETWEEN 1 AND 19'],
    ] as const) {
      const database = PlacedDatabase.of(await AlopexDatabase.open(join(folder, layout)), layout);
      const connection = await database.connection('');
      await connection.run('CREATE TABLE t (id INTEGER)');
      for (let part = 0; part < 4; part++) {
        expect(await connection.run(`INSERT INTO t SELECT ${part * 5} + i FROM range(5) r(i)`)).toMatchObject({
          rows: [['5']],
        });
      }
      const placed = await connection.run(`SELECT row_count, ${condition} FROM alopex.tables`);
      await database.close();
      expect({ layout, placed }).toMatchObject({ layout, placed: { rows: [['20', 'true']] } });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
