import type { AlopexDB } from '../../index.ts';
import type { Random } from './random.ts';

export const ROWS = 2_000;
const START = 100;
export const TOTAL = 2 * ROWS * START;

/** Two tables of accounts: one with a key and partitions, one without a key. */
export async function openAccounts(db: AlopexDB): Promise<void> {
  await db.execute(`CREATE TABLE savings (id INTEGER PRIMARY KEY, region INTEGER, amount BIGINT) WITH (sort_by = 'id', partition_by = 'region');
    CREATE TABLE wallets (id INTEGER, amount BIGINT) WITH (sort_by = 'id');
    INSERT INTO savings SELECT i, i % 4, ${START} FROM range(${ROWS}) AS r(i);
    INSERT INTO wallets SELECT i, ${START} FROM range(${ROWS}) AS r(i)`);
}

export interface Sums {
  readonly total: number;
  readonly rows: number;
  readonly byRegion: number;
}

/** In one statement: over both tables, and over the groups of one of them. */
export async function readSums(db: AlopexDB): Promise<Sums> {
  const table = await db.query(`SELECT
    ((SELECT sum(amount) FROM savings) + (SELECT sum(amount) FROM wallets))::DOUBLE AS total,
    ((SELECT count(id) FROM savings) + (SELECT count(id) FROM wallets))::DOUBLE AS rows,
    ((SELECT sum(s) FROM (SELECT region, sum(amount) AS s FROM savings WHERE amount > -1000000 GROUP BY region)) + (SELECT sum(amount) FROM wallets))::DOUBLE AS by_region`);
  const row = table.get(0);
  return { total: Number(row?.['total']), rows: Number(row?.['rows']), byRegion: Number(row?.['by_region']) };
}

/** Moves an amount from some rows of one table to as many of the other. */
export async function transfer(db: AlopexDB, random: Random): Promise<void> {
  const first = random.below(ROWS - 20);
  const last = first + random.below(20);
  const amount = random.below(50);
  await db.transaction(
    async (tx) => {
      await tx.execute(`UPDATE savings SET amount = amount - ${amount} WHERE id BETWEEN ${first} AND ${last}`);
      await tx.execute(`UPDATE wallets SET amount = amount + ${amount} WHERE id BETWEEN ${first} AND ${last}`);
    },
    { maxAttempts: 50 },
  );
}

/** Replaces a row by one that is equal to it, so that rows come and go too. */
export async function rewrite(db: AlopexDB, random: Random): Promise<void> {
  const id = random.below(ROWS);
  await db.execute(`UPDATE wallets SET amount = amount WHERE id = ${id}`);
}

/** Changes where rows are, and what the tables are like, but no amount. */
export async function rearrange(db: AlopexDB, random: Random): Promise<void> {
  const table = random.below(2) === 0 ? 'savings' : 'wallets';
  const bound = random.below(ROWS);
  const changes = [
    'CHECKPOINT',
    `VACUUM ${table}`,
    `ALTER TABLE ${table} TIER PARTITION WHERE id < ${bound} TO COLD`,
    `ALTER TABLE ${table} TIER PARTITION WHERE id >= ${bound} TO HOT`,
    `ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS extra VARCHAR`,
    `ALTER TABLE ${table} DROP COLUMN IF EXISTS extra`,
  ];
  await db.execute(changes[random.below(changes.length)] ?? 'CHECKPOINT');
}
