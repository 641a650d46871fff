import { identityOf } from '../../identity.ts';
import { LruMap } from '../../lru-map.ts';
import type { Kernel, Parameters } from '../../ports/kernel.ts';
import { parseBound } from '../../table/bound-text.ts';
import type { DataFile } from '../../table/data-file.ts';
import { quoteLiteral } from '../../table/data-type.ts';
import { liveMemtableRows, type TableVersion } from '../../table/version.ts';
import type { RowKey } from '../../table/row-key.ts';
import { tokenize } from '../lexer.ts';
import { askedKeys } from './asked-keys.ts';
import { bindCondition } from './bind-condition.ts';
import { compileCertainTest } from './certain.ts';
import { countAnswer } from './count-answer.ts';
import { extremeFiles } from './extreme-files.ts';
import { readTopRows } from './order-by.ts';
import type { Predicate } from './predicate.ts';
import { asksForTime } from './present-time.ts';
import { compileFileTest } from './prune.ts';
import { hasKeys, resolveKeys, type KeyRow } from './resolve-keys.ts';
import { columnsMeant } from './scan-columns.ts';
import type { Cut } from './scan-report.ts';
import { readSimpleQuery, type SimpleQuery } from './simple-query.ts';
import { StubOptimizer, stubKey, type StubScope } from './stub-optimizer.ts';
import { isVolatile, readsSession, withTime } from './time-words.ts';
import { topFiles, type FileQuestion } from './top-files.ts';
import { touchesZone, withoutZones } from './zone.ts';

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
const MARGIN_MICROS = 60_000_000n;

/** What a statement may refer to, and how the session that runs it answers questions. */
export interface QueryScope extends StubScope {
  /** Objects that only the session has, which the text may mean. */
  readonly temporaries: { readonly isEmpty: boolean; readonly hasOthers: boolean };
  /** The present time as text, as the kernel will take it when it runs the statement: in a transaction it stands still. */
  readonly now: () => Promise<string>;
  /** Runs a query of some files of one table, whose name in SQL it is given; `undefined` when the kernel refuses it. */
  readonly ask: (
    table: TableVersion,
    files: readonly DataFile[],
    sqlOf: (relation: string) => string,
    parameters?: Parameters,
  ) => Promise<readonly KeyRow[] | undefined>;
  /** Those of some files of a table that may hold one of these primary keys. */
  readonly withKeys: (
    table: TableVersion,
    files: readonly DataFile[],
    keys: readonly RowKey[],
  ) => Promise<readonly DataFile[]>;
}

/** Which files of a table a statement reads, and how each kind of knowledge has made them fewer. */
export interface TablePlan {
  readonly files: readonly DataFile[];
  readonly cuts: readonly Cut[];
}

export interface QueryPlan {
  /** The files of each table that a query must read, by table id; a table that is not in the map needs all of its files. */
  readonly tables: ReadonlyMap<number, TablePlan>;
  /** To be run in place of the query, for the same rows. */
  readonly instead?: Answer;
}

/** A query that gives the same rows with less reading. */
export interface Answer {
  readonly sql: string;
  /** It reads no table and takes no parameters. */
  readonly isConstant: boolean;
}

const READ_ALL: QueryPlan = { tables: new Map() };

/** Finds out which files a statement can need: by its text where that is simple, by the optimizer of another kernel otherwise. */
export class Planner {
  readonly #stubs: StubOptimizer;
  /** Predicates of statements that were planned before. */
  readonly #plans = new LruMap<string, ReadonlyMap<string, Predicate>>(MAX_PLANS);
  /** Queries that need no optimizer; null for others. */
  readonly #simple = new LruMap<string, SimpleQuery | null>(MAX_PLANS);
  /** Whether nulls may come first in a query that does not say. */
  #nullsFirst = false;

  private constructor(stubs: StubOptimizer) {
    this.#stubs = stubs;
  }

  static async open(kernel: Kernel): Promise<Planner> {
    return new Planner(await StubOptimizer.open(kernel));
  }

  close(): void {
    this.#stubs.close();
  }

  /** Told of every setting that holds for the whole database; `undefined` is the default. */
  sharedSetting(name: string, valueSql: string | undefined): void {
    if (name === 'default_null_order' || name === 'null_order') this.#nullsFirst = valueSql !== undefined;
  }

