import { describe, expect, test } from 'vitest';
import type { AlopexError, TransactionHandle } from '../../index.ts';
import { RulesDatabase, rows, text } from './test-support/rules-database.ts';

const database = RulesDatabase.forEachTest();

describe('conflicts', () => {
  test('are retried, up to a bound', async () => {
    let attempts = 0;
    const clash = async (tx: TransactionHandle): Promise<void> => {
      attempts++;
      await tx.kv.put('k', `mine ${attempts}`);
      if (attempts < 4) await database.db.kv.put('k', `theirs ${attempts}`);
    };
    await expect(database.db.transaction(clash, { maxAttempts: 3 })).rejects.toMatchObject({ code: '40001' });
    expect(attempts).toBe(3);
    expect(text(await database.db.kv.get('k'))).toBe('theirs 3');
    await database.db.transaction(clash, { maxAttempts: 1 });
    expect(text(await database.db.kv.get('k'))).toBe('mine 4');
  });

  test.each([
    ['an updated row', 'UPDATE t SET n = 0 WHERE id = 1', 'UPDATE t SET n = 1 WHERE id = 1'],
    ['a deleted row', 'DELETE FROM t WHERE id = 1', 'UPDATE t SET n = 1 WHERE id < 2'],
    ['a key that both add', 'INSERT INTO t VALUES (7, 1)', 'INSERT INTO t VALUES (7, 2)'],
    ['a key that both upsert', 'INSERT OR REPLACE INTO t VALUES (2, 1)', 'INSERT OR REPLACE INTO t VALUES (2, 2)'],
    ['a key that one moves to', 'UPDATE t SET id = 9 WHERE id = 1', 'INSERT INTO t VALUES (9, 2)'],
    ['a table that was dropped', 'DROP TABLE t', 'DELETE FROM t'],
    ['a table with another column', 'ALTER TABLE t ADD COLUMN x INTEGER', 'DELETE FROM t'],
  ])('%s', async (_, theirs, mine) => {
    const running = database.db.transaction(
      async (tx) => {
        await tx.execute(mine);
        await database.db.execute(theirs);
      },
      { maxAttempts: 1 },
    );
    await expect(running).rejects.toMatchObject({ code: '40001' });
    expect(await database.leftovers()).toEqual([]);
  });

  test.each([
    ['other rows', 'UPDATE t SET n = 0 WHERE id = 1', 'UPDATE t SET n = 1 WHERE id = 2'],
    ['other keys', 'INSERT INTO t VALUES (7, 1)', 'INSERT INTO t VALUES (8, 2)'],
    ['rows that were only read', 'UPDATE t SET n = 0 WHERE id = 1', 'INSERT INTO t SELECT 50, sum(n) FROM t'],
    ['a flush of rows that stay', 'CHECKPOINT', 'INSERT INTO t VALUES (8, 2)'],
  ])('are not: %s', async (_, theirs, mine) => {
    await database.db.transaction(
      async (tx) => {
        await tx.execute(mine);
        await database.db.execute(theirs);
      },
      { maxAttempts: 1 },
    );
    const ids = (await rows(database.db, 'SELECT count(*) - count(DISTINCT id) FROM t')).map(([id]) => Number(id));
    expect(ids).toEqual([0]);
  });
});

describe('serializable', () => {
  const bothRun = async (
    one: (tx: TransactionHandle) => Promise<unknown>,
    other: (tx: TransactionHandle) => Promise<unknown>,
  ): Promise<string[]> => {
    let arrived = 0;
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const run = async (body: (tx: TransactionHandle) => Promise<unknown>): Promise<string> => {
      try {
        await database.db.transaction(
          async (tx) => {
            await body(tx);
            if (++arrived === 2) open();
            await gate;
          },
          { isolation: 'serializable', maxAttempts: 1 },
        );
        return 'ok';
      } catch (error) {
        return (error as AlopexError).code;
      }
    };
    return (await Promise.all([run(one), run(other)])).sort();
  };

  test.each<[string, (tx: TransactionHandle) => Promise<unknown>, (tx: TransactionHandle) => Promise<unknown>]>([
    [
      'keys',
      async (tx) => {
        await tx.kv.get('a');
        await tx.kv.put('b', '1');
      },
      async (tx) => {
        await tx.kv.get('b');
        await tx.kv.put('a', '1');
      },
    ],
    [
      'keyspaces that nothing was ever put into',
      async (tx) => {
        await tx.kv.keyspace('x').get('a');
        await tx.kv.keyspace('y').put('b', '1');
      },
      async (tx) => {
        for await (const _ of tx.kv.keyspace('y').scan());
        await tx.kv.keyspace('x').put('a', '1');
      },
    ],
    [
      'ranges of keys',
      async (tx) => {
        for await (const _ of tx.kv.scan({ gte: 'a', lt: 'c' }));
        await tx.kv.put('d', '1');
      },
      async (tx) => {
        for await (const _ of tx.kv.scan({ prefix: 'd' }));
        await tx.kv.put('b', '1');
      },
    ],
    [
      'tables',
      async (tx) => {
        await tx.query('SELECT sum(n) FROM t');
        await tx.execute('INSERT INTO u VALUES (1)');
      },
      async (tx) => {
        await tx.query('SELECT sum(n) FROM u');
        await tx.execute('INSERT INTO t VALUES (9, 1)');
      },
    ],
    [
      'tables read by statements that change others',
      (tx) => tx.execute('INSERT INTO u SELECT sum(n) FROM t'),
      (tx) => tx.execute('INSERT INTO t SELECT 9, count(*) FROM u'),
    ],
    [
      'tables read by conditions of updates and deletes',
      (tx) => tx.execute('UPDATE t SET n = 0 WHERE n < (SELECT count(*) FROM u) + 15'),
      (tx) => tx.execute('DELETE FROM u WHERE n > (SELECT min(n) FROM t)'),
    ],
    [
      'a table and keys',
      async (tx) => {
        await tx.query('SELECT * FROM t WHERE id = 1');
        await tx.kv.put('a', '1');
      },
      async (tx) => {
        await tx.kv.get('a');
        await tx.execute('UPDATE t SET n = 5 WHERE id = 1');
      },
    ],
  ])('refuses write skew over %s, which snapshot allows', async (_, one, other) => {
    await database.db.execute('CREATE TABLE u (n INTEGER); INSERT INTO u VALUES (99)');
    expect(await bothRun(one, other)).toEqual(['40001', 'ok']);
  });

  test('lets rows be added to a table side by side', async () => {
    const add = (id: number) => (tx: TransactionHandle) => tx.execute(`INSERT INTO t VALUES (${id}, 0)`);
    expect(await bothRun(add(7), add(8))).toEqual(['ok', 'ok']);
  });
});
