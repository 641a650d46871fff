import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AlopexDB, type Connection } from '../../../index.ts';
import type { EngineLimits } from '../../../engine/limits.ts';
import { arrowRows, type Row } from '../../differential/test-support/cell.ts';
import type { Outcome } from './outcome.ts';

/** The database under test, in a folder of its own, and a connection to it. */
export class AlopexSide {
  readonly #folder: string;
  readonly #limits: Partial<EngineLimits>;
  #db: AlopexDB;
  #connection: Connection;

  private constructor(folder: string, limits: Partial<EngineLimits>, db: AlopexDB, connection: Connection) {
    this.#folder = folder;
    this.#limits = limits;
    this.#db = db;
    this.#connection = connection;
  }

  static async open(limits: Partial<EngineLimits>): Promise<AlopexSide> {
    const folder = await mkdtemp(join(tmpdir(), 'alopex-random-sql-'));
    const db = await openIn(folder, limits);
    return new AlopexSide(folder, limits, db, await db.connect());
  }

  /** A statement on the connection. */
  async run(sql: string): Promise<Outcome> {
    let outcome: Outcome = { kind: 'done', count: undefined };
    for await (const result of this.#connection.statements(sql)) {
      if (result.kind === 'command') {
        outcome = { kind: 'done', count: result.rowCount };
        continue;
      }
      const rows: Row[] = [];
      for await (const batch of result.batches) for (const row of arrowRows([batch])) rows.push(row);
      outcome = { kind: 'rows', columns: result.schema.fields.map(({ name }) => name), rows };
    }
    return outcome;
  }

  /** A statement that moves rows, beside whatever the connection does. */
  async move(sql: string): Promise<Outcome> {
    const results = await this.#db.execute(sql);
    return { kind: 'done', count: results.at(-1)?.rowCount };
  }

  get isInTransaction(): boolean {
    return this.#connection.isInTransaction;
  }

  async reopen(): Promise<void> {
    await this.#connection.close();
    await this.#db.close();
    this.#db = await openIn(this.#folder, this.#limits);
    this.#connection = await this.#db.connect();
  }

  async close(): Promise<void> {
    await this.#connection.close();
    await this.#db.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Without waiting for disks: what a crash leaves is shown elsewhere. */
function openIn(folder: string, limits: Partial<EngineLimits>): Promise<AlopexDB> {
  return AlopexDB.open(folder, { limits, threads: 1, durability: 'none', onWarning: failOnWarning });
}

function failOnWarning(warning: Error): void {
  throw new Error('the database warned of trouble', { cause: warning });
}
