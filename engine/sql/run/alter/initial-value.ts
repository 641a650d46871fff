import { AlopexError, SqlState } from '../../../errors.ts';
import type { KernelConnection } from '../../../ports/kernel.ts';
import { typeSql } from '../../../table/data-type.ts';
import { initialSql } from '../../../table/evolution.ts';
import type { DataType, Field } from '../../../table/schema.ts';
import { fromStorageSql, toStorageSql } from '../../../table/storage-sql.ts';
import { storageType } from '../../../table/storage-type.ts';
import { refuseUnsteady } from '../volatility.ts';

/** What an expression is now, as `Field.initial` holds it; `undefined` for NULL. Throws `0A000` and `42P17` for what cannot be kept. */
export async function initialValue(
  connection: KernelConnection,
  field: Field,
  sql: string,
): Promise<string | undefined> {
  await refuseUnsteady(connection, sql, 'stable', `the default of new column "${field.name}"`);
  return storedText(connection, field, `CAST((${sql}) AS ${typeSql(field.type)})`);
}

/** The initial value of a field whose type becomes another. */
export async function widenedInitial(
  connection: KernelConnection,
  field: Field,
  type: DataType,
): Promise<string | undefined> {
  if (field.initial === undefined) return undefined;
  return storedText(connection, { ...field, type }, `CAST(${initialSql(field)} AS ${typeSql(type)})`);
}

/** All in one query, so that a time of day is the same in all of it. */
async function storedText(connection: KernelConnection, field: Field, value: string): Promise<string | undefined> {
  const { type } = field;
  const back = fromStorageSql(`CAST(text AS ${typeSql(storageType(type))})`, type);
  const [row] = await connection.rows(
    `SELECT text, v IS NOT DISTINCT FROM (${back}) AS same FROM (SELECT v, CAST(${toStorageSql('v', type)} AS VARCHAR) AS text FROM (SELECT ${value} AS v))`,
  );
  const text = row?.['text'];
  if (typeof text !== 'string') return undefined;
  if (row?.['same'] === true) return text;
  throw new AlopexError(
    SqlState.featureNotSupported,
    `column "${field.name}" cannot be added with this default: its text does not tell the value exactly`,
    { hint: 'Add the column without a default, UPDATE the rows, then ALTER COLUMN … SET DEFAULT.' },
  );
}
