import { describe, expect, test } from 'vitest';
import type { TransactionHandle } from '../../index.ts';
import { RulesDatabase, rows, text } from './test-support/rules-database.ts';

const database = RulesDatabase.forEachTest();

describe('a transaction', () => {
  test('takes effect as a whole, in tables and keys', async () => {
    const result = await database.db.transaction(async (tx) => {
      await tx.execute('INSERT INTO t VALUES (4, 40); DELETE FROM t WHERE id = 1');
      await tx.kv.put('k', 'v');
      expect(await rows(tx)).toEqual([
        [2, 20],
        [3, 30],
        [4, 40],
      ]);
      expect(text(await tx.kv.get('k'))).toBe('v');
      expect(await rows(database.db)).toEqual([
        [1, 10],
        [2, 20],
        [3, 30],
      ]);
      expect(await database.db.kv.get('k')).toBeUndefined();
      return 'done';
    });
    expect(result).toBe('done');
    expect(await rows(database.db)).toEqual([
      [2, 20],
      [3, 30],
      [4, 40],
    ]);
    expect(text(await database.db.kv.get('k'))).toBe('v');
    await database.db.close();
    await database.open();
    expect(await rows(database.db)).toEqual([
      [2, 20],
      [3, 30],
      [4, 40],
    ]);
    expect(text(await database.db.kv.get('k'))).toBe('v');
  });

  test('does nothing when its function throws, and the error comes out as it is', async () => {
    const mine = new TypeError('mine');
    await expect(
      database.db.transaction(async (tx) => {
        await tx.execute('DELETE FROM t');
        await tx.kv.put('k', 'v');
        throw mine;
      }),
    ).rejects.toBe(mine);
    expect(await rows(database.db)).toEqual([
      [1, 10],
      [2, 20],
      [3, 30],
    ]);
    expect(await database.db.kv.has('k')).toBe(false);
    expect(await database.leftovers()).toEqual([]);
  });

  test('goes on after a statement that fails, which changes nothing', async () => {
    await database.db.transaction(async (tx) => {
      await tx.execute('INSERT INTO t VALUES (4, 40)');
      for (const [sql, code] of [
        ['INSERT INTO t VALUES (5, 50), (4, 41)', '23505'],
        ['INSERT INTO t VALUES (5, 50), (1, 11)', '23505'],
        ['INSERT INTO t VALUES (5, 50), (NULL, 1)', '23502'],
        ["INSERT INTO t VALUES (5, 50), (6, 'x'::INTEGER)", '22P02'],
        ['UPDATE t SET id = 4 WHERE id = 1', '23505'],
        ['UPDATE t SET id = 7', '23505'],
        ['SELECT nothing FROM t', '42703'],
        ['SELECT * FROM nowhere', '42P01'],
        ['SELEC 1', '42601'],
      ] as const) {
        await expect(tx.execute(sql), sql).rejects.toMatchObject({ code });
        expect(await rows(tx), sql).toEqual([
          [1, 10],
          [2, 20],
          [3, 30],
          [4, 40],
        ]);
      }
      await tx.execute('UPDATE t SET id = id + 10 WHERE id = 4');
    });
    expect(await rows(database.db)).toEqual([
      [1, 10],
      [2, 20],
      [3, 30],
      [14, 40],
    ]);
  });

  test('refuses statements that tend files', async () => {
    await database.db.transaction(async (tx) => {
      for (const sql of ['ALTER TABLE t TIER PARTITION WHERE true TO COLD', 'CHECKPOINT', 'VACUUM t']) {
        await expect(tx.execute(sql), sql).rejects.toMatchObject({ code: '25001' });
      }
      await tx.execute('UPDATE t SET n = 0');
    });
    expect(await rows(database.db)).toEqual([
      [1, 0],
      [2, 0],
      [3, 0],
    ]);
  });

  test.each([
    ['its first statements', false],
    ['later statements', true],
  ])('runs one statement at a time: %s', async (_, warm) => {
    await database.db.transaction(async (tx) => {
      if (warm) await tx.query('SELECT 1');
      const results = await Promise.allSettled([
        tx.execute('INSERT INTO t VALUES (4, 40)'),
        tx.execute('INSERT INTO t VALUES (5, 50)'),
        tx.query('SELECT * FROM t'),
      ]);
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
      expect(results[1]).toMatchObject({ reason: { code: '55006' } });
      for await (const _ of tx.stream('SELECT * FROM t')) {
        await expect(tx.execute('DELETE FROM t')).rejects.toMatchObject({ code: '55006' });
      }
      await tx.execute('INSERT INTO t VALUES (6, 60)');
    });
    expect(await rows(database.db)).toEqual([
      [1, 10],
      [2, 20],
      [3, 30],
      [4, 40],
      [6, 60],
    ]);
    expect(await database.leftovers()).toEqual([]);
  });

  test('is refused its commit while a statement of it is running, and leaves nothing', async () => {
    let late: Promise<unknown> = Promise.resolve();
    await expect(
      database.db.transaction(async (tx) => {
        await tx.execute('INSERT INTO t VALUES (4, 40)');
        await tx.kv.put('k', 'v');
        late = tx.execute('INSERT INTO t SELECT range + 100, 0 FROM range(1000)').catch((error: unknown) => error);
      }),
    ).rejects.toMatchObject({ code: '25000' });
    await late;
    expect(await rows(database.db)).toEqual([
      [1, 10],
      [2, 20],
      [3, 30],
    ]);
    expect(await database.db.kv.has('k')).toBe(false);
    await database.db.execute('INSERT INTO t VALUES (5, 50)');
    expect(await database.leftovers()).toEqual([]);
  });

  test('does not wait for rows that nobody reads', async () => {
    await database.db.transaction(async (tx) => {
      const unread = tx.statements('SELECT * FROM range(100000)');
      await unread.next();
      await tx.kv.put('k', 'v');
    });
    expect(text(await database.db.kv.get('k'))).toBe('v');
    await database.db.execute('UPDATE t SET n = 1');
    expect(await rows(database.db)).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
  });

  test('cannot be used after its end', async () => {
    for (const fails of [false, true]) {
      let kept: TransactionHandle | undefined;
      let savepoint: { rollBack(): Promise<void> } | undefined;
      let scan: AsyncIterator<unknown> | undefined;
      await database.db.kv.batch(['a', 'b', 'c'].map((key) => ({ type: 'put', key, value: 'v' })));
      await database.db.kv.flush();
      await database.db
        .transaction(async (tx) => {
          kept = tx;
          savepoint = tx.savepoint();
          scan = tx.kv.scan();
          await scan.next();
          await tx.execute('UPDATE t SET n = n + 1');
          if (fails) throw new Error('mine');
        })
        .catch(() => undefined);
      const tx = kept as unknown as TransactionHandle;
      for (const use of [
        () => tx.execute('SELECT 1'),
        () => tx.query('SELECT * FROM t'),
        () => tx.execute('DELETE FROM t'),
        () => tx.kv.get('a'),
        () => tx.kv.has('a'),
        () => tx.kv.getMany(['a']),
        () => tx.kv.put('a', 'late'),
        () => tx.kv.delete('a'),
        () => tx.kv.batch([{ type: 'del', key: 'a' }]),
        () => tx.kv.deleteRange({}),
        () => tx.kv.scan().next(),
        () => tx.kv.keyspace('new').get('a'),
        () => tx.kv.keyspace('new').put('a', 'late'),
        () => scan?.next(),
        () => savepoint?.rollBack(),
        () => Promise.resolve().then(() => tx.savepoint()),
      ]) {
        await expect((async (): Promise<unknown> => use())(), String(use)).rejects.toMatchObject({ code: '25000' });
      }
    }
    expect(await rows(database.db)).toEqual([
      [1, 11],
      [2, 21],
      [3, 31],
    ]);
    expect(text(await database.db.kv.get('a'))).toBe('v');
  });

  test('with a wrong option is refused', async () => {
    const nothing = (): Promise<void> => Promise.resolve();
    for (const maxAttempts of [0, -1, 1.5, NaN, '3' as unknown as number]) {
      await expect(database.db.transaction(nothing, { maxAttempts })).rejects.toMatchObject({ code: '22023' });
    }
    await expect(database.db.transaction(nothing, { isolation: 'dirty' as 'snapshot' })).rejects.toMatchObject({
      code: '22023',
    });
    await expect(database.db.transaction('no function' as unknown as typeof nothing)).rejects.toMatchObject({
      code: '22023',
    });
  });

  test('is refused when the database is closed, and ends when it is closed meanwhile', async () => {
    let closing: Promise<void> | undefined;
    const late = database.db.transaction(async (tx) => {
      await tx.execute('DELETE FROM t');
      closing = database.db.close();
      await closing;
    });
    await expect(late).rejects.toMatchObject({ code: '57P03' });
    await closing;
    await expect(database.db.transaction(() => Promise.resolve())).rejects.toMatchObject({ code: '57P03' });
    await database.open();
    expect(await rows(database.db)).toEqual([
      [1, 10],
      [2, 20],
      [3, 30],
    ]);
  });

  test('that holds what a flush has replaced lets go of it after the database was closed', async () => {
    const snapshot = database.db.kv.snapshot();
    const late = database.db.transaction(async (tx) => {
      await tx.query('SELECT * FROM t');
      await database.db.kv.put('a', '1');
      await database.db.execute('CHECKPOINT');
      await database.db.close();
    });
    await expect(late).rejects.toMatchObject({ code: '57P03' });
    snapshot.release();
    await database.open();
    expect(await database.db.kv.has('a')).toBe(true);
  });
});
