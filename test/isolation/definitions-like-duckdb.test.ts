import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AlopexDB, AlopexError, type TransactionHandle } from '../../index.ts';
import { arrowRows } from '../differential/test-support/cell.ts';
import { PlainDuckDb } from '../differential/test-support/plain-duckdb.ts';
import { expectSameRows } from '../differential/test-support/same-rows.ts';
import { makeTempFolder, removeFolder } from '../differential/test-support/temp-folder.ts';

type Step =
  | { readonly kind: 'statement'; readonly sql: string }
  /** A key that is written past the transaction takes a number among commits. */
  | { readonly kind: 'savepoint' | 'key' }
  /** To one of the savepoints that there are. */
  | { readonly kind: 'roll back to'; readonly choice: number };

interface Round {
  readonly steps: readonly Step[];
  readonly end: 'commit' | 'throw';
  /** What happens to the database before the transaction. */
  readonly before: 'nothing' | 'CHECKPOINT' | 'VACUUM' | 'cold' | 'reopen';
}

const NAMES = ['a', 'b', 'c'] as const;
const name = fc.constantFrom(...NAMES);
const number = fc.integer({ min: 0, max: 9 });
const column = fc.constantFrom('x', 'y');
const columns = fc.constantFrom(
  'id INTEGER PRIMARY KEY, n INTEGER',
  'id INTEGER, n INTEGER',
  'id INTEGER, n INTEGER DEFAULT 3',
);
const CONDITIONS = ['true', 'id < 4', 'n IS NULL', 'id % 3 = 1'];
const condition = fc.constantFrom(...CONDITIONS);
const value = fc.oneof(number.map(String), fc.constant('NULL'));

const definition: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(name, columns).map(([t, c]) => `CREATE TABLE ${t} (${c})`),
  fc.tuple(name, columns).map(([t, c]) => `CREATE OR REPLACE TABLE ${t} (${c})`),
  fc.tuple(name, name, condition).map(([t, u, w]) => `CREATE TABLE ${t} AS SELECT id, n FROM ${u} WHERE ${w}`),
  name.map((t) => `DROP TABLE ${t}`),
  fc.tuple(name, name).map(([t, u]) => `ALTER TABLE ${t} RENAME TO ${u}`),
  fc.tuple(name, column).map(([t, c]) => `ALTER TABLE ${t} ADD COLUMN ${c} INTEGER`),
  fc.tuple(name, column, number).map(([t, c, n]) => `ALTER TABLE ${t} ADD COLUMN ${c} INTEGER DEFAULT ${n}`),
  fc.tuple(name, column).map(([t, c]) => `ALTER TABLE ${t} DROP COLUMN ${c}`),
  name.map((t) => `ALTER TABLE ${t} RENAME COLUMN x TO y`),
  fc.tuple(name, number).map(([t, n]) => `ALTER TABLE ${t} ALTER COLUMN n SET DEFAULT ${n}`),
  fc.tuple(name, condition).map(([t, w]) => `CREATE OR REPLACE VIEW v AS SELECT id, n FROM ${t} WHERE ${w}`),
  fc.constantFrom('DROP VIEW v', 'CREATE SCHEMA s', 'DROP SCHEMA s', 'CREATE OR REPLACE MACRO m(i) AS i + 1'),
);
const change: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(name, number, value).map(([t, i, n]) => `INSERT INTO ${t} (id, n) VALUES (${i}, ${n})`),
  fc.tuple(name, number).map(([t, i]) => `INSERT INTO ${t} (id) SELECT range + ${i} FROM range(4)`),
  fc.tuple(name, name, condition).map(([t, u, w]) => `INSERT INTO ${t} (id, n) SELECT id + 10, n FROM ${u} WHERE ${w}`),
  fc.tuple(name, condition).map(([t, w]) => `UPDATE ${t} SET n = n + 1 WHERE ${w}`),
  fc.tuple(name, number).map(([t, n]) => `UPDATE ${t} SET x = ${n} WHERE id > ${n}`),
  fc.tuple(name, condition).map(([t, w]) => `DELETE FROM ${t} WHERE ${w}`),
);

const statement = fc.oneof({ arbitrary: definition, weight: 4 }, { arbitrary: change, weight: 5 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: statement.map((sql): Step => ({ kind: 'statement', sql })), weight: 10 },
  { arbitrary: fc.constantFrom<Step>({ kind: 'savepoint' }, { kind: 'savepoint' }, { kind: 'key' }), weight: 3 },
  { arbitrary: fc.nat(5).map((choice): Step => ({ kind: 'roll back to', choice })), weight: 2 },
);
const round: fc.Arbitrary<Round> = fc.record({
  steps: fc.array(step, { minLength: 4, maxLength: 12, size: 'max' }),
  end: fc.constantFrom('commit', 'commit', 'throw'),
  before: fc.constantFrom('nothing', 'nothing', 'CHECKPOINT', 'VACUUM', 'cold', 'reopen'),
});

class RolledBack extends Error {}

/** Plain DuckDB, which knows no savepoints: what is undone is done again without it. */
class Reference {
  #plain: PlainDuckDb;
  #done: string[] = [];

  private constructor(plain: PlainDuckDb) {
    this.#plain = plain;
  }

  static async open(): Promise<Reference> {
    return new Reference(await PlainDuckDb.open());
  }

