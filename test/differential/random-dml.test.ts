import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EngineLimits } from '../../engine/limits.ts';
import { AlopexSide } from './test-support/alopex-side.ts';
import { BASE_COLUMNS, dmlCommand, type DmlCommand } from './test-support/dml-command.ts';
import { PlainDuckDb } from './test-support/plain-duckdb.ts';
import { TablePair } from './test-support/table-pair.ts';
import { makeTempFolder, removeFolder } from './test-support/temp-folder.ts';

interface Setup {
  readonly keys: readonly string[];
  readonly options: string;
  readonly limits: Partial<EngineLimits>;
}

const OPTIONS = {
  byMonth: "WITH (sort_by = 'ts', partition_by = 'month(ts)', tier_column = 'ts')",
  byText: "WITH (sort_by = 'g, id', partition_by = 'g, truncate(2, s)')",
  none: '',
};

/** Tiny limits send every statement, or every few, by segments instead of by the log. */
const TINY = { largeRows: 3, memtableBytes: 200 };
const SMALL = { largeRows: 50, memtableBytes: 3000 };

const SETUPS: readonly Setup[] = [
  { keys: ['id'], options: OPTIONS.byMonth, limits: {} },
  { keys: ['id'], options: OPTIONS.byMonth, limits: TINY },
  { keys: ['g', 'id'], options: OPTIONS.byText, limits: SMALL },
  { keys: ['id', 'g'], options: OPTIONS.none, limits: TINY },
];

async function runHistory(setup: Setup, commands: readonly DmlCommand[]): Promise<void> {
  const folder = await makeTempFolder();
  const plain = await PlainDuckDb.open();
  let alopex: AlopexSide | undefined;
  try {
    alopex = await AlopexSide.open(folder, { limits: setup.limits });
    const create = `CREATE TABLE t (${BASE_COLUMNS}, PRIMARY KEY (${setup.keys.join(', ')}))`;
    await plain.run(create);
    await alopex.run(`${create} ${setup.options}`);
    const pair = new TablePair(alopex, plain);
    for (const command of commands) await pair.apply(command);
    await pair.compareAll();
    await alopex.reopen();
    await pair.compareAll();
  } finally {
    await alopex?.close();
    plain.close();
    await removeFolder(folder);
  }
}

describe('random histories leave the same rows as in plain DuckDB', () => {
  test.concurrent.each(SETUPS.map((setup, index) => ({ ...setup, seed: 20_241 + index })))(
    'primary key ($keys) $options, limits $limits',
    async (setup) => {
      const histories = fc.array(dmlCommand(setup.keys), { minLength: 20, maxLength: 30, size: 'max' });
      await fc.assert(
        fc.asyncProperty(histories, (commands) => runHistory(setup, commands)),
        { seed: setup.seed, numRuns: 15 },
      );
    },
    600_000,
  );
});

describe('OR REPLACE with some of the columns', () => {
  test.each(['memory', 'a cold file'])('keeps the others of a row that is in %s', async (tier) => {
    const folder = await makeTempFolder();
    const plain = await PlainDuckDb.open();
    const alopex = await AlopexSide.open(folder);
    try {
      const both = async (sql: string): Promise<void> => {
        await plain.run(sql);
        await alopex.run(sql);
      };
      await both("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, s VARCHAR DEFAULT 'new')");
      await both("INSERT INTO t VALUES (1, 1, 'one'), (2, 2, 'two'), (3, 3, 'three'), (4, 4, 'four')");
      if (tier !== 'memory') await alopex.run('ALTER TABLE t TIER PARTITION WHERE true TO COLD');
      await both('INSERT OR REPLACE INTO t (id, n) VALUES (1, 10), (7, 70)');
      await both('INSERT OR REPLACE INTO t (id) VALUES (2), (8)');
      await both("INSERT OR REPLACE INTO t BY NAME SELECT 'drei' AS s, 3 AS id");
      await both('INSERT OR REPLACE INTO t VALUES (4, NULL, DEFAULT)');
      expect(await alopex.rows('SELECT * FROM t ORDER BY id')).toEqual(await plain.rows('SELECT * FROM t ORDER BY id'));
    } finally {
      await alopex.close();
      plain.close();
      await removeFolder(folder);
    }
  });
});

describe('several rows of one statement with the same key', () => {
  test('OR REPLACE keeps the last, DO UPDATE refuses, DO NOTHING keeps the first', async () => {
    const folder = await makeTempFolder();
    const alopex = await AlopexSide.open(folder);
    try {
      await alopex.run('CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)');
      await alopex.run('INSERT OR REPLACE INTO t VALUES (1, 10), (1, 11)');
      await alopex.run('INSERT OR IGNORE INTO t VALUES (2, 20), (2, 21)');
      await expect(
        alopex.run('INSERT INTO t VALUES (3, 30), (3, 31) ON CONFLICT DO UPDATE SET n = excluded.n'),
      ).rejects.toMatchObject({ code: '21000' });
      expect(await alopex.rows('SELECT * FROM t ORDER BY id')).toEqual([
        [1, 11],
        [2, 20],
      ]);
    } finally {
      await alopex.close();
      await removeFolder(folder);
    }
  });
});
