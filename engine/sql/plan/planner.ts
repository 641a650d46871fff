import { AlopexError } from '../../errors.ts';
import { identityOf } from '../../identity.ts';
import { Mutex } from '../../mutex.ts';
import type { Kernel, KernelConnection, Parameters } from '../../ports/kernel.ts';
import type { DataFile } from '../../table/data-file.ts';
import { quoteIdentifier, typeSql } from '../../table/data-type.ts';
import { objectKey, qualifiedSql, type SearchPath } from '../../table/object-name.ts';
import type { TableSchema } from '../../table/schema.ts';
import { liveMemtableRows, type DatabaseVersion, type TableVersion } from '../../table/version.ts';
import { KernelCatalog } from '../definitions/kernel-catalog.ts';
import type { References } from '../definitions/references.ts';
import { tokenize } from '../lexer.ts';
import { bindCondition } from './bind-condition.ts';
import { countAnswer } from './count-answer.ts';
import { readPlan, scanPredicates } from './explain-plan.ts';
import { extremeFiles } from './extreme-files.ts';
import { LruMap } from '../../lru-map.ts';
import { tableKey } from './plan-node.ts';
import type { Predicate } from './predicate.ts';
import { compileFileTest } from './prune.ts';
import { hasKeys, resolveKeys, type KeyRow } from './resolve-keys.ts';
import type { Cut } from './scan-report.ts';
import { readSimpleQuery, type SimpleQuery } from './simple-query.ts';
import { isVolatile, readsSession, withTime } from './time-words.ts';
import { topFiles } from './top-files.ts';

/** Words without which no condition can reach a table. */
const CONDITION_WORDS: ReadonlySet<string> = new Set([
  'WHERE',
  'JOIN',
  'ON',
  'USING',
  'HAVING',
  'QUALIFY',
  'FILTER',
  'IN',
]);

const MAX_PLANS = 256;

/** Reading keys pays for itself when it saves that many footers. */
const MIN_FILES_FOR_KEYS = 8;
const MAX_ROWS_FOR_KEYS = 1_000_000;

/** A statement runs well before this has passed since its planning. */
const MARGIN = '1 minute';

/** What a statement may refer to, and where its plain names are looked for. */
export interface QueryScope extends References {
  readonly version: DatabaseVersion;
  readonly path: SearchPath;
  /** The present time as SQL, as the kernel will take it when it runs the statement: in a transaction it stands still. */
  readonly now: () => Promise<string>;
  /** Runs a query of some files of one table, whose name in SQL it is given; `undefined` when the kernel refuses it. */
  readonly ask: (
    table: TableVersion,
    files: readonly DataFile[],
    sqlOf: (relation: string) => string,
  ) => Promise<readonly KeyRow[] | undefined>;
}

/** Which files of a table a statement reads, and how each kind of knowledge has made them fewer. */
export interface TablePlan {
  readonly files: readonly DataFile[];
  readonly cuts: readonly Cut[];
}

/**
 * Finds out which files a statement can need. It asks the optimizer of a second, empty kernel that has a table of the same columns for each of ours: the filters
 * in that plan's scans are the conditions that reach each table, through views, CTEs, subqueries and joins, with constants folded and parameters filled in.
 *
 * The stub kernel runs without statistics propagation: statistics of empty tables would make every plan empty. Late materialization and Top-N would scan a table twice, once
 * without its filters.
 */
export class Planner {
  readonly #connection: KernelConnection;
  readonly #catalog: KernelCatalog;
  readonly #turns = new Mutex();
  /** The schema of each stub, by `objectKey`. */
  readonly #stubs = new Map<string, TableSchema>();
  /** The tables for which there are no stale stubs. */
  #following: DatabaseVersion['tables'] | undefined;
  /** Predicates of statements that were planned before. */
  readonly #plans = new LruMap<string, ReadonlyMap<string, Predicate>>(MAX_PLANS);
  /** Queries that need no optimizer; null for others. */
  readonly #simple = new LruMap<string, SimpleQuery | null>(MAX_PLANS);

  private constructor(connection: KernelConnection) {
    this.#connection = connection;
    this.#catalog = new KernelCatalog(connection, STUB_DATABASE);
  }

  static async open(kernel: Kernel): Promise<Planner> {
    const connection = await kernel.connect();
    await connection.run(`SET disabled_optimizers = 'statistics_propagation,late_materialization,top_n'`);
    return new Planner(connection);
  }

