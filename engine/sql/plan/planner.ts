import { AlopexError } from '../../errors.ts';
import { Mutex } from '../../mutex.ts';
import type { Kernel, KernelConnection, Parameters } from '../../ports/kernel.ts';
import type { DataFile } from '../../table/data-file.ts';
import { quoteIdentifier, typeSql } from '../../table/data-type.ts';
import type { TableSchema } from '../../table/schema.ts';
import type { TableVersion } from '../../table/version.ts';
import { tokenize } from '../lexer.ts';
import { scanPredicates } from './explain-plan.ts';
import type { Predicate } from './predicate.ts';
import { compileFileTest } from './prune.ts';

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

/** Names of functions whose value at planning time says nothing about the next run: times, random numbers, settings, and anything that reads elsewhere. */
const VOLATILE =
  /\b(now|today|current_\w+|local(time|timestamp)|get_current_\w+|transaction_timestamp|clock_timestamp|random|setseed|uuid\w*|gen_random_uuid|nextval|currval|getvariable|getenv)\b/i;

/**
 * Finds out which files a statement can need. It asks the optimizer of a second, empty kernel that has a table of the same columns for each of ours: the filters
 * in that plan's scans are the conditions that reach each table, through views, CTEs, subqueries and joins, with constants folded and parameters filled in.
 *
 * The stub kernel runs without statistics propagation: statistics of empty tables would make every plan empty.
 */
export class Planner {
  readonly #connection: KernelConnection;
  readonly #turns = new Mutex();
  readonly #stubs = new Map<string, TableSchema>();
  /** Predicates of statements that were planned before, the least recently used first. */
  readonly #plans = new Map<string, ReadonlyMap<string, Predicate>>();

  private constructor(connection: KernelConnection) {
    this.#connection = connection;
  }

  static async open(kernel: Kernel): Promise<Planner> {
    const connection = await kernel.connect();
    await connection.run(`SET disabled_optimizers = 'statistics_propagation'`);
    return new Planner(connection);
  }

  close(): void {
    this.#connection.close();
  }

  /** The files of each table that a query must read, by table id; a table that is not in the map needs all of its files. */
  async filesToRead(
    tables: readonly TableVersion[],
    query: string,
    parameters?: Parameters,
  ): Promise<ReadonlyMap<number, readonly DataFile[]>> {
    const worthwhile = tables.some((table) => table.files.length > 0) && hasCondition(query);
    if (!worthwhile) return new Map();
    const predicates = await this.#cachedPredicates(tables, query, parameters);
    const kept = new Map<number, readonly DataFile[]>();
    for (const table of tables) {
      const predicate = predicates.get(planName(table));
      if (predicate === undefined) continue;
      kept.set(table.tableId, table.files.filter(compileFileTest(predicate, table.schema)));
    }
    return kept;
  }

  async #cachedPredicates(
    tables: readonly TableVersion[],
    query: string,
    parameters?: Parameters,
  ): Promise<ReadonlyMap<string, Predicate>> {
    const plan = (): Promise<ReadonlyMap<string, Predicate>> =>
      this.#turns.run(() => this.#predicates(tables, query, parameters));
    if (parameters !== undefined || isVolatile(query)) return plan();
    const key = `${tables.map((table) => `${table.tableId}.${table.schema.schemaId}`).join(',')} ${query}`;
    const known = this.#plans.get(key);
    const predicates = known ?? (await plan());
    this.#plans.delete(key);
    this.#plans.set(key, predicates);
    const [oldest] = this.#plans.keys();
    if (this.#plans.size > MAX_PLANS && oldest !== undefined) this.#plans.delete(oldest);
    return predicates;
  }

  async #predicates(
    tables: readonly TableVersion[],
    query: string,
    parameters?: Parameters,
  ): Promise<ReadonlyMap<string, Predicate>> {
    try {
      for (const table of tables) await this.#syncStub(table);
      const rows = await this.#connection.rows(`EXPLAIN (FORMAT JSON) ${query}`, parameters);
      return scanPredicates(String(rows[0]?.['explain_value'] ?? '[]'));
    } catch (error) {
      // The real execution reports what is wrong with the statement; what only the stubs lack costs no more than pruning.
      if (error instanceof AlopexError || error instanceof SyntaxError) return new Map();
      throw error;
    }
  }

  async #syncStub(table: TableVersion): Promise<void> {
    const key = table.name.toLowerCase();
    if (this.#stubs.get(key) === table.schema) return;
    const columns = table.schema.columns.map((column) => `${quoteIdentifier(column.name)} ${typeSql(column.type)}`);
    await this.#connection.run(`CREATE OR REPLACE TABLE ${quoteIdentifier(table.name)} (${columns.join(', ')})`);
    this.#stubs.set(key, table.schema);
  }
}

function planName(table: TableVersion): string {
  return `memory.main.${table.name}`;
}

function isVolatile(query: string): boolean {
  return VOLATILE.test(query);
}

function hasCondition(query: string): boolean {
  return tokenize(query).some((token) => token.kind === 'identifier' && CONDITION_WORDS.has(token.text.toUpperCase()));
}
