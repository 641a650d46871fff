import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '../../../connectors/node/system-clock.ts';
import { AlopexDB, type OpenOptions, type Parameters } from '../../../index.ts';

/** A wall clock that goes on when it is told to. */
export class StandingClock extends SystemClock {
  wallMs = Date.UTC(2026, 0, 31, 12);

  override nowMs(): number {
    return this.wallMs;
  }
}

/** Nothing in the background: versions are counted. */
const LIMITS = { largeRows: 50, mergeSegments: 0 };

/** A database in a folder of its own, with a clock that stands still. */
export class HistoryDatabase {
  readonly clock: StandingClock;
  readonly folder: string;
  db: AlopexDB;
  readonly #options: OpenOptions;

  private constructor(folder: string, clock: StandingClock, db: AlopexDB, options: OpenOptions) {
    this.clock = clock;
    this.folder = folder;
    this.db = db;
    this.#options = options;
  }

  static async open(options: OpenOptions = {}): Promise<HistoryDatabase> {
    const folder = await mkdtemp(join(tmpdir(), 'alopex-history-'));
    const clock = new StandingClock();
    const given = { threads: 2, ...options, limits: { ...LIMITS, ...options.limits }, machine: { clock } };
    return new HistoryDatabase(folder, clock, await AlopexDB.open(folder, given), given);
  }

  async reopen(): Promise<void> {
    await this.db.close();
    this.db = await AlopexDB.open(this.folder, this.#options);
  }

  async remove(): Promise<void> {
    await this.db.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Rows as text, in order. */
  async rows(sql: string, parameters?: Parameters): Promise<string[]> {
    const table = await this.db.query(sql, parameters);
    return table
      .toArray()
      .map((row) => JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value)));
  }

  async value(sql: string, parameters?: Parameters): Promise<unknown> {
    const table = await this.db.query(sql, parameters);
    return table.getChildAt(0)?.get(0) as unknown;
  }

  /** The number of the newest version of a table. */
  async version(table = 't'): Promise<number> {
    return Number(await this.value(`SELECT max(last_version) FROM alopex.history WHERE table_name = '${table}'`));
  }
}
