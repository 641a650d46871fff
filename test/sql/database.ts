import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AlopexDB, type OpenOptions } from '../../index.ts';

type Face = Pick<AlopexDB, 'query'>;

/** A database in a temporary folder, which can be closed and opened again, and read as a crash would have left it. */
export class TestDatabase {
  readonly folder: string;
  readonly #options: OpenOptions;
  #db: AlopexDB;

  private constructor(folder: string, options: OpenOptions, db: AlopexDB) {
    this.folder = folder;
    this.#options = options;
    this.#db = db;
  }

  static async open(options: OpenOptions = {}): Promise<TestDatabase> {
    const folder = await mkdtemp(join(tmpdir(), 'alopex-'));
    return new TestDatabase(folder, options, await AlopexDB.open(folder, options));
  }

  get db(): AlopexDB {
    return this.#db;
  }

  async execute(...statements: readonly string[]): Promise<void> {
    for (const statement of statements) await this.#db.execute(statement);
  }

  async rows(sql: string, face: Face = this.#db): Promise<unknown[]> {
    return (await face.query(sql)).toArray().map((row: { toJSON(): unknown }) => plain(row.toJSON()));
  }

  /** Values of the first column. */
  async values(sql: string, face: Face = this.#db): Promise<unknown[]> {
    return (await this.rows(sql, face)).map((row) => Object.values(row as object)[0] as unknown);
  }

  async reopen(): Promise<void> {
    await this.#db.close();
    this.#db = await AlopexDB.open(this.folder, this.#options);
  }

  /** What is on disk now, opened by itself: a process that ends without closing leaves no more. */
  async afterCrash<T>(use: (db: AlopexDB) => Promise<T>): Promise<T> {
    const copy = await mkdtemp(join(tmpdir(), 'alopex-'));
    try {
      await cp(this.folder, copy, { recursive: true, filter: (path) => !path.endsWith('LOCK') });
      const db = await AlopexDB.open(copy);
      try {
        return await use(db);
      } finally {
        await db.close();
      }
    } finally {
      await rm(copy, { recursive: true, force: true });
    }
  }

  async close(): Promise<void> {
    await this.#db.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Whole numbers of any width as numbers, nested values as plain objects. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const json = 'toJSON' in value && typeof value.toJSON === 'function' ? (value.toJSON() as object) : value;
  return Object.fromEntries(Object.entries(json).map(([name, inner]) => [name, plain(inner)]));
}
