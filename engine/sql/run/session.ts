import type { Engine } from '../../engine.ts';
import { AlopexError, SqlState } from '../../errors.ts';
import { identityOf } from '../../identity.ts';
import type { Kernel, KernelConnection, KernelRow, Parameters } from '../../ports/kernel.ts';
import type { DataFile } from '../../table/data-file.ts';
import { quoteIdentifier, quoteLiteral } from '../../table/data-type.ts';
import type { Definition } from '../../table/definition.ts';
import { MAIN_PATH, objectKey, qualifiedSql, SYSTEM_SCHEMA, type SearchPath } from '../../table/object-name.ts';
import { makeReadable, type ReadableTable } from '../../table/readable.ts';
import { scanSql } from '../../table/scan.ts';
import type { TableWriter } from '../../writer.ts';
import type { DatabaseVersion, TableVersion } from '../../table/version.ts';
import { KernelCatalog } from '../definitions/kernel-catalog.ts';
import { readSearchPath } from '../definitions/read-search-path.ts';
import { bodyForKernel, mayUseSequence } from '../definitions/sequence-names.ts';
import { allReferences, namesIn, referencesOf } from '../definitions/references.ts';
import type { Planner, TablePlan } from '../plan/planner.ts';
import type { TableScan } from '../plan/scan-report.ts';
import { catalogFunctions, listsTables } from './catalog-functions.ts';
import { Temporaries } from './temporaries.ts';
import { systemTables } from './system-tables.ts';

/** Statements about the catalog itself, which need a view of every table. */
const CATALOG_WORDS = /^desc\b|\b(information_schema|duckdb_\w+|pg_\w+|show|pragma\w*|describe|tables)\b/i;

/**
 * A connection of the kernel with a small database of its own, in which each of our tables is a view: the tiered scan at the version that a statement reads. So
 * the kernel runs queries as they were typed, and its messages show them as they were typed.
 */
export class Session {
  readonly connection: KernelConnection;
  readonly temporaries: Temporaries;
  /** The kernel's database of the session. */
  readonly #database: string;
  readonly #engine: Engine;
  readonly #planner: Planner;
  readonly #catalog: KernelCatalog;
  /** What the view of each table shows now, by `objectKey`. */
  readonly #views = new Map<string, ShownTable>();
  /** The version whose tables the catalog functions show. */
  #listed: DatabaseVersion | undefined;
  #searchPath: SearchPath = MAIN_PATH;
  #usesSequence = false;
  /** Settings of the kernel that are not at their defaults, by lower-case name. */
  readonly #settings = new Map<string, string>();

  private constructor(connection: KernelConnection, database: string, engine: Engine, planner: Planner) {
    this.connection = connection;
    this.temporaries = new Temporaries(connection);
    this.#database = database;
    this.#catalog = new KernelCatalog(connection, database);
    this.#engine = engine;
    this.#planner = planner;
  }

  static async open(kernel: Kernel, engine: Engine, planner: Planner, number: number): Promise<Session> {
    const connection = await kernel.connect();
    const database = `alopex_session_${number}`;
    await connection.run(`ATTACH ':memory:' AS ${database}`);
    await connection.run(`USE ${database}.main`);
    await connection.run(`CREATE SCHEMA ${SYSTEM_SCHEMA}`);
    return new Session(connection, database, engine, planner);
  }

  /** Makes the tables that a text names readable as of `version`, and says which files will be read of each. */
  async prepare(version: DatabaseVersion, text: string, parameters?: Parameters): Promise<TableScan[]> {
    const names = namesIn(text);
    const references = referencesOf(version, names, this.#searchPath);
    this.#usesSequence = mayUseSequence(text) || references.definitions.some(({ body }) => mayUseSequence(body));
    await this.#dropStale(version);
    await this.#catalog.follow(version.definitions);
    // The planner's kernel has the default settings: in another time zone, say, its constants would be others.
    const toRead =
      this.#settings.size > 0
        ? new Map<number, TablePlan>()
        : await this.#planner.filesToRead(
            {
              ...references,
              version,
              path: this.#searchPath,
              now: () => this.#now(),
              ask: (table, files, sqlOf) => this.#ask(table, files, sqlOf),
            },
            text,
            parameters,
          );
    const scans: TableScan[] = [];
    for (const table of references.tables) {
      const { files, cuts } = toRead.get(table.tableId) ?? { files: table.files, cuts: [] };
      await this.#show(await makeReadable(this.#engine.context, table, files), files);
      scans.push({ table, files, cuts });
    }
    const isListed = CATALOG_WORDS.test(text);
    if (isListed) await this.#showAll(version);
    if (listsTables(text)) await this.#listTables(version);
    await this.#define(version, isListed ? allReferences(version).definitions : references.definitions);
    if (names.has(SYSTEM_SCHEMA)) await this.#showSystemTables(version, names, isListed);
    await this.#catalog.use(this.#searchPath);
    return scans;
  }

