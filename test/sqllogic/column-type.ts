import type { ColumnType } from '../../engine/sql/sqllogic/database.ts';

const INTEGERS: ReadonlySet<string> = new Set(
  'TINYINT SMALLINT INTEGER BIGINT HUGEINT UTINYINT USMALLINT UINTEGER UBIGINT UHUGEINT'.split(' '),
);

/** How values of an SQL type are compared. */
export function columnType(sqlType: string): ColumnType {
  if (sqlType === 'BOOLEAN') return { kind: 'boolean' };
  if (sqlType === 'FLOAT') return { kind: 'float', bits: 32 };
  if (sqlType === 'DOUBLE') return { kind: 'float', bits: 64 };
  if (INTEGERS.has(sqlType)) return { kind: 'decimal', scale: 0 };
  const decimal = /^DECIMAL\(\d+, ?(\d+)\)$/.exec(sqlType);
  return decimal === null ? { kind: 'other' } : { kind: 'decimal', scale: Number(decimal[1]) };
}

const PLAIN: ReadonlySet<string> = new Set([
  ...INTEGERS,
  ...'BOOLEAN FLOAT DOUBLE VARCHAR JSON DATE TIME TIMESTAMP UUID ENUM SQLNULL'.split(' '),
  '"NULL"',
]);

/** Whether our own text of a type's values is the one that DuckDB prints, so that DuckDB need not be asked for it. */
export function isPlain(sqlType: string): boolean {
  return PLAIN.has(sqlType) || sqlType.startsWith('DECIMAL(');
}

/**
 * A query that gives every value as the text that DuckDB prints: nested values with their quotes, times in the session's zone. Undefined for
 * statements that cannot stand within another.
 */
export function castQuery(statement: string, columnCount: number): string | undefined {
  const text = statement.trim().replace(/;\s*$/, '');
  if (!/^(select|from|with|values|table|pivot|unpivot|\()/i.test(text)) return undefined;
  if (/^with\b/i.test(text) && /\b(insert|update|delete|merge)\b/i.test(text)) return undefined;
  // Columns are named by place, as a query may have several of one name.
  const names = Array.from({ length: columnCount }, (_, index) => `result_${index + 1}`);
  return `SELECT ${names.map((name) => `CAST(${name} AS VARCHAR)`).join(', ')} FROM (\n${text}\n) AS results(${names.join(', ')})`;
}