  get length(): number {
    return this.#done.length;
  }

  async run(sql: string): Promise<string> {
    const found = await outcome(this.#plain.run(sql));
    if (found === 'ok') this.#done.push(sql);
    return found;
  }

  async goBack(length: number): Promise<void> {
    if (length === this.#done.length) return;
    this.#plain.close();
    this.#plain = await PlainDuckDb.open();
    this.#done = this.#done.slice(0, length);
    for (const sql of this.#done) await this.#plain.run(sql);
  }

  rows(sql: string): ReturnType<PlainDuckDb['rows']> {
    return this.#plain.rows(sql);
  }

  close(): void {
    this.#plain.close();
  }
}

class Pair {
  db: AlopexDB;
  readonly #open: () => Promise<AlopexDB>;
  readonly #reference: Reference;

  constructor(db: AlopexDB, open: () => Promise<AlopexDB>, reference: Reference) {
    this.db = db;
    this.#open = open;
    this.#reference = reference;
  }

  async run({ steps, end, before }: Round): Promise<void> {
    await this.#prepare(before);
    const start = this.#reference.length;
    const running = this.db.transaction(async (tx) => {
      await this.#reference.goBack(start); // A background merge may have made it begin again.
      await this.#steps(tx, steps);
      if (end === 'throw') throw new RolledBack();
    });
    if (end === 'commit') await running;
    else {
      await expect(running).rejects.toBeInstanceOf(RolledBack);
      await this.#reference.goBack(start);
    }
    await this.#compare(this.db);
  }

  async #prepare(before: Round['before']): Promise<void> {
    if (before === 'nothing') return;
    if (before === 'CHECKPOINT' || before === 'VACUUM') await this.db.execute(before);
    else if (before === 'cold') {
      const names = await this.db.query(`SELECT name FROM alopex.tables WHERE schema_name = 'main'`);
      for (const row of names) {
        await this.db.execute(`ALTER TABLE ${String(row['name'])} TIER PARTITION WHERE id < 5 TO COLD`);
      }
    } else {
      await this.db.close();
      this.db = await this.#open();
      await this.#compare(this.db);
    }
  }

  async #steps(tx: TransactionHandle, steps: readonly Step[]): Promise<void> {
    let savepoints: { length: number; point: ReturnType<TransactionHandle['savepoint']> }[] = [];
    for (const each of steps) {
      switch (each.kind) {
        case 'statement': {
          const expected = await this.#reference.run(each.sql);
          const { sql } = each;
          expect({ sql, outcome: await outcome(tx.execute(sql)) }).toEqual({ sql, outcome: expected });
          break;
        }
        case 'key':
          await this.db.kv.put('key', 'value');
          break;
        case 'savepoint':
          savepoints.push({ length: this.#reference.length, point: tx.savepoint() });
          break;
        case 'roll back to': {
          const chosen = savepoints[each.choice % Math.max(1, savepoints.length)];
          if (chosen === undefined) break;
          await chosen.point.rollBack();
          await this.#reference.goBack(chosen.length);
          savepoints = savepoints.slice(0, savepoints.indexOf(chosen) + 1);
        }
      }
      await this.#compare(tx);
    }
  }

  async #compare(side: Pick<AlopexDB, 'query'>): Promise<void> {
    for (const relation of [...NAMES, 'v']) {
      const sql = `SELECT * FROM ${relation}`;
      const expected = await this.#reference.rows(sql).catch(() => 'none' as const);
      const found = await side.query(sql).catch((error: unknown) => {
        if (error instanceof AlopexError && error.code.startsWith('42')) return 'none' as const;
        throw error;
      });
      if (expected === 'none' || found === 'none') expect({ relation, found }).toEqual({ relation, found: expected });
      else expectSameRows(arrowRows(found.batches), expected, 'none');
    }
  }
}

/** Which error it is differs in places. */
async function outcome(running: Promise<unknown>): Promise<string> {
  try {
    await running;
    return 'ok';
  } catch (error) {
    if (error instanceof AlopexError && !/^(XX|25|40|55|58)/.test(error.code)) return 'refused';
    throw error;
  }
}

test.each([
  { seed: 601, limits: {} },
  { seed: 602, limits: { largeRows: 3, memtableBytes: 200, mergeSegments: 2 } },
])('random definitions in transactions do what they do in plain DuckDB, limits $limits', async ({ seed, limits }) => {
  const property = fc.asyncProperty(fc.array(round, { minLength: 2, maxLength: 4, size: 'max' }), async (rounds) => {
    const folder = await makeTempFolder();
    const reference = await Reference.open();
    const open = (): Promise<AlopexDB> =>
      AlopexDB.open(folder, {
        threads: 2,
        limits,
        onWarning: (warning) => {
          throw new Error('the database warned of trouble', { cause: warning });
        },
      });
    const pair = new Pair(await open(), open, reference);
    try {
      for (const sql of [
        'CREATE TABLE a (id INTEGER PRIMARY KEY, n INTEGER)',
        'INSERT INTO a SELECT range, range FROM range(8)',
      ]) {
        await reference.run(sql);
        await pair.db.execute(sql);
      }
      for (const each of rounds) await pair.run(each);
    } finally {
      await pair.db.close();
      reference.close();
      await removeFolder(folder);
    }
  });
  await fc.assert(property, { seed, numRuns: 4 });
});
