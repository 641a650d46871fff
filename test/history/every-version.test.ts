import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HistoryDatabase } from './test-support/history-database.ts';

const id = fc.nat({ max: 30 });
const change = fc.oneof(
  { arbitrary: fc.record({ kind: fc.constant('insert'), id, n: fc.nat({ max: 9 }) }), weight: 6 },
  { arbitrary: fc.record({ kind: fc.constant('update'), id, n: fc.nat({ max: 9 }) }), weight: 4 },
  { arbitrary: fc.record({ kind: fc.constant('delete'), id, n: fc.constant(0) }), weight: 3 },
  {
    arbitrary: fc.record({
      kind: fc.constantFrom('row', 'row', 'many', 'flush', 'merge', 'cold', 'hot', 'column', 'truncate', 'reopen'),
      id,
      n: fc.nat({ max: 9 }),
    }),
    weight: 5,
  },
);

function toSql(kind: string, at: number, n: number, step: number): string {
  switch (kind) {
    case 'insert':
      return `INSERT OR REPLACE INTO t BY NAME SELECT ${at} AS id, ${n} AS n`;
    case 'row':
      return `INSERT INTO t (id, n) VALUES (${1000 + step}, ${n}), (${2000 + step}, ${n})`;
    case 'update':
      return `UPDATE t SET n = n + ${n} WHERE id <= ${at}`;
    case 'delete':
      return `DELETE FROM t WHERE id % 7 = ${at % 7}`;
    case 'many':
      return `INSERT OR REPLACE INTO t BY NAME SELECT range AS id, ${n} AS n FROM range(60)`;
    case 'flush':
      return 'CHECKPOINT';
    case 'merge':
      return 'VACUUM t';
    case 'cold':
      return `ALTER TABLE t TIER PARTITION WHERE id >= ${at} TO COLD`;
    case 'hot':
      return `ALTER TABLE t TIER PARTITION WHERE id >= ${at} TO HOT`;
    case 'column':
      return `ALTER TABLE t ADD COLUMN c${step} INTEGER DEFAULT ${n}`;
    default:
      return 'TRUNCATE t';
  }
}

test('every version is what it was, whatever happened to its files since', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 12, maxLength: 25 }), async (changes) => {
      const database = await HistoryDatabase.open();
      try {
        await database.db.execute(
          "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER) WITH (history_retention = INTERVAL '1 day')",
        );
        const was: { version: number; time: Date; rows: string[] }[] = [];
        for (const [step, { kind, id: at, n }] of changes.entries()) {
          database.clock.wallMs += 1000;
          if (kind === 'reopen') await database.reopen();
          else await database.db.execute(toSql(kind, at, n, step));
          const rows = await database.rows('SELECT * FROM t ORDER BY id');
          was.push({ version: await database.version(), time: new Date(database.clock.wallMs), rows });
        }
        for (const { version, time, rows } of was) {
          expect(await database.rows(`SELECT * FROM t AT (VERSION => ${version}) ORDER BY id`)).toEqual(rows);
          expect(await database.rows('SELECT * FROM t AT (TIMESTAMP => $1) ORDER BY id', [time])).toEqual(rows);
        }
      } finally {
        await database.remove();
      }
    }),
    { seed: 7, numRuns: 6 },
  );
});