  close(): void {
    this.#connection.close();
  }

  /** A query that gives the same rows as `query` and reads no table, where what is known of files says enough; and the table that it is about. */
  answer({ tables, definitions }: References, query: string): { sql: string; table: TableVersion } | undefined {
    const simple = this.#simpleQuery(query);
    const table = simple === undefined || definitions.length > 0 ? undefined : onlyTable(tables, simple);
    const sql = simple === undefined || table === undefined ? undefined : countAnswer(simple, table);
    return sql === undefined || table === undefined ? undefined : { sql, table };
  }

  /** The files of each table that a query must read, by table id; a table that is not in the map needs all of its files. */
  async filesToRead(
    scope: QueryScope,
    query: string,
    parameters?: Parameters,
  ): Promise<ReadonlyMap<number, TablePlan>> {
    const { tables, definitions } = scope;
    if (!tables.some((table) => table.files.length > 0)) return new Map();
    const simple = definitions.length > 0 ? undefined : this.#planSimple(tables, query, parameters);
    if (simple !== undefined) return simple;
    const texts = [query, ...definitions.map(({ body }) => body)];
    if (!texts.some(hasCondition) || texts.some(readsSession)) return new Map();
    const predicates = await this.#cachedPredicates(scope, texts, query, parameters);
    const plans = new Map<number, TablePlan>();
    for (const table of tables) {
      const predicate = predicates.get(planKey(table));
      if (predicate !== undefined) plans.set(table.tableId, cutByBounds(table, predicate));
    }
    for (const table of tables) {
      const predicate = predicates.get(planKey(table));
      const plan = plans.get(table.tableId);
      if (predicate === undefined || plan === undefined || !hasKeys(predicate)) continue;
      if (plan.files.length >= MIN_FILES_FOR_KEYS)
        plans.set(table.tableId, await cutByKeys(scope, plans, table, predicate));
    }
    return plans;
  }

  #simpleQuery(query: string): SimpleQuery | undefined {
    let simple = this.#simple.get(query);
    if (simple === undefined) {
      simple = readSimpleQuery(query) ?? null;
      this.#simple.set(query, simple);
    }
    return simple ?? undefined;
  }

  /** A query of one table, all of whose conditions are understood as they were typed. */
  #planSimple(
    tables: readonly TableVersion[],
    query: string,
    parameters: Parameters | undefined,
  ): ReadonlyMap<number, TablePlan> | undefined {
    const simple = this.#simpleQuery(query);
    const table = simple === undefined ? undefined : onlyTable(tables, simple);
    if (simple?.where === undefined || table === undefined) return undefined;
    const predicate = bindCondition(simple.where, table.schema, parameters);
    if (predicate === undefined) return undefined;
    const plan = cutByBounds(table, predicate);
    const top = topFiles(simple, table, plan.files);
    const extreme = top === undefined ? extremeFiles(simple, table, plan.files) : undefined;
    return new Map([[table.tableId, cut(cut(plan, 'order', top), 'extremes', extreme)]]);
  }

  async #cachedPredicates(
    scope: QueryScope,
    texts: readonly string[],
    query: string,
    parameters?: Parameters,
  ): Promise<ReadonlyMap<string, Predicate>> {
    const { tables, version, path } = scope;
    const isFleeting = texts.some(isVolatile);
    if (isFleeting) return this.#atPresent(scope, query, parameters);
    const plan = (): Promise<ReadonlyMap<string, Predicate>> =>
      this.#turns.run(() => this.#predicates(scope, query, parameters));
    if (parameters !== undefined) return plan();
    const shapes = tables.map((table) => `${table.tableId}.${identityOf(table.schema)}`).join(',');
    const key = `${shapes} ${identityOf(version.definitions)} ${path.join(',')} ${query}`;
    const known = this.#plans.get(key);
    if (known !== undefined) return known;
    const predicates = await plan();
    this.#plans.set(key, predicates);
    return predicates;
  }

  /** What is needed now or a little later, when the statement will run. */
  async #atPresent(scope: QueryScope, query: string, parameters?: Parameters): Promise<ReadonlyMap<string, Predicate>> {
    const now = await scope.now();
    const [early, late] = [withTime(query, now), withTime(query, `(${now} + INTERVAL ${MARGIN})`)];
    if (early === undefined || late === undefined || scope.definitions.length > 0) return new Map();
    const [first, second] = await this.#turns.run(async () => [
      await this.#predicates(scope, early, parameters),
      await this.#predicates(scope, late, parameters),
    ]);
    const both = new Map<string, Predicate>();
    for (const [table, predicate] of first ?? []) {
      const other = second?.get(table);
      if (other !== undefined) both.set(table, { kind: 'or', children: [predicate, other] });
    }
    return both;
  }

  async #predicates(
    { tables, definitions, version, path }: QueryScope,
    query: string,
    parameters?: Parameters,
  ): Promise<ReadonlyMap<string, Predicate>> {
    try {
      await this.#dropStale(version);
      await this.#catalog.follow(version.definitions);
      for (const table of tables) await this.#syncStub(table);
      await this.#catalog.make(definitions, ({ body }) => body);
      await this.#catalog.use(path);
      const rows = await this.#connection.rows(`EXPLAIN (FORMAT JSON) ${query}`, parameters);
      return scanPredicates(readPlan(String(rows[0]?.['explain_value'] ?? '[]')));
    } catch (error) {
      // The real execution reports what is wrong with the statement; what only the stubs lack costs no more than pruning.
      if (error instanceof AlopexError || error instanceof SyntaxError) return new Map();
      throw error;
    }
  }

  /** A view may have the name of a table now. */
  async #dropStale({ tables }: DatabaseVersion): Promise<void> {
    if (tables === this.#following) return;
    for (const key of this.#stubs.keys()) {
      if (tables.has(key)) continue;
      await this.#connection.run(`DROP TABLE IF EXISTS ${key}`);
      this.#stubs.delete(key);
    }
    this.#following = tables;
  }

  async #syncStub(table: TableVersion): Promise<void> {
    const key = objectKey(table.schemaName, table.name);
    if (this.#stubs.get(key) === table.schema) return;
    const columns = table.schema.columns.map((column) => `${quoteIdentifier(column.name)} ${typeSql(column.type)}`);
    await this.#connection.run(
      `CREATE OR REPLACE TABLE ${qualifiedSql(table.schemaName, table.name)} (${columns.join(', ')})`,
    );
    this.#stubs.set(key, table.schema);
  }
}

