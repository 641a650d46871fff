import { AlopexError, SqlState } from '../../errors.ts';
import type { KernelConnection } from '../../ports/kernel.ts';
import type { PartitionField } from '../../ports/cold-table.ts';
import { quoteLiteral, typeSql } from '../../table/data-type.ts';
import type { HistoryRetention, TableOptions } from '../../table/options.ts';
import { INTEGER_NAMES, type Column, type PrimitiveName, type TableSchema } from '../../table/schema.ts';
import type { OptionSetting } from '../parse/statement.ts';
import { TokenReader } from '../parse/token-reader.ts';

export const NO_OPTIONS: TableOptions = { sortBy: [], partitionBy: [] };

const NAMES = [
  'sort_by',
  'partition_by',
  'cold_storage',
  'tier_column',
  'tier_after',
  'tier_min_age',
  'expire_after',
  'history_retention',
] as const;
type OptionName = (typeof NAMES)[number];

/** Applies `name = value` settings to a table's options. Throws without any effect when one of them is wrong. */
export async function applyOptions(
  connection: KernelConnection,
  current: TableOptions,
  schema: TableSchema,
  settings: readonly OptionSetting[],
): Promise<TableOptions> {
  let options: Patch = current;
  const seen = new Set<string>();
  for (const { name, valueSql } of settings) {
    if (!isOption(name)) {
      throw new AlopexError(SqlState.invalidParameter, `unknown option "${name}"`, {
        hint: `The options are ${NAMES.join(', ')}.`,
      });
    }
    if (seen.has(name)) throw new AlopexError(SqlState.invalidParameter, `option "${name}" is given twice`);
    seen.add(name);
    options = { ...options, ...(await readOption(connection, schema, name, valueSql)) };
  }
  const needsColumn = options.tierAfter !== undefined || options.expireAfter !== undefined;
  if (needsColumn && options.tierColumn === undefined) {
    throw new AlopexError(SqlState.invalidParameter, 'tier_after and expire_after need a tier_column', {
      hint: "Add tier_column = '…', the column by whose age rows are moved.",
    });
  }
  return withoutUndefined(options);
}

function isOption(name: string): name is OptionName {
  return (NAMES as readonly string[]).includes(name);
}

/** Options set to NULL are absent. */
function withoutUndefined(options: Patch): TableOptions {
  const present = Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as Partial<TableOptions>;
  return { ...NO_OPTIONS, ...present };
}

type Patch = { readonly [K in keyof TableOptions]?: TableOptions[K] | undefined };

async function readOption(
  connection: KernelConnection,
  schema: TableSchema,
  name: OptionName,
  valueSql: string | undefined,
): Promise<Patch> {
  switch (name) {
    case 'sort_by':
      return {
        sortBy: valueSql === undefined ? [] : parseColumns(schema, name, await text(connection, name, valueSql)),
      };
    case 'partition_by':
      return {
        partitionBy: valueSql === undefined ? [] : parsePartition(schema, await text(connection, name, valueSql)),
      };
    case 'cold_storage':
      return { coldStorage: valueSql === undefined ? undefined : await text(connection, name, valueSql) };
    case 'tier_column':
      return {
        tierColumn: valueSql === undefined ? undefined : tierColumn(schema, await text(connection, name, valueSql)),
      };
    case 'tier_after':
      return { tierAfter: valueSql === undefined ? undefined : await interval(connection, name, valueSql) };
    case 'tier_min_age':
      return { tierMinAge: valueSql === undefined ? undefined : await interval(connection, name, valueSql) };
    case 'expire_after':
      return { expireAfter: valueSql === undefined ? undefined : await interval(connection, name, valueSql) };
    case 'history_retention':
      return { historyRetention: valueSql === undefined ? undefined : await retention(connection, name, valueSql) };
  }
}

async function text(connection: KernelConnection, name: string, valueSql: string): Promise<string> {
  return constant(connection, name, valueSql, 'VARCHAR', "a text, such as '…'");
}

