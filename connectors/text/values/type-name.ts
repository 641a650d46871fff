import { DataType, type Int, Precision } from 'apache-arrow';
import { hasTimeZone } from './scalar-text.ts';

/** The SQL name of an Arrow type, as `DESCRIBE` would show it. */
export function typeName(type: DataType): string {
  if (DataType.isNull(type)) return 'NULL';
  if (DataType.isBool(type)) return 'BOOLEAN';
  if (DataType.isInt(type)) return integerName(type);
  if (DataType.isFloat(type)) return type.precision === Precision.DOUBLE ? 'DOUBLE' : 'FLOAT';
  if (DataType.isDecimal(type)) return `DECIMAL(${type.precision},${type.scale})`;
  if (DataType.isDate(type)) return 'DATE';
  if (DataType.isTime(type)) return 'TIME';
  if (DataType.isTimestamp(type)) return hasTimeZone(type) ? 'TIMESTAMPTZ' : 'TIMESTAMP';
  if (DataType.isDuration(type) || DataType.isInterval(type)) return 'INTERVAL';
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type) || DataType.isUtf8View(type)) return 'VARCHAR';
  if (DataType.isList(type) || DataType.isLargeList(type)) return `${typeName(childType(type, 0))}[]`;
  if (DataType.isFixedSizeList(type)) return `${typeName(childType(type, 0))}[${type.listSize}]`;
  if (DataType.isStruct(type)) return `STRUCT(${members(type)})`;
  if (DataType.isUnion(type)) return `UNION(${members(type)})`;
  if (DataType.isMap(type)) {
    const entry = childType(type, 0);
    return `MAP(${typeName(childType(entry, 0))}, ${typeName(childType(entry, 1))})`;
  }
  if (DataType.isDictionary(type)) return typeName(type.dictionary as DataType);
  return 'BLOB'; // The binary types are all that is left.
}

/** True for types whose values are compared by their last digits, and so are right-aligned. */
export function isNumeric(type: DataType): boolean {
  return DataType.isInt(type) || DataType.isFloat(type) || DataType.isDecimal(type);
}

function integerName({ bitWidth, isSigned }: Int): string {
  const name = { 8: 'TINYINT', 16: 'SMALLINT', 32: 'INTEGER', 64: 'BIGINT' }[bitWidth];
  return isSigned ? name : `U${name}`;
}

function childType(type: DataType, index: number): DataType {
  return type.children[index]!.type as DataType;
}

function members(type: DataType): string {
  return type.children.map(({ name }, index) => `${quoted(name)} ${typeName(childType(type, index))}`).join(', ');
}

function quoted(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
