import type { CacheUse } from '../../cache/cache-space.ts';
import type { Engine } from '../../engine.ts';
import { AlopexError, SqlState } from '../../errors.ts';
import { identityOf } from '../../identity.ts';
import type { Kernel, KernelConnection, KernelRow, Parameters } from '../../ports/kernel.ts';
import type { DataFile } from '../../table/data-file.ts';
import { quoteIdentifier, quoteLiteral } from '../../table/data-type.ts';
import type { Definition } from '../../table/definition.ts';
import {
  lookUp,
  MAIN_PATH,
  MAIN_SCHEMA,
  objectKey,
  qualifiedSql,
  SYSTEM_SCHEMA,
  type SearchPath,
} from '../../table/object-name.ts';
import { areRemote, type ReadColumns } from '../../table/table-files.ts';
import { makeReadable, type ReadableTable } from '../../table/readable.ts';
import { scanSql } from '../../table/scan.ts';
import type { TableWriter } from '../../writer.ts';
import type { DatabaseVersion, TableVersion } from '../../table/version.ts';
import { KernelCatalog } from '../definitions/kernel-catalog.ts';
import { readSearchPath } from '../definitions/read-search-path.ts';
import { bodyForKernel, mayUseSequence, withSequenceNames } from '../definitions/sequence-names.ts';
import { allReferences, namesIn, referencesOf, type References } from '../definitions/references.ts';
import type { Planner, QueryPlan, QueryScope } from '../plan/planner.ts';
import type { TableScan } from '../plan/scan-report.ts';
import { catalogFunctions, listsTables } from './catalog-functions.ts';
import { withDescribedTables } from './described-tables.ts';
import { AS_TYPED, canInline, inlineScans, type InlinedTable, type KernelQuery } from './inline-scans.ts';
import { pieceOf } from './parameters.ts';
import { Temporaries } from './temporaries.ts';
import { isPastSchema, withoutPastTables } from '../parse/past-tables.ts';
import { NOTHING_PAST, tableAsItWas, type PastReading } from './past-tables.ts';
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
  #past: PastReading = NOTHING_PAST;
  #use: CacheUse | undefined;
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

  /** A statement begins: what it reads of remote files stays until it ends. */
  begin(): void {
    this.#use = this.#engine.context.cache.begin();
  }

  end(): void {
    this.#use?.end();
    this.#use = undefined;
  }

  /** Makes the tables that a text names readable as of `version`, and says which files will be read of each. */
  async prepare(version: DatabaseVersion, text: string, parameters?: Parameters): Promise<TableScan[]> {
    const mentioned = await this.#mentioned(version, text);
    const { tables } = await this.#plan(version, mentioned, text, parameters, false);
    const scans = scansOf(mentioned, tables);
    await this.#showScans(version, mentioned, text, scans);
    return scans;
  }

  /** Like `prepare`, for a query: says what to run, too, which reads no table when what is known of its files answers the query. */
  async prepareQuery(version: DatabaseVersion, text: string, parameters?: Parameters): Promise<PreparedQuery> {
    const mentioned = await this.#mentioned(version, text);
    const { tables, instead } = await this.#plan(version, mentioned, text, parameters, true);
    const sql = instead?.sql ?? text;
    if (instead?.isConstant === true) {
      return { sql, scans: scansOf(mentioned, tables), parameters: undefined, explain: AS_TYPED };
    }
    const scans = scansOf(mentioned, tables);
    const columns = await this.#columnsOf(version, mentioned, scans, sql, parameters);
    if (!this.#isInlined(mentioned, text)) {
      await this.#showScans(version, mentioned, text, scans, columns);
      const described = withDescribedTables(
        sql,
        (name) => (this.temporaries.hides(name) ? undefined : lookUp(version.tables, name, this.#searchPath)),
        (defaultSql) => withSequenceNames(defaultSql, version.definitions),
      );
      return { sql: described, scans, parameters, explain: AS_TYPED };
    }
    // Names that are no table's any more must mean nothing.
    await this.#dropStale(version);
    await this.#catalog.follow(version.definitions);
    await this.#catalog.use(this.#searchPath);
    const inlined: InlinedTable[] = [];
    for (const { table, files } of scans) {
      inlined.push({ name: table.name, sql: await this.#scanOf(table, files, columns.get(table.tableId)) });
    }
    return { ...inlineScans(sql, inlined), scans, parameters };
  }

  async #mentioned(version: DatabaseVersion, text: string): Promise<Mentioned> {
    const names = namesIn(this.#past.tables.length === 0 ? text : withoutPastTables(text));
    const present = referencesOf(version, names, this.#searchPath);
    const past = await this.#tablesAsTheyWere(version, text);
    const references = { ...present, tables: [...present.tables, ...past] };
    this.#usesSequence = mayUseSequence(text) || references.definitions.some(({ body }) => mayUseSequence(body));
    return { ...references, names };
  }

  #plan(
    version: DatabaseVersion,
    mentioned: Mentioned,
    text: string,
    parameters: Parameters | undefined,
    isQuery: boolean,
  ): Promise<QueryPlan> {
    return this.#planner.plan(this.#queryScope(version, mentioned), text, parameters, isQuery);
  }

  /** Which columns of each table a query reads, by table id, when there are files to fetch; all of a table that is not in the map. */
  async #columnsOf(
    version: DatabaseVersion,
    mentioned: References,
    scans: readonly TableScan[],
    sql: string,
    parameters: Parameters | undefined,
  ): Promise<ReadonlyMap<number, ReadonlySet<string>>> {
    const { context } = this.#engine;
    if (!scans.some(({ table, files }) => areRemote(context, table, files))) return ALL_COLUMNS;
    return this.#planner.columnsToRead(this.#queryScope(version, mentioned), sql, parameters);
  }

  #queryScope(version: DatabaseVersion, { tables, definitions }: References): QueryScope {
    return {
      tables,
      definitions,
      version,
      path: this.#searchPath,
      settings: this.#settings,
      temporaries: this.temporaries,
      now: () => this.#now(),
      ask: (table, files, sqlOf, values) => this.#ask(version, table, files, sqlOf, values),
      withKeys: (table, files, keys) => this.#engine.fileKeys.narrow(table, files, keys),
    };
  }

  /** Whether the tables of a query can be given to the kernel with the query itself: plain names in it mean our tables and nothing else. */
  #isInlined({ tables, definitions, names }: Mentioned, text: string): boolean {
    const isPlain = this.#searchPath === MAIN_PATH && this.temporaries.isEmpty && definitions.length === 0;
    if (!isPlain || names.has(MAIN_SCHEMA) || names.has(SYSTEM_SCHEMA) || names.has(this.#database)) return false;
    if (CATALOG_WORDS.test(text) || listsTables(text)) return false;
    return tables.every(({ schemaName }) => schemaName === MAIN_SCHEMA) && canInline(text);
  }

  async #showScans(
    version: DatabaseVersion,
    mentioned: Mentioned,
    text: string,
    scans: readonly TableScan[],
    columns = ALL_COLUMNS,
  ): Promise<void> {
    await this.#dropStale(version);
    await this.#catalog.follow(version.definitions);
    for (const { table, files } of scans) await this.#show(table, files, columns.get(table.tableId));
    const { names, definitions } = mentioned;
    const isListed = CATALOG_WORDS.test(text);
    if (isListed) await this.#showAll(version);
    if (listsTables(text)) await this.#listTables(version);
    await this.#define(version, isListed ? allReferences(version).definitions : definitions);
    if (names.has(SYSTEM_SCHEMA)) await this.#showSystemTables(version, names, isListed);
    await this.#catalog.use(this.#searchPath);
  }

  /** A question that the planner asks of one table. What the kernel refuses is for the statement itself to complain about. */
  async #ask(
    version: DatabaseVersion,
    table: TableVersion,
    files: readonly DataFile[],
    sqlOf: (relation: string) => string,
    parameters?: Parameters,
  ): Promise<readonly KernelRow[] | undefined> {
    const question = sqlOf(qualifiedSql(table.schemaName, table.name));
    const columns = await this.#columnsOf(
      version,
      { tables: [table], definitions: [] },
      [{ table, files }],
      question,
      parameters,
    );
    const scan = await this.#scanOf(table, files, columns.get(table.tableId));
    const piece = pieceOf(sqlOf(`(${scan})`), parameters);
    try {
      return await this.connection.rows(piece.sql, piece.parameters);
    } catch (error) {
      if (error instanceof AlopexError && error.code !== SqlState.queryCanceled) return undefined;
      throw error;
    }
  }

  async #scanOf(table: TableVersion, files: readonly DataFile[], columns?: ReadColumns): Promise<string> {
    return scanSql(await this.#readable(table, files, columns), { files });
  }

  #readable(table: TableVersion, files: readonly DataFile[], columns: ReadColumns): Promise<ReadableTable> {
    return makeReadable(this.#engine.context, table, files, { columns, use: this.#use });
  }

  async #now(): Promise<string> {
    const [row] = await this.connection.rows(`SELECT now()::VARCHAR AS now`);
    return String(row?.['now']);
  }

  /** Whether the next user of the session would find it as new. */
  get isClean(): boolean {
    return this.#settings.size === 0 && this.temporaries.isEmpty && this.#searchPath === MAIN_PATH;
  }

  /** Makes the types and macros that a text names known to the kernel, but no table. */
  async prepareDefinitions(version: DatabaseVersion, text: string): Promise<void> {
    // What was dropped must go, also when it was the last.
    await this.#catalog.follow(version.definitions);
    if (version.definitions.size === 0) return;
    const { definitions } = referencesOf(version, namesIn(text), this.#searchPath);
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
    // The kernel would go back to the zone of the machine, and to limits of its own.
    const standard = name === 'timezone' ? 'UTC' : this.#engine.context.kernel.standardSettings?.get(name);
    const value = valueSql ?? (standard === undefined ? undefined : quoteLiteral(standard));
    try {
      await this.connection.run(value === undefined ? `RESET ${setting}` : `SET ${setting} = ${value}`);
    } catch (error) {
      if (!(error instanceof AlopexError) || error.code === '42704') throw error;
      throw new AlopexError(SqlState.invalidParameter, error.message, { cause: error });
    }
    if (!isLocal) this.#planner.sharedSetting(name, valueSql);
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

  /** What the next statement reads of the past: its text names these tables by schemas of their own. */
  readPast(past: PastReading): void {
    this.#past = past;
  }

  async #tablesAsTheyWere(version: DatabaseVersion, text: string): Promise<TableVersion[]> {
    const { tables, parameters } = this.#past;
    if (tables.length === 0) return [];
    const names = namesIn(text);
    const { context, commits } = this.#engine;
    const { connection } = this;
    const scope = { context, connection, version, committed: commits.latest, path: this.#searchPath };
    const found: TableVersion[] = [];
    for (const past of tables) {
      if (!names.has(past.schemaName)) continue;
      found.push(await tableAsItWas(scope, past, parameters));
    }
    return found;
  }

  async #show(table: TableVersion, files: readonly DataFile[], columns?: ReadColumns): Promise<void> {
    const key = objectKey(table.schemaName, table.name);
    const content = `${identityOf(table.schema)}/${identityOf(table)}/${files.map((file) => file.fileId).join(',')}`;
    // Rows are loaded and files checked for each statement, also where the view stays.
    const readable = await this.#readable(table, files, columns);
    if (this.#views.get(key)?.content === content) return;
    if (isPastSchema(table.schemaName)) {
      await this.connection.run(`CREATE SCHEMA IF NOT EXISTS ${this.#database}.${table.schemaName}`);
    }
    await this.connection.run(
      `CREATE OR REPLACE VIEW ${this.#database}.${qualifiedSql(table.schemaName, table.name)} AS ${scanSql(readable, { files })}`,
    );
    this.#views.set(key, { schemaName: table.schemaName, name: table.name, content });
  }

  async #showAll(version: DatabaseVersion): Promise<void> {
    for (const table of version.tables.values()) {
      const shown = this.#views.get(objectKey(table.schemaName, table.name))?.content;
      if (shown?.startsWith(`${identityOf(table.schema)}/`) !== true) {
        await this.#show(table, []);
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
    if (isPastSchema(schemaName))
      await this.connection.run(`DROP SCHEMA IF EXISTS ${this.#database}.${schemaName} CASCADE`);
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

/** A query as the session runs it. */
export interface PreparedQuery extends KernelQuery {
  readonly scans: readonly TableScan[];
  readonly parameters: Parameters | undefined;
}

/** What a text may refer to, and all names in it. */
interface Mentioned extends References {
  readonly names: ReadonlySet<string>;
}

function scansOf({ tables }: References, plans: QueryPlan['tables']): TableScan[] {
  return tables.map((table) => ({
    table,
    ...(plans.get(table.tableId) ?? { files: table.files, cuts: [] }),
    ...titleOf(table),
  }));
}

function titleOf({ schemaName, name, seq }: TableVersion): { readonly title?: string } {
  return isPastSchema(schemaName) ? { title: `${name} AT (VERSION => ${seq})` } : {};
}

const ALL_COLUMNS: ReadonlyMap<number, ReadonlySet<string>> = new Map();

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
