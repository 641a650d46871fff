import { AlopexError } from '../../errors.ts';
import { Mutex } from '../../mutex.ts';
import type { Kernel, KernelConnection, Parameters } from '../../ports/kernel.ts';
import { quoteIdentifier, typeSql } from '../../table/data-type.ts';
import { objectKey, qualifiedSql, type SearchPath } from '../../table/object-name.ts';
import type { TableSchema } from '../../table/schema.ts';
import type { DatabaseVersion, TableVersion } from '../../table/version.ts';
import { KernelCatalog } from '../definitions/kernel-catalog.ts';
import type { References } from '../definitions/references.ts';
import { isPastSchema } from '../parse/past-tables.ts';
import { readPlan, scanPredicates } from './explain-plan.ts';
import { tableKey, type PlanNode } from './plan-node.ts';
import type { Predicate } from './predicate.ts';
import { scanProjections } from './scan-columns.ts';

/** What a statement may refer to, and where its plain names are looked for. */
export interface StubScope extends References {
  readonly version: DatabaseVersion;
  readonly path: SearchPath;
  /** Settings of the session that are not at their defaults, as SQL by lower-case name. */
  readonly settings: ReadonlyMap<string, string>;
}

const STUB_DATABASE = 'memory';
const DISABLED = 'statistics_propagation,late_materialization,top_n';

/** It would change what EXPLAIN shows, and no meaning. */
const NOT_FOR_STUBS: ReadonlySet<string> = new Set(['explain_output']);

/**
 * The optimizer of a second, empty kernel that has a table of the same columns for each of ours: the filters in its plan's scans are the conditions that reach each table, through views, CTEs,
 * subqueries and joins, with constants folded and parameters filled in.
 *
 * It runs without statistics propagation: statistics of empty tables would make every plan empty. Late materialization and Top-N would scan a table twice, once
 * without its filters.
 */
export class StubOptimizer {
  readonly #connection: KernelConnection;
  readonly #catalog: KernelCatalog;
  readonly #turns = new Mutex();
  /** The schema of each stub, by `objectKey`. */
  readonly #stubs = new Map<string, TableSchema>();
  readonly #settings = new Map<string, string>();
  /** The tables for which there are no stale stubs. */
  #following: DatabaseVersion['tables'] | undefined;

  private constructor(connection: KernelConnection) {
    this.#connection = connection;
    this.#catalog = new KernelCatalog(connection, STUB_DATABASE);
  }

  static async open(kernel: Kernel): Promise<StubOptimizer> {
    const connection = await kernel.connect();
    await connection.run(`SET disabled_optimizers = '${DISABLED}'`);
    return new StubOptimizer(connection);
  }

  close(): void {
    this.#connection.close();
  }

  /** The conditions that reach each table that texts of the same tables scan, by `stubKey`; one map for each text. */
  predicates(
    scope: StubScope,
    texts: readonly string[],
    parameters?: Parameters,
  ): Promise<readonly ReadonlyMap<string, Predicate>[]> {
    return this.#turns.run(async () => {
      const found: ReadonlyMap<string, Predicate>[] = [];
      for (const text of texts) found.push(scanPredicates(await this.#plan(scope, text, parameters)));
      return found;
    });
  }

  /** What a text takes of each table that it scans, by `stubKey`; see `scanProjections`. */
  projections(
    scope: StubScope,
    text: string,
    parameters?: Parameters,
  ): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
    return this.#turns.run(async () => {
      await this.#connection.run(`SET disabled_optimizers = '${DISABLED},filter_pushdown'`);
      try {
        return scanProjections(await this.#plan(scope, text, parameters));
      } finally {
        await this.#connection.run(`SET disabled_optimizers = '${DISABLED}'`);
      }
    });
  }

  /** Nothing when the text cannot be planned. */
  async #plan(
    { tables, definitions, version, path, settings }: StubScope,
    query: string,
    parameters?: Parameters,
  ): Promise<readonly PlanNode[]> {
    try {
      await this.#dropStale(version);
      await this.#catalog.follow(version.definitions);
      for (const table of tables) await this.#syncStub(table);
      await this.#catalog.make(definitions, ({ body }) => body);
      await this.#catalog.use(path);
      await this.#syncSettings(settings);
      const rows = await this.#connection.rows(`EXPLAIN (FORMAT JSON) ${query}`, parameters);
      return readPlan(String(rows[0]?.['explain_value'] ?? '[]'));
    } catch (error) {
      // The real execution reports what is wrong with the statement; what only the stubs lack costs no more than pruning.
      if (error instanceof AlopexError || error instanceof SyntaxError) return [];
      throw error;
    }
  }

  async #syncSettings(settings: ReadonlyMap<string, string>): Promise<void> {
    for (const name of this.#settings.keys()) {
      if (settings.has(name)) continue;
      // By itself it would go back to the zone of the machine.
      await this.#connection.run(name === 'timezone' ? `SET TimeZone = 'UTC'` : `RESET ${quoteIdentifier(name)}`);
      this.#settings.delete(name);
    }
    for (const [name, valueSql] of settings) {
      if (this.#settings.get(name) === valueSql || NOT_FOR_STUBS.has(name)) continue;
      await this.#connection.run(`SET ${quoteIdentifier(name)} = ${valueSql}`);
      this.#settings.set(name, valueSql);
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
    if (isPastSchema(table.schemaName)) await this.#connection.run(`CREATE SCHEMA IF NOT EXISTS ${table.schemaName}`);
    await this.#connection.run(
      `CREATE OR REPLACE TABLE ${qualifiedSql(table.schemaName, table.name)} (${columns.join(', ')})`,
    );
    this.#stubs.set(key, table.schema);
  }
}

/** A table as plans name its stub. */
export function stubKey({ schemaName, name }: TableVersion): string {
  return tableKey([STUB_DATABASE, schemaName, name]);
}
