import type { Engine } from '../../engine.ts';
import type { Kernel, KernelConnection, Parameters } from '../../ports/kernel.ts';
import { quoteIdentifier } from '../../table/data-type.ts';
import { scanSql } from '../../table/scan.ts';
import { admitFiles } from '../../table/table-files.ts';
import type { DatabaseVersion, TableVersion } from '../../table/version.ts';
import { identifierValue, tokenize } from '../lexer.ts';
import type { Planner } from '../plan/planner.ts';
import type { TableScan } from '../plan/scan-report.ts';
import { SYSTEM_SCHEMA, systemTables } from './system-tables.ts';

/** Statements about the catalog itself, which need a view of every table. */
const CATALOG_WORDS = /\b(information_schema|duckdb_\w+|pg_\w+|show|describe|desc|tables)\b/i;

/**
 * A connection of the kernel with a small database of its own, in which each of our tables is a view: the tiered scan at the version that a statement reads. So
 * the kernel runs queries as they were typed, and its messages show them as they were typed.
 */
export class Session {
  readonly connection: KernelConnection;
  readonly #engine: Engine;
  readonly #planner: Planner;
  /** What each view shows now, by lower-case table name. */
  readonly #views = new Map<string, string>();

  private constructor(connection: KernelConnection, engine: Engine, planner: Planner) {
    this.connection = connection;
    this.#engine = engine;
    this.#planner = planner;
  }

  static async open(kernel: Kernel, engine: Engine, planner: Planner, number: number): Promise<Session> {
    const connection = await kernel.connect();
    const database = `alopex_session_${number}`;
    await connection.run(`ATTACH ':memory:' AS ${database}`);
    await connection.run(`USE ${database}.main`);
    await connection.run(`CREATE SCHEMA ${SYSTEM_SCHEMA}`);
    return new Session(connection, engine, planner);
  }

  /** Makes the tables that a text names readable as of `version`, and says which files will be read of each. */
  async prepare(version: DatabaseVersion, text: string, parameters?: Parameters): Promise<TableScan[]> {
    const names = namesIn(text);
    const tables = [...version.tables.values()].filter((table) => names.has(table.name.toLowerCase()));
    const toRead = await this.#planner.filesToRead(tables, text, parameters);
    const scans: TableScan[] = [];
    for (const table of tables) {
      const files = toRead.get(table.tableId) ?? table.files;
      await admitFiles(this.#engine.context, table, files);
      await this.#show(table, files);
      scans.push({ table, files });
    }
    await this.#dropStale(version);
    if (CATALOG_WORDS.test(text)) await this.#showAll(version);
    if (names.has(SYSTEM_SCHEMA)) await this.#showSystemTables(version, names);
    return scans;
  }

  /** Drops the views of some tables: what they show is about to go away. */
  async forget(tables: readonly TableVersion[]): Promise<void> {
    for (const table of tables) {
      await this.connection.run(`DROP VIEW IF EXISTS main.${quoteIdentifier(table.name)}`);
      this.#views.delete(table.name.toLowerCase());
    }
  }

  async #show(table: TableVersion, files: TableVersion['files']): Promise<void> {
    const key = table.name.toLowerCase();
    const shown = `${table.tableId}/${table.schema.schemaId}/${table.seq}/${table.overlay?.operation ?? ''}/${files.map((file) => file.fileId).join(',')}`;
    if (this.#views.get(key) === shown) return;
    await this.connection.run(
      `CREATE OR REPLACE VIEW main.${quoteIdentifier(table.name)} AS ${scanSql(table, { files })}`,
    );
    this.#views.set(key, shown);
  }

  async #showAll(version: DatabaseVersion): Promise<void> {
    for (const table of version.tables.values()) {
      const shown = this.#views.get(table.name.toLowerCase());
      if (shown?.startsWith(`${table.tableId}/${table.schema.schemaId}/`) !== true) await this.#show(table, []);
    }
  }

  async #dropStale(version: DatabaseVersion): Promise<void> {
    for (const name of this.#views.keys()) {
      if (version.tables.has(name)) continue;
      await this.connection.run(`DROP VIEW IF EXISTS main.${quoteIdentifier(name)}`);
      this.#views.delete(name);
    }
  }

  async #showSystemTables(version: DatabaseVersion, names: ReadonlySet<string>): Promise<void> {
    for (const table of await systemTables(this.#engine.context, version, names)) {
      await this.connection.run(`CREATE OR REPLACE VIEW ${SYSTEM_SCHEMA}.${table.name} AS ${table.sql}`);
    }
  }
}

/** Every name in a text, in lower case: a superset of the tables that it reads. */
function namesIn(text: string): Set<string> {
  return new Set(tokenize(text).flatMap((token) => identifierValue(token)?.toLowerCase() ?? []));
}
