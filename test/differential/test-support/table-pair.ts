import { expect } from 'vitest';
import { AlopexError } from '../../../engine/errors.ts';
import type { AlopexSide } from './alopex-side.ts';
import type { DmlCommand } from './dml-command.ts';
import type { PlainDuckDb } from './plain-duckdb.ts';
import { expectSameRows } from './same-rows.ts';

const ALL_ROWS = 'SELECT * FROM t';

/** Queries that pruning, deletes and schema changes could each get wrong. */
const PROBES = [
  'SELECT id, n FROM t WHERE id = 7',
  "SELECT * FROM t WHERE ts >= TIMESTAMP '2024-02-15' AND ts < TIMESTAMP '2024-03-15'",
  'SELECT * FROM t WHERE n < 3',
  'SELECT g, count(*), sum(n), count(s), min(ts) FROM t GROUP BY g',
  'SELECT id FROM t WHERE ts IS NULL OR s IS NULL',
  "SELECT * FROM t WHERE g = 'ä€' AND id IN (1, 5, 9, 27)",
];

/** The same table in both databases. Every step goes to both; afterwards they must say the same. */
export class TablePair {
  readonly #alopex: AlopexSide;
  readonly #plain: PlainDuckDb;
  #steps = 0;
  #added = 0;

  constructor(alopex: AlopexSide, plain: PlainDuckDb) {
    this.#alopex = alopex;
    this.#plain = plain;
  }

  async apply(command: DmlCommand): Promise<void> {
    await this.#apply(command);
    await this.compare();
  }

  async #apply(command: DmlCommand): Promise<void> {
    switch (command.kind) {
      case 'dml':
        await this.#both(command.sql);
        return;
      case 'add-column':
        await this.#both(`ALTER TABLE t ADD COLUMN extra_${++this.#added} ${command.type}`);
        return;
      case 'set-added':
        if (this.#added > 0)
          await this.#both(`UPDATE t SET extra_${this.#added} = ${command.value} WHERE ${command.where}`);
        return;
      case 'checkpoint':
        await this.#alopex.run('CHECKPOINT');
        return;
      case 'reopen':
        await this.#alopex.reopen();
        return;
      case 'tier':
        await this.#alopex.run(tierSql(command.direction, command.where));
        return;
      case 'tier-while': {
        const move = this.#alopex.run(tierSql(command.direction, command.where));
        try {
          for (const sql of command.meanwhile) await this.#both(sql);
        } finally {
          await move;
        }
      }
    }
  }

  async #both(sql: string): Promise<void> {
    const expected = await outcome(this.#plain.run(sql));
    const actual = await outcome(this.#alopex.run(sql));
    expect({ sql, outcome: actual }).toEqual({ sql, outcome: expected });
  }

  /** All rows; every third time one of the probes and the counts too. */
  async compare(): Promise<void> {
    await this.#compareRows(ALL_ROWS);
    const step = this.#steps++;
    if (step % 3 !== 0) return;
    await this.#compareRows(PROBES[(step / 3) % PROBES.length] ?? ALL_ROWS);
    await this.#compareCounts();
  }

  async compareAll(): Promise<void> {
    for (const sql of [ALL_ROWS, ...PROBES]) await this.#compareRows(sql);
    await this.#compareCounts();
  }

  async #compareRows(sql: string): Promise<void> {
    expectSameRows(await this.#alopex.rows(sql), await this.#plain.rows(sql), 'none');
  }

  async #compareCounts(): Promise<void> {
    const [counted] = await this.#plain.rows('SELECT count(*) FROM t');
    const { rows, memoryRows, hotRows, coldRows } = await this.#alopex.placement('t');
    expect(rows).toBe(Number(counted?.[0]));
    expect(memoryRows + hotRows + coldRows).toBe(rows);
    expect(Math.min(memoryRows, hotRows, coldRows)).toBeGreaterThanOrEqual(0);
  }
}

function tierSql(direction: 'COLD' | 'HOT', where: string): string {
  return `ALTER TABLE t TIER PARTITION WHERE ${where} TO ${direction}`;
}

/** `ok`, or the SQLSTATE. */
async function outcome(running: Promise<unknown>): Promise<string> {
  try {
    await running;
    return 'ok';
  } catch (error) {
    if (error instanceof AlopexError) return error.code;
    throw error;
  }
}