async function interval(connection: KernelConnection, name: string, valueSql: string): Promise<string> {
  return constant(connection, name, valueSql, 'INTERVAL', "an interval, such as INTERVAL '7 days'");
}

async function retention(connection: KernelConnection, name: string, valueSql: string): Promise<HistoryRetention> {
  const text = await interval(connection, name, valueSql);
  const [row] = await connection.rows(`SELECT epoch(CAST(${quoteLiteral(text)} AS INTERVAL)) * 1000 AS ms`);
  const durationMs = Number(row?.['ms']);
  if (durationMs > 0) return { interval: text, durationMs };
  throw new AlopexError(SqlState.invalidParameter, `option "${name}" cannot be ${valueSql}`, {
    hint: 'It takes an interval greater than zero; NULL keeps no history.',
  });
}

async function constant(
  connection: KernelConnection,
  name: string,
  valueSql: string,
  type: string,
  expected: string,
): Promise<string> {
  try {
    const [row] = await connection.rows(`SELECT CAST(CAST((${valueSql}) AS ${type}) AS VARCHAR) AS value`);
    const value = row?.['value'];
    if (typeof value === 'string') return value;
  } catch (error) {
    if (!(error instanceof AlopexError)) throw error;
    throw new AlopexError(SqlState.invalidParameter, `option "${name}" cannot be ${valueSql}`, {
      hint: `It takes ${expected}.`,
      cause: error,
    });
  }
  throw new AlopexError(SqlState.invalidParameter, `option "${name}" cannot be ${valueSql}`, {
    hint: `It takes ${expected}.`,
  });
}

export function findColumn(schema: TableSchema, name: string): Column | undefined {
  return schema.columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
}

function optionColumn(schema: TableSchema, option: string, name: string): Column {
  const column = findColumn(schema, name);
  if (column !== undefined) return column;
  throw new AlopexError(
    SqlState.undefinedColumn,
    `option "${option}" names column "${name}", which the table does not have`,
    {
      hint: `Its columns are ${schema.columns.map((candidate) => candidate.name).join(', ')}.`,
    },
  );
}

function parseColumns(schema: TableSchema, option: string, list: string): number[] {
  const reader = new TokenReader(list);
  const ids: number[] = [];
  do {
    const column = optionColumn(schema, option, reader.identifier('a column name'));
    if (column.type.kind !== 'primitive' && column.type.kind !== 'interval') {
      throw new AlopexError(
        SqlState.datatypeMismatch,
        `option "${option}" cannot use column "${column.name}" of a nested type`,
      );
    }
    ids.push(column.id);
  } while (reader.acceptSymbol(','));
  reader.expectEnd();
  return ids;
}

/** Types that are a date or timestamp in files too, which the partition transforms want. */
const TEMPORAL: ReadonlySet<string> = new Set([
  'DATE',
  'TIMESTAMP',
  'TIMESTAMP_S',
  'TIMESTAMP_MS',
  'TIMESTAMP WITH TIME ZONE',
]);

function tierColumn(schema: TableSchema, name: string): number {
  const column = optionColumn(schema, 'tier_column', name);
  const type = typeSql(column.type);
  if (!TEMPORAL.has(type) && type !== 'TIMESTAMP_NS') {
    throw new AlopexError(
      SqlState.datatypeMismatch,
      `tier_column "${column.name}" has type ${type}; an age needs a DATE or TIMESTAMP`,
      { hint: 'Choose a column of such a type.' },
    );
  }
  return column.id;
}

/** `month(ts), truncate(10, id), region`. */
function parsePartition(schema: TableSchema, list: string): PartitionField[] {
  const reader = new TokenReader(list);
  const fields: PartitionField[] = [];
  do {
    const name = reader.identifier('a column or a transform');
    fields.push(
      reader.peek()?.text === '('
        ? parseTransform(schema, name.toLowerCase(), new TokenReader(reader.group()))
        : partitionField(schema, optionColumn(schema, 'partition_by', name), 'identity'),
    );
  } while (reader.acceptSymbol(','));
  reader.expectEnd();
  return fields;
}

