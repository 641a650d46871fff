import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TestDatabase } from './database.ts';

let database: TestDatabase;
beforeEach(async () => {
  database = await TestDatabase.open();
});
afterEach(async () => database.close());

describe('values', () => {
  test('come from one sequence for all connections, and columns are named as typed', async () => {
    await database.execute('CREATE SCHEMA s', 'CREATE SEQUENCE s.q START 5 INCREMENT BY 2');
    const connection = await database.db.connect();
    try {
      await connection.execute('USE s');
      expect(await database.rows(`SELECT nextval('q')`, connection)).toEqual([{ "nextval('q')": 5 }]);
      expect(await database.values(`SELECT nextval('s.q') AS v`)).toEqual([7]);
      expect(await database.values(`SELECT currval('"S"."Q"') AS v`, connection)).toEqual([7]);
    } finally {
      await connection.close();
    }
    expect(await database.values(`SELECT nextval('s.q') FROM range(3)`)).toEqual([9, 11, 13]);
    await expect(database.rows(`SELECT nextval('q')`)).rejects.toMatchObject({ code: '42704' });
  });

  test('fill rows, by statements, defaults and views', async () => {
    await database.execute(
      'CREATE SEQUENCE q',
      `CREATE TABLE t (id INTEGER DEFAULT nextval('q'), x INTEGER)`,
      `CREATE VIEW v AS SELECT nextval('q') AS id, 9 AS x`,
      'INSERT INTO t (x) VALUES (1), (2)',
      `INSERT INTO t SELECT nextval('q'), 3`,
      'INSERT INTO t FROM v',
      `INSERT INTO t VALUES (nextval('q'), 5)`,
      `UPDATE t SET id = nextval('q') WHERE x = 1`,
      'ALTER TABLE t RENAME COLUMN x TO y',
      'INSERT INTO t (y) VALUES (6)',
    );
    expect(await database.rows('FROM t ORDER BY id')).toEqual([
      { id: 2, y: 2 },
      { id: 3, y: 3 },
      { id: 4, y: 9 },
      { id: 5, y: 5 },
      { id: 6, y: 1 },
      { id: 7, y: 6 },
    ]);
    expect(await database.values('SELECT default_sql FROM alopex.columns')).toEqual([`nextval('q')`, null]);
    await expect(database.execute(`CREATE MACRO fresh() AS nextval('q')`)).rejects.toMatchObject({ code: '0A000' });
    await expect(database.execute('CREATE MACRO m() AS TABLE FROM v')).rejects.toMatchObject({ code: '0A000' });
    await database.execute(`CREATE TABLE u AS SELECT nextval('q') AS id`);
    expect(await database.values('FROM u')).toEqual([8]);
  });

  test('of a transaction that is rolled back are skipped', async () => {
    await database.execute('CREATE SEQUENCE q', 'CREATE TABLE t (a INTEGER)');
    await expect(
      database.db.transaction(async (transaction) => {
        await transaction.execute(`INSERT INTO t VALUES (nextval('q'))`);
        throw new Error('enough');
      }),
    ).rejects.toThrow('enough');
    await database.execute(`INSERT INTO t VALUES (nextval('q'))`);
    expect(await database.values('FROM t')).toEqual([2]);
  });

  test('end, or begin again', async () => {
    await database.execute('CREATE SEQUENCE q MAXVALUE 2', 'CREATE SEQUENCE r MINVALUE 1 MAXVALUE 2 CYCLE');
    await database.execute('CREATE SEQUENCE down INCREMENT BY -1 START -1');
    expect(await database.values(`SELECT nextval('r') FROM range(3)`)).toEqual([1, 2, 1]);
    expect(await database.values(`SELECT nextval('down') FROM range(2)`)).toEqual([-1, -2]);
    expect(await database.values(`SELECT nextval('q') FROM range(2)`)).toEqual([1, 2]);
    await expect(database.rows(`SELECT nextval('q')`)).rejects.toMatchObject({ code: '2200H' });
    await database.reopen();
    await expect(database.rows(`SELECT nextval('q')`)).rejects.toMatchObject({ code: '2200H' });
    expect(await database.values(`SELECT nextval('r') FROM range(2)`)).toEqual([2, 1]);
    expect(await database.values(`SELECT nextval('down')`)).toEqual([-3]);
  });
});

