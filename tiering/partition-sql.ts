import type { PartitionField, PartitionValue } from '../engine/ports/cold-table.ts';
import { parseBound } from '../engine/table/bound-text.ts';
import { quoteIdentifier, quoteLiteral, typeSql } from '../engine/table/data-type.ts';
import type { Column, PrimitiveType, TableSchema } from '../engine/table/schema.ts';

/** A partition transform as the kernel computes it. Results are those of the Iceberg specification. */
export interface PartitionExpression {
  readonly sql: string;
  /** Type of the result. */
  readonly type: PrimitiveType;
  /** The column itself, where its range helps the kernel to skip row groups. */
  readonly rangeColumn: string | undefined;
}

const INTEGER: PrimitiveType = { kind: 'primitive', name: 'INTEGER' };

export function partitionExpression(field: PartitionField, schema: TableSchema): PartitionExpression {
  const column = schema.columns.find((candidate) => candidate.id === field.sourceId);
  if (column?.type.kind !== 'primitive') throw new Error(`partition field ${field.name} has no column`);
  const name = quoteIdentifier(column.name);
  const temporal = (sql: string): PartitionExpression => ({
    sql: `CAST(${sql} AS INTEGER)`,
    type: INTEGER,
    rangeColumn: name,
  });
  switch (field.transform) {
    case 'identity':
      return { sql: name, type: column.type, rangeColumn: undefined };
    case 'year':
      return temporal(`year(${name}) - 1970`);
    case 'month':
      return temporal(`(year(${name}) - 1970) * 12 + month(${name}) - 1`);
    case 'day':
      return temporal(`CAST(${name} AS DATE) - DATE '1970-01-01'`);
    case 'hour':
      return temporal(`floor(epoch_us(${name}) / 3600000000.0)`);
  }
  return truncateExpression(column, column.type, name, field.transform);
}

/**
 * `truncate[W]`: whole numbers down to a multiple of W, text to its first W characters. The least numbers of a type have no multiple below them; other writers let it wrap around, and
 * lose such rows when they look for a range: here the move fails.
 */
function truncateExpression(column: Column, type: PrimitiveType, name: string, transform: string): PartitionExpression {
  const width = /^truncate\[(\d+)\]$/.exec(transform)?.[1];
  if (width === undefined) throw new Error(`column ${column.name} cannot be partitioned by ${transform}`);
  const sql =
    type.name === 'VARCHAR'
      ? `substring(${name}, 1, ${width})`
      : `CAST(${name}::HUGEINT - ((${name}::HUGEINT % ${width}) + ${width}) % ${width} AS ${typeSql(type)})`;
  return { sql, type, rangeColumn: undefined };
}

/** One partition that rows to be written fall into. */
export interface PartitionGroup {
  readonly values: readonly PartitionValue[];
  /** Condition that is true for just its rows. */
  readonly condition: string;
}

/** A query over `fromSql` with one row for each partition: text of each value, least and greatest value of its range column. */
export function partitionGroupsSql(expressions: readonly PartitionExpression[], fromSql: string): string {
  const columns = expressions.flatMap((expression, index) => {
    const range = expression.rangeColumn ?? 'NULL';
    return [
      `CAST(${expression.sql} AS VARCHAR) AS v${index}`,
      `CAST(min(${range}) AS VARCHAR) AS low${index}`,
      `CAST(max(${range}) AS VARCHAR) AS high${index}`,
    ];
  });
  const keys = expressions.map((_, index) => `v${index}`).join(', ');
  return `SELECT ${columns.join(', ')} FROM ${fromSql} GROUP BY ${keys} ORDER BY ${keys}`;
}

/** The number that the kernel keeps, and writes into files, for an infinite date or time: Iceberg has none, and takes it for a distant one. */
function infinity(text: string, { name }: PrimitiveType): bigint | undefined {
  if (name !== 'DATE' && !name.startsWith('TIMESTAMP')) return undefined;
  const bits = name === 'DATE' ? 32 : 64;
  const greatest = (1n << BigInt(bits - 1)) - 1n;
  if (text === 'infinity') return greatest;
  return text === '-infinity' ? -greatest : undefined;
}

/** Reads one row of `partitionGroupsSql`. */
export function partitionGroup(
  expressions: readonly PartitionExpression[],
  row: Readonly<Record<string, unknown>>,
): PartitionGroup {
  const values: PartitionValue[] = [];
  const conditions: string[] = [];
  for (const [index, expression] of expressions.entries()) {
    const text = row[`v${index}`];
    if (typeof text !== 'string') {
      values.push(null);
      conditions.push(`${expression.sql} IS NULL`);
      continue;
    }
    const value = infinity(text, expression.type) ?? parseBound(text, expression.type);
    if (value === undefined) throw new Error(`partition value ${text} cannot be read`);
    values.push(value);
    conditions.push(`${expression.sql} = CAST(${quoteLiteral(text)} AS ${typeSql(expression.type)})`);
    const { rangeColumn } = expression;
    if (rangeColumn !== undefined) {
      // Implied by the condition before; in this form the kernel skips row groups by it.
      conditions.push(
        `${rangeColumn} BETWEEN ${quoteLiteral(String(row[`low${index}`]))} AND ${quoteLiteral(String(row[`high${index}`]))}`,
      );
    }
  }
  return { values, condition: conditions.length === 0 ? 'true' : conditions.join(' AND ') };
}