  /** What a statement reads. With `isQuery` its rows are all that is wanted of it, so that another may be run in its place. */
  async plan(scope: QueryScope, query: string, parameters?: Parameters, isQuery = true): Promise<QueryPlan> {
    const { tables, definitions, temporaries } = scope;
    if (temporaries.hasOthers || !tables.some((table) => table.files.length > 0)) return READ_ALL;
    const simple =
      definitions.length > 0 || !temporaries.isEmpty
        ? undefined
        : await this.#planSimple(scope, query, parameters, isQuery);
    if (simple !== undefined) return simple;
    const texts = [query, ...definitions.map(({ body }) => body)];
    if (!texts.some(hasCondition) || texts.some(readsSession)) return READ_ALL;
    const found = await this.#planByOptimizer(scope, texts, query, parameters);
    return { tables: definitions.length > 0 ? found : await this.#firstRows(scope, query, found, parameters) };
  }

  /** The columns that a statement reads of each table, by table id; a table that is not in the map may need all. For files that have to be fetched: it takes longer than reading a footer. */
  async columnsToRead(
    scope: QueryScope,
    query: string,
    parameters?: Parameters,
  ): Promise<ReadonlyMap<number, ReadonlySet<string>>> {
    const printed = await this.#stubs.projections(scope, query, parameters);
    const found = new Map<number, ReadonlySet<string>>();
    for (const table of scope.tables) {
      const texts = printed.get(stubKey(table));
      const columns = texts === undefined ? undefined : columnsMeant(table.schema, texts);
      if (columns !== undefined) found.set(table.tableId, columns);
    }
    return found;
  }

  /** The files of a query whose condition was not understood as it was typed, when only its first rows are wanted. */
  async #firstRows(
    scope: QueryScope,
    query: string,
    plans: QueryPlan['tables'],
    parameters: Parameters | undefined,
  ): Promise<QueryPlan['tables']> {
    const simple = scope.temporaries.isEmpty ? this.#simpleQuery(query) : undefined;
    const table = simple === undefined ? undefined : onlyTable(scope.tables, simple);
    const top = simple === undefined ? undefined : readTopRows(simple, this.#nullsFirst);
    if (simple === undefined || table === undefined || top === undefined) return plans;
    const plan = plans.get(table.tableId) ?? { files: table.files, cuts: [] };
    const ask = questionOf(scope, query, table, parameters);
    const files = await topFiles(simple, top, table, plan.files, () => false, ask);
    return new Map([...plans, [table.tableId, cut(plan, 'order', files)]]);
  }

  /** A query of one table, all of whose conditions are understood as they were typed. */
  async #planSimple(
    scope: QueryScope,
    query: string,
    parameters: Parameters | undefined,
    isQuery: boolean,
  ): Promise<QueryPlan | undefined> {
    const simple = this.#simpleQuery(query);
    const table = simple === undefined ? undefined : onlyTable(scope.tables, simple);
    if (simple === undefined || table === undefined) return undefined;
    const predicate = await bindSimple(scope, simple, table, parameters);
    if (predicate === undefined) return undefined;
    const plan = await cutByCondition(scope, table, predicate);
    const matches = compileCertainTest(predicate, table.schema);
    const counted = isQuery ? countAnswer(simple, table, plan.files, matches) : undefined;
    if (counted !== undefined) {
      const tables = new Map([[table.tableId, cut(plan, 'counts', counted.files)]]);
      return { tables, instead: counted };
    }
    const top = readTopRows(simple, this.#nullsFirst);
    const firstFiles =
      top === undefined
        ? undefined
        : await topFiles(simple, top, table, plan.files, matches, questionOf(scope, query, table, parameters));
    const extreme = top === undefined ? extremeFiles(simple, table, plan.files, matches) : undefined;
    return { tables: new Map([[table.tableId, cut(cut(plan, 'order', firstFiles), 'extremes', extreme)]]) };
  }

  #simpleQuery(query: string): SimpleQuery | undefined {
    let simple = this.#simple.get(query);
    if (simple === undefined) {
      simple = readSimpleQuery(query) ?? null;
      this.#simple.set(query, simple);
    }
    return simple ?? undefined;
  }

  async #planByOptimizer(
    scope: QueryScope,
    texts: readonly string[],
    query: string,
    parameters: Parameters | undefined,
  ): Promise<ReadonlyMap<number, TablePlan>> {
    const predicates = texts.some(isVolatile)
      ? await this.#atPresent(scope, query, parameters)
      : await this.#predicates(scope, query, parameters);
    const plans = new Map<number, TablePlan>();
    const found: { table: TableVersion; predicate: Predicate }[] = [];
    for (const table of scope.tables) {
      const printed = predicates.get(stubKey(table));
      if (printed === undefined) continue;
      const predicate = isInUtc(scope) ? printed : withoutZones(printed, table.schema);
      plans.set(table.tableId, await cutByCondition(scope, table, predicate));
      found.push({ table, predicate });
    }
    for (const { table, predicate } of found) {
      const plan = plans.get(table.tableId);
      if (plan === undefined || !hasKeys(predicate) || plan.files.length < MIN_FILES_FOR_KEYS) continue;
      plans.set(table.tableId, await cutByKeys(scope, plans, table, predicate));
    }
    return plans;
  }

  async #predicates(
    scope: QueryScope,
    query: string,
    parameters: Parameters | undefined,
  ): Promise<ReadonlyMap<string, Predicate>> {
    const { tables, version, path, settings } = scope;
    const plan = async (): Promise<ReadonlyMap<string, Predicate>> =>
      (await this.#stubs.predicates(scope, [query], parameters))[0] ?? new Map();
    if (parameters !== undefined) return plan();
    const shapes = tables.map((table) => `${table.tableId}.${identityOf(table.schema)}`).join(',');
    const key = `${shapes} ${identityOf(version.definitions)} ${path.join(',')} ${JSON.stringify([...settings])} ${query}`;
    const known = this.#plans.get(key);
    if (known !== undefined) return known;
    const predicates = await plan();
    this.#plans.set(key, predicates);
    return predicates;
  }

  /** What is needed now or a little later, when the statement will run. */
  async #atPresent(scope: QueryScope, query: string, parameters?: Parameters): Promise<ReadonlyMap<string, Predicate>> {
    const now = `${quoteLiteral(await scope.now())}::TIMESTAMPTZ`;
    const [early, late] = [withTime(query, now), withTime(query, `(${now} + INTERVAL ${MARGIN})`)];
    if (early === undefined || late === undefined || scope.definitions.length > 0) return new Map();
    const [first, second] = await this.#stubs.predicates(scope, [early, late], parameters);
    const both = new Map<string, Predicate>();
    for (const [table, predicate] of first ?? []) {
      const other = second?.get(table);
      if (other !== undefined) both.set(table, { kind: 'or', children: [predicate, other] });
    }
    return both;
  }
}

