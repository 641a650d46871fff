import {
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
} from '@duckdb/node-api';
import type { DuckDBAppender, DuckDBConnection } from '@duckdb/node-api';
import { AlopexError, SqlState } from '../errors.ts';
import type { Scalar } from '../ports/kernel.ts';
import type { PrimitiveType } from '../table/schema.ts';

/** Adds rows to a table (`database.schema.name`) with DuckDB's appender: in one go, so all of them or none. Returns their number. */
export async function appendRows(
  connection: DuckDBConnection,
  table: string,
  types: readonly PrimitiveType[],
  rows: Iterable<readonly Scalar[]>,
): Promise<number> {
  const [database, schema, name] = table.split('.') as [string, string, string];
  const appender = await connection.createAppender(name, schema, database);
  let count = 0;
  try {
    for (const row of rows) {
      types.forEach((type, index) => appendScalar(appender, type, row[index] ?? null));
      appender.endRow();
      count++;
    }
    appender.closeSync();
    return count;
  } catch (error) {
    // What is left in the appender would be added when it goes away.
    appender.clear();
    throw error;
  }
}

function appendScalar(appender: DuckDBAppender, type: PrimitiveType, value: Scalar): void {
  if (value === null) {
    appender.appendNull();
    return;
  }
  switch (type.name) {
    case 'BOOLEAN':
      return appender.appendBoolean(value as boolean);
    case 'TINYINT':
      return appender.appendTinyInt(value as number);
    case 'SMALLINT':
      return appender.appendSmallInt(value as number);
    case 'INTEGER':
      return appender.appendInteger(value as number);
    case 'BIGINT':
      return appender.appendBigInt(value as bigint);
    case 'UTINYINT':
      return appender.appendUTinyInt(value as number);
    case 'USMALLINT':
      return appender.appendUSmallInt(value as number);
    case 'UINTEGER':
      return appender.appendUInteger(value as number);
    case 'FLOAT':
      return appender.appendFloat(value as number);
    case 'DOUBLE':
      return appender.appendDouble(value as number);
    case 'DECIMAL':
      return appender.appendDecimal(new DuckDBDecimalValue(value as bigint, type.precision ?? 18, type.scale ?? 0));
    case 'DATE':
      return appender.appendDate(new DuckDBDateValue(value as number));
    case 'TIME':
      return appender.appendTime(new DuckDBTimeValue(value as bigint));
    case 'TIMESTAMP':
      return appender.appendTimestamp(new DuckDBTimestampValue(value as bigint));
    case 'TIMESTAMP WITH TIME ZONE':
      return appender.appendTimestampTZ(new DuckDBTimestampTZValue(value as bigint));
    case 'VARCHAR':
    case 'UUID':
      return appender.appendVarchar(value as string);
    case 'BLOB':
      return appender.appendBlob(value as Uint8Array);
    // Rows with columns of these do not come this way (`columnLayout`).
    case 'UBIGINT':
    case 'HUGEINT':
    case 'UHUGEINT':
    case 'BIGNUM':
    case 'TIMESTAMP_S':
    case 'TIMESTAMP_MS':
    case 'TIMESTAMP_NS':
    case 'TIME WITH TIME ZONE':
    case 'TIME_NS':
    case 'BIT':
    case 'JSON':
    case 'ENUM':
    case 'GEOMETRY':
      throw new AlopexError(SqlState.internalError, `a value of type ${type.name} cannot be appended`);
  }
}
