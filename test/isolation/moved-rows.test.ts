import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AlopexDB } from '../../index.ts';
import { makeTempFolder, removeFolder } from '../differential/test-support/temp-folder.ts';

const CREATE = {
  'with a key': 'CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)',
  'without a key': 'CREATE TABLE t (id INTEGER, n INTEGER)',
  'in another order': `CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER) WITH (sort_by = 'n')`,
} as const;
const IDS = 12;

/** What others do while the transaction is open. */
type Step =
  | { readonly kind: 'move'; readonly sql: string }
  | { readonly kind: 'update' | 'delete'; readonly id: number }
  | { readonly kind: 'insert' };

const id = fc.integer({ min: 1, max: IDS });
const move = fc.constantFrom(
  'CHECKPOINT',
  'VACUUM t',
  'ALTER TABLE t TIER PARTITION WHERE true TO COLD',
  'ALTER TABLE t TIER PARTITION WHERE id % 2 = 0 TO COLD',
  'ALTER TABLE t TIER PARTITION WHERE id > 4 TO HOT',
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: move.map((sql) => ({ kind: 'move', sql }) as const) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('update' as const, 'delete' as const), id }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'insert' } as const) },
);
const episode = fc.record({
  /** Some rows are in files when the transaction begins, and some in memory; some were changed. */
  before: fc.array(step, { maxLength: 4 }),
  mine: fc.array(fc.record({ kind: fc.constantFrom('update' as const, 'delete' as const), id }), {
    minLength: 1,
    maxLength: 4,
  }),
  theirs: fc.array(step, { minLength: 1, maxLength: 5 }),
});

async function run(db: Pick<AlopexDB, 'execute'>, model: Map<number, number>, next: Step): Promise<void> {
  if (next.kind === 'move') return void (await db.execute(next.sql));
  if (next.kind === 'insert') {
    const fresh = Math.max(0, ...model.keys()) + 1;
    await db.execute('INSERT INTO t VALUES ($1, $1 * 10)', [fresh]);
    model.set(fresh, fresh * 10);
    return;
  }
  const old = model.get(next.id);
  if (next.kind === 'delete') await db.execute('DELETE FROM t WHERE id = $1', [next.id]);
  else await db.execute('UPDATE t SET n = 1000 - n WHERE id = $1', [next.id]);
  if (next.kind === 'delete') model.delete(next.id);
  else if (old !== undefined) model.set(next.id, 1000 - old);
}

/** Whether rows of a table that were changed by others only by moving make no conflict, and the others do. */
async function check(
  create: string,
  { before, mine, theirs }: typeof episode extends fc.Arbitrary<infer E> ? E : never,
) {
  const folder = await makeTempFolder();
  const db = await AlopexDB.open(folder, { threads: 1 });
  try {
    const model = new Map(Array.from({ length: IDS }, (_, at) => [at + 1, (at * 7) % 5]));
    await db.execute(`${create}; INSERT INTO t VALUES ${[...model].map((row) => `(${row.join()})`).join()}`);
    for (const next of before) await run(db, model, next);
    const snapshot = new Map(model);
    const connection = await db.connect();
    await connection.execute('BEGIN');
    const own = new Map(snapshot);
    for (const next of mine) await run(connection, own, next);
    for (const next of theirs) await run(db, model, next);
    const changed = mine.filter((next) => snapshot.has(next.id)).map((next) => next.id);
    const touched = new Set(theirs.flatMap((next) => ('id' in next ? [next.id] : [])));
    const clash = changed.some((each) => touched.has(each));
    const outcome = await connection.execute('COMMIT').then(
      () => 'committed',
      (error: { code: string }) => error.code,
    );
    await connection.close();
    expect(outcome).toBe(clash ? '40001' : 'committed');
    if (!clash) {
      for (const each of changed) {
        const value = own.get(each);
        if (value === undefined) model.delete(each);
        else model.set(each, value);
      }
    }
    const state = async (of: AlopexDB): Promise<unknown[]> =>
      [...(await of.query('SELECT id, n FROM t ORDER BY id'))].map((row) => [row['id'], row['n']]);
    const expected = [...model].sort(([a], [b]) => a - b);
    expect(await state(db)).toEqual(expected);
    await db.close();
    const again = await AlopexDB.open(folder, { threads: 1 });
    expect(await state(again)).toEqual(expected);
    await again.close();
  } finally {
    await db.close();
    await removeFolder(folder);
  }
}

describe.each(Object.entries(CREATE))(
  'rows that a flush, a merge or a move has put elsewhere, of a table %s',
  (_, create) => {
    test('are a conflict only when they were changed', async () => {
      await fc.assert(
        fc.asyncProperty(episode, (drawn) => check(create, drawn)),
        { seed: 3, numRuns: 6, endOnFailure: true },
      );
    });
  },
);

test('a change that a merge has carried into a new file is a conflict', async () => {
  // Merged from what was there before the transaction began, and finished after another has changed the row.
  const theirs = ['CHECKPOINT', 'VACUUM t'].map((sql) => ({ kind: 'move', sql }) as const);
  const other = { kind: 'update', id: 2 } as const;
  for (const order of [
    [other, ...theirs],
    [...theirs, other],
    [theirs[0]!, other, theirs[1]!],
  ]) {
    await check(CREATE['with a key'], { before: [], mine: [{ kind: 'delete', id: 2 }], theirs: order });
  }
});
