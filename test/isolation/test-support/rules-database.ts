import { afterEach, beforeEach } from 'vitest';
import { AlopexDB } from '../../../index.ts';
import { makeTempFolder, removeFolder } from '../../differential/test-support/temp-folder.ts';

/** A database with the table `t (id, n)` of three rows, anew for each test of a file. Any warning fails the test. */
export class RulesDatabase {
  #folder = '';
  #db: AlopexDB | undefined;

  static forEachTest(): RulesDatabase {
    const database = new RulesDatabase();
    beforeEach(async () => {
      database.#folder = await makeTempFolder();
      await database.open();
      await database.db.execute(
        'CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO t VALUES (1, 10), (2, 20), (3, 30)',
      );
    });
    afterEach(async () => {
      await database.db.close();
      await removeFolder(database.#folder);
    });
    return database;
  }

  get db(): AlopexDB {
    if (this.#db === undefined) throw new Error('no test is running');
    return this.#db;
  }

  /** Opens it again after it was closed. */
  async open(): Promise<void> {
    this.#db = await AlopexDB.open(this.#folder, {
      threads: 2,
      onWarning: (warning) => {
        throw new Error('the database warned of trouble', { cause: warning });
      },
    });
  }

  /** Temporary tables of all sessions that are not in use. */
  leftovers(): Promise<unknown[][]> {
    return rows(
      this.db,
      "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE '\\_\\_alopex%' ESCAPE '\\' AND temporary",
    );
  }
}

export async function rows(
  from: Pick<AlopexDB, 'query'>,
  sql = 'SELECT id, n FROM t ORDER BY id',
): Promise<unknown[][]> {
  return (await from.query(sql)).toArray().map((row) => Object.values(row as Record<string, unknown>));
}

export const text = (value: Uint8Array | undefined): string | undefined => value && Buffer.from(value).toString();
