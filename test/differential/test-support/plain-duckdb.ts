import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { bindParameters } from '../../../engine/kernel/parameter.ts';
import { kernelError } from '../../../engine/kernel/kernel-error.ts';
import type { Parameters } from '../../../engine/ports/kernel.ts';
import { plainCell, type Row } from './cell.ts';

/** The reference: DuckDB in memory with native tables, and nothing of ours between it and the test but the binding of parameters. */
export class PlainDuckDb {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.#connection = connection;
  }

  static async open(): Promise<PlainDuckDb> {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    return new PlainDuckDb(instance, connection);
  }

  async run(sql: string): Promise<void> {
    try {
      await this.#connection.run(sql);
    } catch (error) {
      throw kernelError(error);
    }
  }

  async rows(sql: string, parameters: Parameters = []): Promise<Row[]> {
    const statement = await this.#connection.prepare(sql);
    try {
      bindParameters(statement, parameters);
      const reader = await statement.runAndReadAll();
      return reader.getRows().map((row) => row.map(plainCell));
    } finally {
      statement.destroySync();
    }
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }
}
