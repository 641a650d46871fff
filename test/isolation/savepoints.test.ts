import { describe, expect, test } from 'vitest';
import type { KvSnapshot } from '../../index.ts';
import { RulesDatabase, rows, text } from './test-support/rules-database.ts';

const database = RulesDatabase.forEachTest();

describe('savepoints', () => {
  test('undo keys and rows since then, and the transaction goes on', async () => {
    await database.db.transaction(async (tx) => {
      const before = tx.savepoint();
      await tx.execute('DELETE FROM t WHERE id = 1');
      await tx.kv.put('k', '1');
      const between = tx.savepoint();
      await tx.execute('INSERT INTO t VALUES (1, 11)');
      await tx.kv.put('k', '2');
      await tx.kv.deleteRange({});
      expect(await rows(tx)).toEqual([
        [1, 11],
        [2, 20],
        [3, 30],
      ]);
      await between.rollBack();
      expect(await rows(tx)).toEqual([
        [2, 20],
        [3, 30],
      ]);
      expect(text(await tx.kv.get('k'))).toBe('1');
      await tx.execute('UPDATE t SET n = 0');
      await between.rollBack();
      expect(await rows(tx)).toEqual([
        [2, 20],
        [3, 30],
      ]);
      await before.rollBack();
      expect(await rows(tx)).toEqual([
        [1, 10],
        [2, 20],
        [3, 30],
      ]);
      expect(await tx.kv.has('k')).toBe(false);
      await expect(between.rollBack()).rejects.toMatchObject({ code: '3B001' });
      await tx.execute('DELETE FROM t WHERE id = 3');
      expect(await rows(tx)).toEqual([
        [1, 10],
        [2, 20],
      ]);
    });
    expect(await rows(database.db)).toEqual([
      [1, 10],
      [2, 20],
    ]);
    expect(await database.leftovers()).toEqual([]);
  });

  test('a session that a transaction has left shows nothing of it', async () => {
    await database.db.execute('CHECKPOINT');
    const failed = new Error('mine');
    for (let round = 0; round < 2; round++) {
      const first = database.db.transaction(async (tx) => {
        const savepoint = tx.savepoint();
        await tx.execute('INSERT INTO t VALUES (4, 40)');
        expect(await rows(tx)).toHaveLength(4);
        await savepoint.rollBack();
        if (round === 1) throw failed;
      });
      await (round === 0 ? first : expect(first).rejects.toBe(failed));
      expect(await database.leftovers()).toEqual([]);
      expect(await rows(database.db)).toEqual([
        [1, 10],
        [2, 20],
        [3, 30],
      ]);
      const second = database.db.transaction(async (tx) => {
        await tx.execute('DELETE FROM t WHERE id = 1');
        expect(await rows(tx)).toEqual([
          [2, 20],
          [3, 30],
        ]);
        throw failed;
      });
      await expect(second).rejects.toBe(failed);
      expect(await rows(database.db)).toEqual([
        [1, 10],
        [2, 20],
        [3, 30],
      ]);
    }
  });

  test('cannot be rolled back while a statement is running', async () => {
    await database.db.transaction(async (tx) => {
      const savepoint = tx.savepoint();
      const running = tx.execute('INSERT INTO t VALUES (4, 40)');
      await expect(savepoint.rollBack()).rejects.toMatchObject({ code: '55006' });
      await running;
      await savepoint.rollBack();
    });
    expect(await rows(database.db)).toHaveLength(3);
  });
});

describe('sizes', () => {
  test('a transaction takes keys and values as large as the store does, and many of them', async () => {
    const key = 'k'.repeat(60_000);
    const value = new Uint8Array(5 << 20).fill(7);
    await database.db.transaction(async (tx) => {
      await tx.kv.put(key, value);
      for (let number = 0; number < 5000; number++) await tx.kv.put(`key ${number}`, `value ${number}`);
      expect(await tx.kv.get(key)).toEqual(value);
      expect(text(await tx.kv.get('key 4999'))).toBe('value 4999');
      await tx.execute('INSERT INTO t SELECT range + 100, range FROM range(60000)');
    });
    expect(await database.db.kv.get(key)).toEqual(value);
    expect(text(await database.db.kv.get('key 2345'))).toBe('value 2345');
    expect(await rows(database.db, 'SELECT count(*)::INTEGER, max(n) FROM t')).toEqual([[60_003, 59_999]]);
    await expect(database.db.transaction((tx) => tx.kv.put('k'.repeat(70_000), ''))).rejects.toMatchObject({
      code: '54000',
    });
  });

  test('deleted ranges survive a flush and opening again', async () => {
    for (const key of ['a', 'b', 'c', 'd']) await database.db.kv.put(key, 'v');
    await database.db.transaction((tx) => tx.kv.deleteRange({ gte: 'b', lt: 'd' }));
    await database.db.kv.flush();
    await database.db.close();
    await database.open();
    const left: string[] = [];
    for await (const [key] of database.db.kv.scan()) left.push(Buffer.from(key).toString());
    expect(left).toEqual(['a', 'd']);
    expect(text(await database.db.kv.get('d'))).toBe('v');
  });

  test('a snapshot and a transaction read what they began with, whatever is written and flushed', async () => {
    await database.db.kv.put('a', 'before');
    let snapshot: KvSnapshot | undefined;
    await database.db.transaction(async (tx) => {
      snapshot = database.db.kv.snapshot();
      await database.db.kv.put('a', 'after');
      await database.db.execute('DELETE FROM t WHERE id > 1; CHECKPOINT');
      await database.db.kv.flush();
      await database.db.kv.settled();
      expect(text(await tx.kv.get('a'))).toBe('before');
      expect(text(await database.db.kv.get('a', { snapshot }))).toBe('before');
      expect(await rows(tx)).toEqual([
        [1, 10],
        [2, 20],
        [3, 30],
      ]);
    });
    snapshot?.release();
    expect(await rows(database.db)).toEqual([[1, 10]]);
  });
});
