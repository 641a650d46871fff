import { rm } from 'node:fs/promises';
import {
  DuckDBDateValue,
  DuckDBInstance,
  type DuckDBConnection,
  type DuckDBPreparedStatement,
  type DuckDBType,
  DuckDBTimestampValue,
  DuckDBTypeId,
  type DuckDBValue,
} from '@duckdb/node-api';
import { dateText, timestampText } from '../../connectors/text/values/calendar.ts';
import { floatText } from '../../connectors/text/values/number-text.ts';
import type { Connection, Database, Outcome, Rows } from '../../engine/sql/sqllogic/database.ts';
import { splitStatements } from '../../engine/sql/split.ts';
import { castQuery, columnType, isPlain } from './column-type.ts';
import type { TestDatabase } from './test-database.ts';

/** Plain DuckDB. It proves the runner: a script that fails here shows an error of the runner's own. */
export class DuckDbDatabase implements Database, TestDatabase {
  #instance: DuckDBInstance;
  #path = ':memory:';
  readonly #connections = new Map<string, DuckDbConnection>();

  private constructor(instance: DuckDBInstance) {
    this.#instance = instance;
  }

  static async open(): Promise<DuckDbDatabase> {
    return new DuckDbDatabase(await openInstance(':memory:', false));
  }

  async connection(name: string): Promise<Connection> {
    const known = this.#connections.get(name);
    if (known !== undefined) return known;
    const native = await this.#instance.connect();
    const connection = new DuckDbConnection(native);
    this.#connections.set(name, connection);
    return connection;
  }

  async load(path: string | undefined, readOnly: boolean): Promise<void> {
    this.#path = path ?? ':memory:';
    this.#close();
    if (path !== undefined && !readOnly) {
      await rm(path, { force: true });
      await rm(`${path}.wal`, { force: true });
    }
    this.#instance = await openInstance(this.#path, readOnly);
  }

  async restart(): Promise<void> {
    this.#close();
    this.#instance = await openInstance(this.#path, false);
  }

  reconnect(): Promise<void> {
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
    return Promise.resolve();
  }

  interrupt(): void {
    for (const connection of this.#connections.values()) connection.interrupt();
  }

  close(): Promise<void> {
    this.#close();
    return Promise.resolve();
  }

  #close(): void {
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
    this.#instance.closeSync();
  }
}

async function openInstance(path: string, readOnly: boolean): Promise<DuckDBInstance> {
  const instance = await DuckDBInstance.create(path, {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    // Scripts about the newer types ask for it.
    storage_compatibility_version: 'v1.5.0',
    ...(readOnly ? { access_mode: 'READ_ONLY' } : {}),
  });
  const connection = await instance.connect();
  await connection.run("SET GLOBAL TimeZone = 'UTC'");
  connection.closeSync();
  return instance;
}

const NO_ROWS: Rows = { kind: 'rows', columns: [], rows: [] };

class DuckDbConnection implements Connection {
  readonly #native: DuckDBConnection;

  constructor(native: DuckDBConnection) {
    this.#native = native;
  }

  async run(sql: string): Promise<Outcome> {
    try {
      const extracted = await this.#native.extractStatements(sql);
      const texts = splitStatements(sql);
      let last = NO_ROWS;
      for (let index = 0; index < extracted.count; index++) {
        const statement = await extracted.prepare(index);
        try {
          last = await this.#rows(statement, extracted.count === texts.length ? texts[index]?.text : undefined);
        } finally {
          statement.destroySync();
        }
      }
      return last;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const message = error.message.replace(/^Failed to [a-z ]+: /, '');
      return { kind: 'error', message, code: undefined, unsupported: false };
    }
  }

  async #rows(statement: DuckDBPreparedStatement, text: string | undefined): Promise<Rows> {
    const columns = columnsOf(statement);
    const cast = text === undefined || columns.every(isPlain) ? undefined : castQuery(text, columns.length);
    if (cast !== undefined) {
      const reader = await this.#native.runAndReadAll(cast);
      const rows = reader.getRows().map((row) => row.map((value) => (value === null ? null : String(value))));
      return { kind: 'rows', columns: columns.map(columnType), rows };
    }
    const reader = await statement.runAndReadAll();
    // What a prepared statement says of its columns is not yet known of some.
    const found = reader.columnTypes();
    return {
      kind: 'rows',
      columns: found.map((type) => columnType(typeName(type))),
      rows: reader.getRows().map((row) => row.map((value, column) => textOf(value, found[column]))),
    };
  }

  interrupt(): void {
    this.#native.interrupt();
  }

  close(): void {
    this.#native.closeSync();
  }
}

/** The SQL types of a statement's columns. */
function columnsOf(statement: DuckDBPreparedStatement): string[] {
  return Array.from({ length: statement.columnCount }, (_, index) => {
    try {
      return typeName(statement.columnType(index));
    } catch {
      // The library does not know all types of the database.
      return 'UNKNOWN';
    }
  });
}

function typeName(type: DuckDBType): string {
  return type.typeId === DuckDBTypeId.ENUM ? 'ENUM' : (type.alias ?? type.toString());
}

function textOf(value: DuckDBValue, type: DuckDBType | undefined): string | null {
  if (value === null) return null;
  if (typeof value === 'number') {
    if (type?.typeId === DuckDBTypeId.FLOAT) return floatText(value, 32);
    if (type?.typeId === DuckDBTypeId.DOUBLE) return floatText(value, 64);
  }
  if (value instanceof DuckDBDateValue) return dateText(value.days, 'sql');
  if (value instanceof DuckDBTimestampValue) return timestampText(value.micros, 1_000_000n, false, 'sql');
  return String(value);
}