  /** Like `prepare`, for a query: says what to run, too, which reads no table when what is known of its files answers the query. */
  async prepareQuery(
    version: DatabaseVersion,
    text: string,
    parameters?: Parameters,
  ): Promise<{ readonly sql: string; readonly scans: TableScan[] }> {
    // A temporary table may hide the one that the answer would be about.
    if (this.#settings.size === 0 && this.temporaries.isEmpty) {
      const references = referencesOf(version, namesIn(text), this.#searchPath);
      const answer = this.#planner.answer(references, text);
      if (answer !== undefined) {
        this.#usesSequence = false;
        const cuts = [{ reason: 'counts' as const, files: answer.table.files.length }];
        return { sql: answer.sql, scans: [{ table: answer.table, files: [], cuts }] };
      }
    }
    return { sql: text, scans: await this.prepare(version, text, parameters) };
  }

  /** A question that the planner asks of one table. What the kernel refuses is for the statement itself to complain about. */
  async #ask(
    table: TableVersion,
    files: readonly DataFile[],
    sqlOf: (relation: string) => string,
  ): Promise<readonly KernelRow[] | undefined> {
    await this.#show(await makeReadable(this.#engine.context, table, files), files);
    try {
      return await this.connection.rows(sqlOf(qualifiedSql(table.schemaName, table.name)));
    } catch (error) {
      if (error instanceof AlopexError && error.code !== SqlState.queryCanceled) return undefined;
      throw error;
    }
  }

