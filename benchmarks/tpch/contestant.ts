import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { join } from 'node:path';
import { AlopexDB } from '../../index.ts';
import { arrowRows, plainCell, type Row } from '../../test/differential/test-support/cell.ts';
import type { Dataset, SuiteName } from '../../test/tpch/dataset.ts';
import { layout, type LayoutName } from '../../test/tpch/layout.ts';

/** One database with a suite's tables, which is asked their queries. */
export interface Contestant {
  readonly name: string;
  /** Runs a query and has all its rows in memory at the end, as this database hands them out. */
  ask(sql: string): Promise<unknown>;
  rows(sql: string): Promise<Row[]>;
  close(): Promise<void>;
}

/** DuckDB, on tables of its own in a file or on views over Parquet files. */
export class PlainContestant implements Contestant {
  readonly name: string;
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;

  private constructor(name: string, instance: DuckDBInstance, connection: DuckDBConnection) {
    this.name = name;
    this.#instance = instance;
    this.#connection = connection;
  }

  static async open(name: string, path = ':memory:'): Promise<PlainContestant> {
    const instance = await DuckDBInstance.create(path);
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    return new PlainContestant(name, instance, connection);
  }

  /** Views over the files of a folder. */
  static async overParquet(name: string, dataset: Dataset, folder = dataset.folder): Promise<PlainContestant> {
    const plain = await PlainContestant.open(name);
    for (const table of dataset.tables)
      await plain.ask(`CREATE VIEW ${table.name} AS SELECT * FROM '${join(folder, `${table.name}.parquet`)}'`);
    return plain;
  }

  /** Tables in a file, or in memory. */
  static async ofTables(name: string, dataset: Dataset, path?: string): Promise<PlainContestant> {
    const plain = await PlainContestant.open(name, path);
    for (const table of dataset.tables) {
      await plain.ask(`CREATE TABLE ${table.name} (${table.columns.join(', ')})`);
      await plain.ask(`COPY ${table.name} FROM '${join(dataset.folder, `${table.name}.parquet`)}'`);
    }
    await plain.ask('CHECKPOINT');
    return plain;
  }

  ask(sql: string): Promise<unknown> {
    return this.#connection.runAndReadAll(sql);
  }

  async rows(sql: string): Promise<Row[]> {
    return (await this.#connection.runAndReadAll(sql)).getRows().map((row) => row.map(plainCell));
  }

  async close(): Promise<void> {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }
}

export class AlopexContestant implements Contestant {
  readonly name: string;
  readonly #db: AlopexDB;

  private constructor(name: string, db: AlopexDB) {
    this.name = name;
    this.#db = db;
  }

  static async open(name: LayoutName, suite: SuiteName, dataset: Dataset, folder: string): Promise<AlopexContestant> {
    const { limits, load, changes, finish } = layout(name, suite, dataset);
    const db = await AlopexDB.open(folder, { limits });
    for (const sql of [...load, ...changes, ...finish]) await db.execute(sql);
    return new AlopexContestant(name, db);
  }

  ask(sql: string): Promise<unknown> {
    return this.#db.query(sql);
  }

  async rows(sql: string): Promise<Row[]> {
    return arrowRows((await this.#db.query(sql)).batches);
  }

  close(): Promise<void> {
    return this.#db.close();
  }
}