/** The condition of a simple query; `undefined` when not all of it is understood. */
async function bindSimple(
  scope: QueryScope,
  { where }: SimpleQuery,
  table: TableVersion,
  parameters: Parameters | undefined,
): Promise<Predicate | undefined> {
  if (where === undefined || (!isInUtc(scope) && touchesZone(where, table.schema))) return undefined;
  if (!asksForTime(where)) return bindCondition(where, table.schema, { parameters });
  const now = parseBound(await scope.now(), { kind: 'primitive', name: 'TIMESTAMP WITH TIME ZONE' });
  if (typeof now !== 'bigint') return undefined;
  return bindCondition(where, table.schema, { parameters, from: now, to: now + MARGIN_MICROS });
}

/** How a table's files can be asked; not with a condition that may hold now and no more when the statement runs. */
function questionOf(
  scope: QueryScope,
  query: string,
  table: TableVersion,
  parameters: Parameters | undefined,
): FileQuestion | undefined {
  if (isVolatile(query) || readsSession(query)) return undefined;
  return (files, sqlOf) => scope.ask(table, files, sqlOf, parameters);
}

/** The one table that a simple query can mean. */
function onlyTable(tables: readonly TableVersion[], { table }: SimpleQuery): TableVersion | undefined {
  const named = tables.filter(({ name }) => name.toLowerCase() === table.toLowerCase());
  return named.length === 1 ? named[0] : undefined;
}

function isInUtc({ settings }: StubScope): boolean {
  const zone = settings.get('timezone')?.toLowerCase() ?? 'utc';
  return (zone === 'utc' || zone === "'utc'") && !settings.has('calendar');
}

async function cutByCondition({ withKeys }: QueryScope, table: TableVersion, predicate: Predicate): Promise<TablePlan> {
  const all = { files: table.files, cuts: [] };
  const plan = cut(all, 'bounds', table.files.filter(compileFileTest(predicate, table.schema)));
  const keys = plan.files.length > 1 ? askedKeys(predicate, table.schema) : undefined;
  return keys === undefined ? plan : cut(plan, 'keys', await withKeys(table, plan.files, keys));
}

/** Reads the keys of small sides of joins, for the files of the large side that have none of them. */
async function cutByKeys(
  { tables, ask, withKeys }: QueryScope,
  plans: ReadonlyMap<number, TablePlan>,
  table: TableVersion,
  predicate: Predicate,
): Promise<TablePlan> {
  const plan = plans.get(table.tableId) ?? { files: table.files, cuts: [] };
  const rowsOf = (of: TableVersion, files: readonly DataFile[]): number =>
    files.reduce((sum, { rowCount }) => sum + rowCount, liveMemtableRows(of));
  const limit = Math.min(MAX_ROWS_FOR_KEYS, rowsOf(table, plan.files) / 2);
  const resolved = await resolveKeys(predicate, async (name, sqlOf) => {
    const source = tables.find((candidate) => stubKey(candidate) === name);
    const files = source === undefined ? [] : (plans.get(source.tableId)?.files ?? source.files);
    return source === undefined || rowsOf(source, files) > limit ? undefined : ask(source, files, sqlOf);
  });
  const joined = cut(plan, 'join', plan.files.filter(compileFileTest(resolved, table.schema)));
  const keys = askedKeys(resolved, table.schema);
  return keys === undefined ? joined : cut(joined, 'keys', await withKeys(table, joined.files, keys));
}

function cut(plan: TablePlan, reason: Cut['reason'], files: readonly DataFile[] | undefined): TablePlan {
  if (files === undefined || files.length === plan.files.length) return plan;
  return { files, cuts: [...plan.cuts, { reason, files: plan.files.length - files.length }] };
}

function hasCondition(query: string): boolean {
  return tokenize(query).some((token) => token.kind === 'identifier' && CONDITION_WORDS.has(token.text.toUpperCase()));
}