  async #now(): Promise<string> {
    const [row] = await this.connection.rows(`SELECT now()::VARCHAR AS now`);
    return `${quoteLiteral(String(row?.['now']))}::TIMESTAMPTZ`;
  }

  /** Whether the next user of the session would find it as new. */
  get isClean(): boolean {
    return this.#settings.size === 0 && this.temporaries.isEmpty && this.#searchPath === MAIN_PATH;
  }

  /** Makes the types and macros that a text names known to the kernel, but no table. */
  async prepareDefinitions(version: DatabaseVersion, text: string): Promise<void> {
    if (version.definitions.size === 0) return;
    const { definitions } = referencesOf(version, namesIn(text), this.#searchPath);
    await this.#catalog.follow(version.definitions);
    await this.#define(
      version,
      definitions.filter(({ kind }) => kind !== 'view'),
    );
    await this.#catalog.use(this.#searchPath);
  }

  /** As `prepareDefinitions`, for what the columns of a table are filled and checked with. */
  async prepareTarget(version: DatabaseVersion, { schema }: TableVersion): Promise<void> {
    const defaults = schema.columns.map(({ defaultSql, generatedSql }) => defaultSql ?? generatedSql ?? '');
    await this.prepareDefinitions(version, [...defaults, ...schema.checks].join(' '));
  }

  /** Makes a writer act for the session. */
  direct<T extends TableWriter>(writer: T): T {
    writer.searchPath = this.#searchPath;
    writer.beforeCommit = () => this.#engine.sequences.reserve();
    return writer;
  }

  /** Whether the statement that was prepared last may take values from sequences. */
  get usesSequence(): boolean {
    return this.#usesSequence;
  }

  /** Where plain names are looked for. */
  get searchPath(): SearchPath {
    return this.#searchPath;
  }

  /** The definitions of the version that was prepared last, in the kernel. */
  get catalog(): KernelCatalog {
    return this.#catalog;
  }

  /** Whether the kernel has a setting of this name, in lower case. */
  async knowsSetting(name: string): Promise<boolean> {
    const found = await this.connection.rows(`SELECT 1 AS found FROM duckdb_settings() WHERE lower(name) = $1`, [name]);
    return found.length > 0;
  }

  /**
   * Changes a setting of the kernel; without a value it gets its default. One that is not local holds for the whole database. The schemas of `version` can be in the search path. Throws `42704` and `22023`.
   */
  async set(name: string, valueSql: string | undefined, isLocal: boolean, version: DatabaseVersion): Promise<void> {
    if (name === 'schema' || name === 'search_path') {
      this.#searchPath = readSearchPath(version, valueSql ?? '');
      return;
    }
    const setting = quoteIdentifier(name);
    try {
      await this.connection.run(valueSql === undefined ? `RESET ${setting}` : `SET ${setting} = ${valueSql}`);
    } catch (error) {
      if (!(error instanceof AlopexError) || error.code === '42704') throw error;
      throw new AlopexError(SqlState.invalidParameter, error.message, { cause: error });
    }
    if (valueSql === undefined || !isLocal) this.#settings.delete(name);
    else this.#settings.set(name, valueSql);
  }

  async resetSettings(): Promise<void> {
    this.#searchPath = MAIN_PATH;
    for (const name of this.#settings.keys()) await this.set(name, undefined, true, this.#engine.commits.published);
  }

  /** Ends it, with all that is left in it. */
  async close(): Promise<void> {
    try {
      await this.connection.run('USE memory');
      await this.connection.run(`DETACH ${this.#database}`);
    } catch (error) {
      // A connection that is stuck goes as it is; its empty database stays until the kernel goes.
      if (!(error instanceof AlopexError)) throw error;
    } finally {
      this.connection.close();
    }
  }

  /** Drops the views of some tables: what they show is about to go away. */
  async forget(tables: readonly TableVersion[]): Promise<void> {
    for (const table of tables) {
      if (this.#views.has(objectKey(table.schemaName, table.name))) await this.#hide(table);
    }
  }

  async #show(table: ReadableTable, files: TableVersion['files']): Promise<void> {
    const key = objectKey(table.schemaName, table.name);
    const content = `${identityOf(table.schema)}/${identityOf(table)}/${files.map((file) => file.fileId).join(',')}`;
    if (this.#views.get(key)?.content === content) return;
    await this.connection.run(
      `CREATE OR REPLACE VIEW ${this.#database}.${qualifiedSql(table.schemaName, table.name)} AS ${scanSql(table, { files })}`,
    );
    this.#views.set(key, { schemaName: table.schemaName, name: table.name, content });
  }

  async #showAll(version: DatabaseVersion): Promise<void> {
    for (const table of version.tables.values()) {
      const shown = this.#views.get(objectKey(table.schemaName, table.name))?.content;
      if (shown?.startsWith(`${identityOf(table.schema)}/`) !== true) {
        await this.#show(await makeReadable(this.#engine.context, table, []), []);
      }
      await this.#comment(table);
    }
  }

  async #listTables(version: DatabaseVersion): Promise<void> {
    if (this.#listed === version) return;
    this.#listed = undefined;
    for (const sql of catalogFunctions(this.#database, version)) await this.connection.run(sql);
    this.#listed = version;
  }

  /** The kernel knows comments on views, but forgets them with every new view: only who asks for them needs them. */
  async #comment({ schemaName, name, comments, schema }: TableVersion): Promise<void> {
    const key = objectKey(schemaName, name);
    const shown = this.#views.get(key);
    if (shown === undefined || shown.comments === comments) return;
    const view = `${this.#database}.${qualifiedSql(schemaName, name)}`;
    await this.connection.run(`COMMENT ON VIEW ${view} IS ${textOrNull(comments?.table)}`);
    const texts = new Map(comments?.columns);
    const before = new Map(shown.comments?.columns);
    for (const column of schema.columns) {
      const text = texts.get(column.id);
      if (text === before.get(column.id)) continue;
      await this.connection.run(`COMMENT ON COLUMN ${view}.${quoteIdentifier(column.name)} IS ${textOrNull(text)}`);
    }
    this.#views.set(key, { ...shown, comments });
  }

  async #dropStale(version: DatabaseVersion): Promise<void> {
    for (const [key, table] of this.#views) if (!version.tables.has(key)) await this.#hide(table);
  }

  async #hide({ schemaName, name }: Pick<ShownTable, 'schemaName' | 'name'>): Promise<void> {
    await this.connection.run(`DROP VIEW IF EXISTS ${this.#database}.${qualifiedSql(schemaName, name)}`);
    this.#views.delete(objectKey(schemaName, name));
  }

  async #define(version: DatabaseVersion, definitions: readonly Definition[]): Promise<void> {
    await this.#catalog.make(definitions, (definition) => bodyForKernel(definition, version.definitions));
  }

  async #showSystemTables(version: DatabaseVersion, names: ReadonlySet<string>, isListed: boolean): Promise<void> {
    for (const table of await systemTables(this.#engine.context, version, names)) {
      if (!isListed && !names.has(table.name)) continue;
      await this.connection.run(
        `CREATE OR REPLACE VIEW ${this.#database}.${SYSTEM_SCHEMA}.${table.name} AS ${table.sql}`,
      );
    }
  }
}

interface ShownTable {
  readonly schemaName: string;
  readonly name: string;
  readonly content: string;
  /** As the kernel has them. */
  readonly comments?: TableVersion['comments'] | undefined;
}

function textOrNull(text: string | undefined): string {
  return text === undefined ? 'NULL' : quoteLiteral(text);
}