function parseTransform(schema: TableSchema, transform: string, reader: TokenReader): PartitionField {
  if (transform === 'truncate') {
    const width = Number(reader.next().text);
    reader.expectSymbol(',');
    if (!Number.isInteger(width) || width <= 0) throw reader.error('truncate takes a width and a column');
    return endField(schema, reader, `truncate[${width}]`);
  }
  switch (transform) {
    case 'identity':
    case 'year':
    case 'month':
    case 'day':
    case 'hour':
      return endField(schema, reader, transform);
  }
  throw new AlopexError(SqlState.featureNotSupported, `partition transform "${transform}" is not supported`, {
    hint: 'Use identity, year, month, day, hour or truncate.',
  });
}

function endField(schema: TableSchema, reader: TokenReader, transform: PartitionField['transform']): PartitionField {
  const column = optionColumn(schema, 'partition_by', reader.identifier('a column name'));
  reader.expectEnd();
  return partitionField(schema, column, transform);
}

function partitionField(schema: TableSchema, column: Column, transform: PartitionField['transform']): PartitionField {
  const type = typeSql(column.type);
  if (!fits(transform, type, column)) {
    throw new AlopexError(
      SqlState.datatypeMismatch,
      `column "${column.name}" of type ${type} cannot be partitioned by ${transform}`,
      { hint: 'year, month, day and hour take a DATE or TIMESTAMP, truncate a whole number or text.' },
    );
  }
  const suffix = transform === 'identity' ? '' : `_${transform.replace(/\[.*/, '').replace('truncate', 'trunc')}`;
  const name = `${column.name}${suffix}`;
  const taken = suffix !== '' && findColumn(schema, name) !== undefined;
  return { sourceId: column.id, transform, name: taken ? `${name}_partition` : name };
}

/** Floats are no keys, and readers compare bytes and UUIDs as partition values each in their own way. */
const UNFIT_FOR_IDENTITY: ReadonlySet<PrimitiveName> = new Set([
  'FLOAT',
  'DOUBLE',
  'BLOB',
  'GEOMETRY',
  'UUID',
  'TIME WITH TIME ZONE',
]);

const INTEGERS: ReadonlySet<string> = INTEGER_NAMES;

function fits(transform: PartitionField['transform'], type: string, column: Column): boolean {
  if (transform === 'identity') return column.type.kind === 'primitive' && !UNFIT_FOR_IDENTITY.has(column.type.name);
  if (transform === 'hour') return TEMPORAL.has(type) && type !== 'DATE';
  if (transform.startsWith('truncate')) return INTEGERS.has(type) || type === 'VARCHAR';
  return TEMPORAL.has(type);
}

/** Options as text, as `alopex.tables` shows them. */
export function describeOptions(
  options: TableOptions,
  schema: TableSchema,
): Record<Exclude<OptionName, 'cold_storage'>, string | null> {
  const name = (id: number | undefined): string | null =>
    schema.columns.find((column) => column.id === id)?.name ?? null;
  const list = (items: readonly (string | null)[]): string | null => (items.length === 0 ? null : items.join(', '));
  return {
    sort_by: list(options.sortBy.map(name)),
    partition_by: list(
      options.partitionBy.map((field) => describeTransform(field.transform, name(field.sourceId) ?? '')),
    ),
    tier_column: name(options.tierColumn),
    tier_after: options.tierAfter ?? null,
    tier_min_age: options.tierMinAge ?? null,
    expire_after: options.expireAfter ?? null,
    history_retention: options.historyRetention?.interval ?? null,
  };
}

function describeTransform(transform: PartitionField['transform'], column: string): string {
  if (transform === 'identity') return column;
  const width = /\[(\d+)\]/.exec(transform)?.[1];
  return width === undefined ? `${transform}(${column})` : `${transform.replace(/\[.*/, '')}(${width}, ${column})`;
}