describe('a value is never handed out twice', () => {
  test('after an orderly close, and none is skipped', async () => {
    await database.execute('CREATE SEQUENCE q', 'CREATE SEQUENCE unused START 7');
    await database.rows(`SELECT nextval('q') FROM range(10)`);
    await database.reopen();
    await database.reopen();
    expect(await database.values(`SELECT nextval('q')`)).toEqual([11]);
    expect(await database.values(`SELECT nextval('unused')`)).toEqual([7]);
  });

  test.each([
    ['a query', `SELECT nextval('q') FROM range(5000)`],
    ['rows of the log', `INSERT INTO t SELECT nextval('q') FROM range(5000)`],
    ['rows of a segment', `INSERT INTO t SELECT nextval('q') FROM range(60000)`],
    ['rows of defaults', 'INSERT INTO t (b) SELECT range FROM range(5000)'],
    ['a table', `CREATE TABLE u AS SELECT nextval('q') AS a FROM range(5000)`],
  ])('after a crash, by %s', async (_, statement) => {
    await database.execute('CREATE SEQUENCE q', `CREATE TABLE t (a INTEGER DEFAULT nextval('q'), b INTEGER)`);
    await database.execute(statement.replace('INTO t SELECT', 'INTO t (a) SELECT'));
    const last = Number((await database.values(`SELECT currval('q')`))[0]);
    expect(last).toBeGreaterThanOrEqual(5000);
    const [next] = await database.afterCrash((db) => database.values(`SELECT nextval('q')`, db));
    expect(next).toBeGreaterThan(last);
    expect(next).toBeLessThan(last + 2000);
  });

  test('by a query whose rows were not read to the end before the crash', async () => {
    await database.execute('CREATE SEQUENCE q');
    let highest = 0;
    for await (const batch of database.db.stream(`SELECT nextval('q') AS v FROM range(100000)`)) {
      highest = Math.max(highest, Number(batch.getChild('v')?.get(batch.numRows - 1)));
      const [next] = await database.afterCrash((db) => database.values(`SELECT nextval('q')`, db));
      expect(next).toBeGreaterThan(highest);
      break;
    }
    expect(highest).toBeGreaterThan(0);
  });

  test('and small ranges are not used up by crashes', async () => {
    await database.execute('CREATE SEQUENCE q MAXVALUE 9');
    expect(await database.values(`SELECT nextval('q')`)).toEqual([1]);
    expect(await database.afterCrash((db) => database.values(`SELECT nextval('q')`, db))).toEqual([2]);
  });
});

describe('definitions', () => {
  test('are replaced, renumbered and dropped', async () => {
    await database.execute('CREATE SEQUENCE q START 100', `CREATE TABLE t (a INTEGER DEFAULT nextval('q'), b INTEGER)`);
    await database.execute('INSERT INTO t (b) VALUES (1)');
    await expect(database.execute('CREATE SEQUENCE q')).rejects.toMatchObject({ code: '42P07' });
    await database.execute('CREATE SEQUENCE IF NOT EXISTS q', 'INSERT INTO t (b) VALUES (2)');
    await database.execute('CREATE OR REPLACE SEQUENCE q START 7 MAXVALUE 50', 'INSERT INTO t (b) VALUES (3)');
    await database.reopen();
    await database.execute('INSERT INTO t (b) VALUES (4)');
    expect(await database.values('SELECT a FROM t ORDER BY b')).toEqual([100, 101, 7, 8]);
    await expect(database.execute('DROP SEQUENCE q')).rejects.toMatchObject({ code: '2BP01' });
    await database.execute('DROP TABLE t', 'DROP SEQUENCE q');
    await expect(database.rows(`SELECT nextval('q')`)).rejects.toMatchObject({ code: '42704' });
    await expect(database.execute('DROP SEQUENCE q')).rejects.toMatchObject({ code: '42P01' });
    await database.reopen();
    expect(await database.rows('FROM alopex.sequences')).toEqual([]);
    await database.execute('CREATE SEQUENCE q');
    expect(await database.values(`SELECT nextval('q')`)).toEqual([1]);
  });

  test('have their options checked', async () => {
    await expect(database.execute('CREATE SEQUENCE q START 3 MAXVALUE 2')).rejects.toMatchObject({ code: '42601' });
    await expect(database.execute('CREATE SEQUENCE q INCREMENT BY 0')).rejects.toMatchObject({ code: '42601' });
    await database.execute('CREATE SEQUENCE q START WITH 3 MINVALUE -2 NO CYCLE');
    expect(await database.values('SELECT sql FROM alopex.sequences')).toEqual([
      'CREATE SEQUENCE "main"."q" START WITH 3 INCREMENT BY 1 MINVALUE -2 MAXVALUE 9223372036854775807 NO CYCLE',
    ]);
  });
});
