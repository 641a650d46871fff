import { AlopexError, SqlState } from '../../../errors.ts';
import { sameType, typeSql } from '../../../table/data-type.ts';
import type { DataType, PrimitiveName, PrimitiveType } from '../../../table/schema.ts';
import { storageType } from '../../../table/storage-type.ts';

/** Types that hold every value of another one and are stored as it is, or as Iceberg lets the stored type grow. */
const WIDER: Partial<Record<PrimitiveName, readonly PrimitiveName[]>> = {
  TINYINT: ['SMALLINT', 'INTEGER', 'BIGINT'],
  SMALLINT: ['INTEGER', 'BIGINT'],
  INTEGER: ['BIGINT'],
  UTINYINT: ['SMALLINT', 'USMALLINT', 'INTEGER', 'UINTEGER', 'BIGINT'],
  USMALLINT: ['INTEGER', 'UINTEGER', 'BIGINT'],
  UINTEGER: ['BIGINT'],
  FLOAT: ['DOUBLE'],
  TIMESTAMP_S: ['TIMESTAMP_MS', 'TIMESTAMP'],
  TIMESTAMP_MS: ['TIMESTAMP'],
  ENUM: ['VARCHAR'],
  JSON: ['VARCHAR'],
};

/** Throws `0A000` when files would have to be written anew for a column to become of this type. */
export function refuseNarrowing(column: string, from: DataType, to: DataType): void {
  if (canWiden(from, to)) return;
  throw new AlopexError(
    SqlState.featureNotSupported,
    `column "${column}" of type ${typeSql(from)} cannot become ${typeSql(to)}: its rows would have to be written anew`,
    {
      hint: 'Types can be widened only: whole numbers, FLOAT to DOUBLE, DECIMAL to more digits. Add a column of the new type, UPDATE it, drop the old one and rename the new.',
    },
  );
}

function canWiden(from: DataType, to: DataType): boolean {
  if (sameType(from, to)) return true;
  if (from.kind !== 'primitive' || to.kind !== 'primitive') return false;
  if (from.name === 'DECIMAL' && to.name === 'DECIMAL') return isMoreDigits(from, to);
  if (from.name === 'ENUM' && to.name === 'ENUM') {
    const values = new Set(to.values);
    return from.values?.every((value) => values.has(value)) === true;
  }
  return WIDER[from.name]?.includes(to.name) === true && storageType(to).kind === 'primitive';
}

function isMoreDigits(from: PrimitiveType, to: PrimitiveType): boolean {
  return from.scale === to.scale && (to.precision ?? 0) >= (from.precision ?? 0);
}
