import { mkdir, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordBatch, Schema } from 'apache-arrow';
import { textReader } from '../../connectors/text/values/value-text.ts';
import { typeName } from '../../connectors/text/values/type-name.ts';
import { AlopexError, SqlState } from '../../engine/errors.ts';
import { SQL_TYPE_KEY } from '../../engine/kernel/arrow/writer-for-type.ts';
import { splitStatements } from '../../engine/sql/split.ts';
import type { StatementResult } from '../../engine/sql/run/result.ts';
import type { Connection, Failure, Outcome, Rows } from '../../engine/sql/sqllogic/database.ts';
import { AlopexDB, type Connection as DatabaseConnection } from '../../index.ts';
import { castQuery, columnType, isPlain } from './column-type.ts';
import type { TestDatabase } from './test-database.ts';

const OPTIONS = { threads: 2, durability: 'none' } as const;

/** AlopexDB in a folder of its own below the folder of a script. */
export class AlopexDatabase implements TestDatabase {
  readonly #folder: string;
  /** Databases without a path are numbered. */
  #unnamed = 0;
  #path: string;
  #named = false;
  #db: AlopexDB;
  readonly #connections = new Map<string, DatabaseConnection>();

  private constructor(folder: string, path: string, db: AlopexDB) {
    this.#folder = folder;
    this.#path = path;
    this.#db = db;
  }

  static async open(folder: string): Promise<AlopexDatabase> {
    await mkdir(folder, { recursive: true });
    const path = join(folder, 'database-0');
    return new AlopexDatabase(folder, path, await AlopexDB.open(path, OPTIONS));
  }

  async connection(name: string): Promise<Connection> {
    const connection = this.#connections.get(name) ?? (await this.#db.connect());
    this.#connections.set(name, connection);
    return new AlopexConnection(connection);
  }

  async load(path: string | undefined, readOnly: boolean): Promise<void> {
    await this.close();
    this.#named = path !== undefined;
    this.#path = path ?? this.#newPath();
    if (!readOnly) await rm(this.#path, { recursive: true, force: true });
    else if (!existsSync(this.#path)) throw new AlopexError(SqlState.undefinedFile, `there is no ${this.#path}`);
    this.#db = await AlopexDB.open(this.#path, OPTIONS);
  }

  /** A database without a path is in memory, as scripts see it: it comes back empty. */
  async restart(): Promise<void> {
    await this.close();
    if (!this.#named) this.#path = this.#newPath();
    this.#db = await AlopexDB.open(this.#path, OPTIONS);
  }

  async reconnect(): Promise<void> {
    const connections = [...this.#connections.values()];
    this.#connections.clear();
    for (const connection of connections) await connection.close();
  }

  interrupt(): void {
    this.#db.interrupt();
  }

  async close(): Promise<void> {
    await this.reconnect();
    await this.#db.close();
  }

  #newPath(): string {
    return join(this.#folder, `database-${++this.#unnamed}`);
  }
}

const NO_ROWS: Rows = { kind: 'rows', columns: [], rows: [] };

class AlopexConnection implements Connection {
  readonly #connection: DatabaseConnection;

  constructor(connection: DatabaseConnection) {
    this.#connection = connection;
  }

  async run(sql: string): Promise<Outcome> {
    try {
      const texts = splitStatements(sql);
      let last = NO_ROWS;
      let index = 0;
      for await (const result of this.#connection.statements(sql)) {
        const cast = castFor(result, texts[index]?.text);
        last =
          cast === undefined || index < texts.length - 1 ? await rowsOf(result) : await this.#castRows(result, cast);
        index++;
      }
      return last;
    } catch (error) {
      if (!(error instanceof AlopexError)) throw error;
      return failure(error);
    }
  }

  async #castRows(result: StatementResult, cast: string): Promise<Rows> {
    const columns = result.kind === 'rows' ? sqlTypes(result.schema).map(columnType) : [];
    if (result.kind === 'rows') for await (const _ of result.batches) break;
    for await (const text of this.#connection.statements(cast)) {
      const { rows } = await rowsOf(text);
      return { kind: 'rows', columns, rows };
    }
    return NO_ROWS;
  }
}

/** The query that gives a result's values as DuckDB prints them, where our own text differs. */
function castFor(result: StatementResult, text: string | undefined): string | undefined {
  if (result.kind !== 'rows' || text === undefined || sqlTypes(result.schema).every(isPlain)) return undefined;
  return castQuery(text, result.schema.fields.length);
}

async function rowsOf(result: StatementResult): Promise<Rows> {
  if (result.kind === 'command') {
    // Commands have one column, the number of rows, with a row where there is such a number.
    const rows = result.rowCount === undefined ? [] : [[String(result.rowCount)]];
    return { kind: 'rows', columns: [{ kind: 'decimal', scale: 0 }], rows };
  }
  const rows: (string | null)[][] = [];
  for await (const batch of result.batches) rows.push(...batchRows(batch));
  return { kind: 'rows', columns: sqlTypes(result.schema).map(columnType), rows };
}

function batchRows(batch: RecordBatch): (string | null)[][] {
  const readers = batch.data.children.map(textReader);
  return Array.from({ length: batch.numRows }, (_, row) => readers.map((read) => read(row)));
}

function sqlTypes(schema: Schema): string[] {
  return schema.fields.map((field) => field.metadata.get(SQL_TYPE_KEY) ?? typeName(field.type));
}

function failure(error: AlopexError): Failure {
  const native = nativeCause(error);
  return {
    kind: 'error',
    // Scripts expect what DuckDB says, so its own words count where it said them.
    message: native === undefined ? [error.message, error.hint ?? ''].join('\n').trimEnd() : nativeMessage(native),
    code: error.code,
    unsupported:
      error.code === SqlState.internalError || (native === undefined && error.code === SqlState.featureNotSupported),
  };
}

/** DuckDB's words, but for the names of its own tables: no user sees those. */
function nativeMessage({ message }: Error): string {
  return message.replace(/^Failed to [a-z ]+: /, '').replaceAll(/temp\.main\.|__stage_/g, '');
}

/** DuckDB's error, where one is at the bottom. */
function nativeCause(error: Error): Error | undefined {
  if (!(error instanceof AlopexError)) return error;
  return error.cause instanceof Error ? nativeCause(error.cause) : undefined;
}