const STUB_DATABASE = 'memory';

/** As plans name it. */
function planKey({ schemaName, name }: TableVersion): string {
  return tableKey([STUB_DATABASE, schemaName, name]);
}

/** The one table that a simple query can mean. */
function onlyTable(tables: readonly TableVersion[], { table }: SimpleQuery): TableVersion | undefined {
  const named = tables.filter(({ name }) => name.toLowerCase() === table.toLowerCase());
  return named.length === 1 ? named[0] : undefined;
}

function cutByBounds(table: TableVersion, predicate: Predicate): TablePlan {
  return cut({ files: table.files, cuts: [] }, 'bounds', table.files.filter(compileFileTest(predicate, table.schema)));
}

/** Reads the keys of small sides of joins, for the files of the large side that have none of them. */
async function cutByKeys(
  { tables, ask }: QueryScope,
  plans: ReadonlyMap<number, TablePlan>,
  table: TableVersion,
  predicate: Predicate,
): Promise<TablePlan> {
  const plan = plans.get(table.tableId) ?? { files: table.files, cuts: [] };
  const rowsOf = (of: TableVersion, files: readonly DataFile[]): number =>
    files.reduce((sum, { rowCount }) => sum + rowCount, liveMemtableRows(of));
  const limit = Math.min(MAX_ROWS_FOR_KEYS, rowsOf(table, plan.files) / 2);
  const resolved = await resolveKeys(predicate, async (name, sqlOf) => {
    const source = tables.find((candidate) => planKey(candidate) === name);
    const files = source === undefined ? [] : (plans.get(source.tableId)?.files ?? source.files);
    return source === undefined || rowsOf(source, files) > limit ? undefined : ask(source, files, sqlOf);
  });
  return cut(plan, 'join', plan.files.filter(compileFileTest(resolved, table.schema)));
}

function cut(plan: TablePlan, reason: Cut['reason'], files: readonly DataFile[] | undefined): TablePlan {
  if (files === undefined || files.length === plan.files.length) return plan;
  return { files, cuts: [...plan.cuts, { reason, files: plan.files.length - files.length }] };
}

function hasCondition(query: string): boolean {
  return tokenize(query).some((token) => token.kind === 'identifier' && CONDITION_WORDS.has(token.text.toUpperCase()));
}
