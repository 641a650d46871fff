import { writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AlopexDB, AlopexError, type TransactionHandle } from '../../index.ts';
import { arrowRows } from '../differential/test-support/cell.ts';
import { BASE_COLUMNS, dmlStatement } from '../differential/test-support/dml-command.ts';
import { PlainDuckDb } from '../differential/test-support/plain-duckdb.ts';
import { expectSameRows } from '../differential/test-support/same-rows.ts';
import { makeTempFolder, removeFolder } from '../differential/test-support/temp-folder.ts';

type Step =
  | { readonly kind: 'statement'; readonly sql: string }
  | { readonly kind: 'copy' | 'savepoint' }
  /** To one of the savepoints that there are. */
  | { readonly kind: 'roll back to'; readonly choice: number };

interface Round {
  readonly steps: readonly Step[];
  readonly end: 'commit' | 'throw';
  /** What happens to the committed rows before the transaction. */
  readonly before: 'nothing' | 'checkpoint' | 'cold' | 'split' | 'hot';
}

const statement = dmlStatement(['id']).map((sql): Step => ({ kind: 'statement', sql }));
const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: statement, weight: 10 },
  { arbitrary: fc.constantFrom<Step>({ kind: 'copy' }, { kind: 'savepoint' }, { kind: 'savepoint' }), weight: 3 },
  { arbitrary: fc.nat(5).map((choice): Step => ({ kind: 'roll back to', choice })), weight: 2 },
);
const round: fc.Arbitrary<Round> = fc.record({
  steps: fc.array(step, { minLength: 3, maxLength: 10, size: 'max' }),
  end: fc.constantFrom('commit', 'commit', 'commit', 'throw'),
  before: fc.constantFrom('nothing', 'checkpoint', 'cold', 'split', 'hot'),
});

const UPKEEP: Readonly<Record<Round['before'], string | undefined>> = {
  nothing: undefined,
  checkpoint: 'CHECKPOINT',
  cold: 'ALTER TABLE t TIER PARTITION WHERE true TO COLD',
  split: "ALTER TABLE t TIER PARTITION WHERE g = 'a' TO COLD",
  hot: 'ALTER TABLE t TIER PARTITION WHERE id < 8 TO HOT',
};

const PROBES = [
  'SELECT * FROM t',
  'SELECT id, n FROM t WHERE id IN (3, 7)',
  'SELECT g, count(*), sum(n) FROM t GROUP BY g',
];

class RolledBack extends Error {}

/** The same table in both databases: each transaction must do the same to it. DuckDB knows no savepoints, so each is a copy of its table there. */
class Pair {
  readonly #db: AlopexDB;
  readonly #plain: PlainDuckDb;
  readonly #csv: string;

  constructor(db: AlopexDB, plain: PlainDuckDb, csv: string) {
    this.#db = db;
    this.#plain = plain;
    this.#csv = csv;
  }

  async run({ steps, end, before }: Round): Promise<void> {
    const upkeep = UPKEEP[before];
    if (upkeep !== undefined) await this.#db.execute(upkeep);
    await this.#keep('start');
    const running = this.#db.transaction(async (tx) => {
      await this.#steps(tx, steps);
      if (end === 'throw') throw new RolledBack();
    });
    if (end === 'commit') await running;
    else {
      await expect(running).rejects.toBeInstanceOf(RolledBack);
      await this.#bringBack('start');
    }
    await this.#compare(this.#db);
  }

  async #steps(tx: TransactionHandle, steps: readonly Step[]): Promise<void> {
    let savepoints: { name: string; point: ReturnType<TransactionHandle['savepoint']> }[] = [];
    for (const step of steps) {
      switch (step.kind) {
        case 'statement':
          await this.#both(tx, step.sql);
          break;
        case 'copy':
          await this.#both(tx, `COPY t FROM '${this.#csv}' (HEADER)`);
          break;
        case 'savepoint': {
          const name = `savepoint_${savepoints.length}`;
          await this.#keep(name);
          savepoints.push({ name, point: tx.savepoint() });
          break;
        }
        case 'roll back to': {
          const chosen = savepoints[step.choice % Math.max(1, savepoints.length)];
          if (chosen === undefined) break;
          await chosen.point.rollBack();
          await this.#bringBack(chosen.name);
          savepoints = savepoints.slice(0, savepoints.indexOf(chosen) + 1);
        }
      }
      await this.#compare(tx);
    }
  }

  async #keep(name: string): Promise<void> {
    await this.#plain.run(`CREATE OR REPLACE TABLE ${name} AS SELECT * FROM t`);
  }

  async #bringBack(name: string): Promise<void> {
    await this.#plain.run('DELETE FROM t');
    await this.#plain.run(`INSERT INTO t SELECT * FROM ${name}`);
  }

  async #both(tx: TransactionHandle, sql: string): Promise<void> {
    const expected = await outcome(this.#plain.run(sql));
    expect({ sql, outcome: await outcome(tx.execute(sql)) }).toEqual({ sql, outcome: expected });
  }

  async #compare(side: Pick<AlopexDB, 'query'>): Promise<void> {
    for (const sql of PROBES) {
      expectSameRows(arrowRows((await side.query(sql)).batches), await this.#plain.rows(sql), 'none');
    }
  }
}

async function outcome(running: Promise<unknown>): Promise<string> {
  try {
    await running;
    return 'ok';
  } catch (error) {
    if (error instanceof AlopexError) return error.code;
    throw error;
  }
}

test.each([
  { seed: 501, limits: {} },
  { seed: 502, limits: { largeRows: 3, memtableBytes: 200 } },
])('random transactions do what they do in plain DuckDB, limits $limits', async ({ seed, limits }) => {
  const property = fc.asyncProperty(fc.array(round, { minLength: 3, maxLength: 5, size: 'max' }), async (rounds) => {
    const folder = await makeTempFolder();
    const plain = await PlainDuckDb.open();
    const db = await AlopexDB.open(folder, { threads: 2, limits });
    try {
      const csv = `${folder}/rows.csv`;
      await writeFile(
        csv,
        'id,g,ts,n,s\n50,a,2024-01-05 10:00:00,5,copied\n51,b,,,\n12,a,2024-03-01 00:00:00,1,twelve\n',
      );
      const create = `CREATE TABLE t (${BASE_COLUMNS}, PRIMARY KEY (id))`;
      await plain.run(create);
      await db.execute(`${create} WITH (sort_by = 'ts', partition_by = 'month(ts)', tier_column = 'ts')`);
      const rows =
        "INSERT INTO t SELECT range, ['a', 'b', 'ä€'][range % 3 + 1], TIMESTAMP '2024-01-01' + INTERVAL (range * 9) DAY, range, 's' || range FROM range(10)";
      await plain.run(rows);
      await db.execute(rows);
      const pair = new Pair(db, plain, csv);
      for (const each of rounds) await pair.run(each);
      const left = await db.query(
        "SELECT count(*)::INTEGER AS n FROM duckdb_tables() WHERE temporary AND table_name LIKE '%alopex%'",
      );
      expect(arrowRows(left.batches)).toEqual([[0]]);
    } finally {
      await db.close();
      plain.close();
      await removeFolder(folder);
    }
  });
  await fc.assert(property, { seed, numRuns: 4 });
});
