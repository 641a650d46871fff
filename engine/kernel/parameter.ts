import {
  ANY,
  BIGINT,
  BLOB,
  blobValue,
  BOOLEAN,
  DOUBLE,
  DuckDBTimestampTZValue,
  DuckDBTypeId,
  HUGEINT,
  INTEGER,
  LIST,
  listValue,
  MAP,
  mapValue,
  SQLNULL,
  STRUCT,
  structValue,
  TIMESTAMPTZ,
  UHUGEINT,
  VARCHAR,
} from '@duckdb/node-api';
import type { DuckDBPreparedStatement, DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { AlopexError, SqlState } from '../errors.ts';
import type { Parameter, Parameters } from '../ports/kernel.ts';
import { TypedValue } from '../ports/typed-value.ts';
import { CastValue } from './cast-value.ts';

/**
 * Binds a statement's parameters, by position (`$1`, `?`) or by name (`$name`).
 * null → NULL · boolean → BOOLEAN · a whole number → INTEGER, or BIGINT up to 2^53 · any other number → DOUBLE · bigint → BIGINT,
 * HUGEINT or UHUGEINT · string → VARCHAR, which the kernel casts to what the statement expects · Date → TIMESTAMP WITH TIME ZONE ·
 * Uint8Array → BLOB · array → LIST of the type that all elements fit · Map → MAP · plain object → STRUCT. Values that `typed` has made are to be cast before.
 * Errors: 22023 wrong number or names of parameters, 22003 out of range, 42804 elements of a list that have no common type.
 */
export function bindParameters(statement: DuckDBPreparedStatement, parameters: Parameters): void {
  const given = isPositional(parameters)
    ? parameters.map((value, index) => [index + 1, value] as const)
    : Object.entries(parameters).map(([name, value]) => [indexOf(statement, name), value] as const);
  if (given.length !== statement.parameterCount) {
    throw new AlopexError(
      SqlState.invalidParameter,
      `the statement has ${statement.parameterCount} parameters, but ${given.length} values were given`,
    );
  }
  for (const [index, value] of given) {
    const type = typeOf(value);
    statement.bindValue(index, toDuckDb(value, type), type);
  }
}

function isPositional(parameters: Parameters): parameters is readonly Parameter[] {
  return Array.isArray(parameters);
}

function indexOf(statement: DuckDBPreparedStatement, name: string): number {
  for (let index = 1; index <= statement.parameterCount; index++) {
    if (statement.parameterName(index).toLowerCase() === name.toLowerCase()) return index;
  }
  throw new AlopexError(SqlState.invalidParameter, `the statement has no parameter $${name}`);
}

function isDate(value: object): value is { getTime(): number } {
  return Object.prototype.toString.call(value) === '[object Date]';
}

const INT64_MAX = 2n ** 63n - 1n;
const INT128_MAX = 2n ** 127n - 1n;
const UINT128_MAX = 2n ** 128n - 1n;

function typeOf(value: Parameter): DuckDBType {
  if (typeof value === 'boolean') return BOOLEAN;
  if (typeof value === 'string') return VARCHAR;
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) return DOUBLE;
    return value >= -(2 ** 31) && value < 2 ** 31 ? INTEGER : BIGINT;
  }
  if (typeof value === 'bigint') {
    if (value >= -INT64_MAX - 1n && value <= INT64_MAX) return BIGINT;
    if (value >= -INT128_MAX - 1n && value <= INT128_MAX) return HUGEINT;
    if (value > 0n && value <= UINT128_MAX) return UHUGEINT;
    throw new AlopexError(SqlState.numericOutOfRange, `${value} does not fit into 128 bits`);
  }
  if (typeof value !== 'object') {
    throw new AlopexError(SqlState.invalidParameter, `a parameter cannot be of type ${typeof value}`);
  }
  if (value === null) return SQLNULL;
  if (isDate(value)) return TIMESTAMPTZ;
  if (value instanceof Uint8Array) return BLOB;
  if (value instanceof CastValue) return value.kernelType;
  if (value instanceof TypedValue) throw new AlopexError(SqlState.internalError, 'a typed parameter was not cast');
  if (isList(value)) return LIST(listType(value));
  if (isMap(value)) return MAP(listType([...value.keys()]), listType([...value.values()]));
  const fields = Object.entries(value as Record<string, Parameter>).map(
    ([name, field]) => [name, typeOf(field)] as const,
  );
  if (fields.length === 0)
    throw new AlopexError(SqlState.invalidParameter, 'a STRUCT parameter needs at least one field');
  return STRUCT(Object.fromEntries(fields));
}

function isList(value: Parameter): value is readonly Parameter[] {
  return Array.isArray(value);
}

function isMap(value: object): value is ReadonlyMap<Parameter, Parameter> {
  return value instanceof Map;
}

function listType(values: readonly Parameter[]): DuckDBType {
  return values.map(typeOf).reduce(commonType, SQLNULL);
}

/** Number types from narrow to wide: each holds those before it, DOUBLE as near as it can. */
const NUMBER_ORDER = [DuckDBTypeId.INTEGER, DuckDBTypeId.BIGINT, DuckDBTypeId.HUGEINT, DuckDBTypeId.DOUBLE];

function commonType(left: DuckDBType, right: DuckDBType): DuckDBType {
  if (left.typeId === DuckDBTypeId.SQLNULL) return right;
  if (right.typeId === DuckDBTypeId.SQLNULL) return left;
  const leftRank = NUMBER_ORDER.indexOf(left.typeId);
  const rightRank = NUMBER_ORDER.indexOf(right.typeId);
  if (leftRank >= 0 && rightRank >= 0) return leftRank > rightRank ? left : right;
  if (left.typeId === DuckDBTypeId.LIST && right.typeId === DuckDBTypeId.LIST) {
    return LIST(commonType(left.valueType, right.valueType));
  }
  if (left.typeId === DuckDBTypeId.STRUCT && right.typeId === DuckDBTypeId.STRUCT) {
    const names = new Set([...left.entryNames, ...right.entryNames]);
    const fieldType = (struct: typeof left, name: string): DuckDBType =>
      struct.entryTypes[struct.entryNames.indexOf(name)] ?? SQLNULL;
    return STRUCT(
      Object.fromEntries([...names].map((name) => [name, commonType(fieldType(left, name), fieldType(right, name))])),
    );
  }
  if (left.typeId === DuckDBTypeId.MAP && right.typeId === DuckDBTypeId.MAP) {
    return MAP(commonType(left.keyType, right.keyType), commonType(left.valueType, right.valueType));
  }
  if (left.typeId !== right.typeId || left.toString() !== right.toString()) {
    throw new AlopexError(
      SqlState.datatypeMismatch,
      `a list cannot hold values of both ${left.toString()} and ${right.toString()}`,
    );
  }
  return left;
}

function toDuckDb(value: Parameter, type: DuckDBType): DuckDBValue {
  if (value === null || type === ANY) return null;
  if (value instanceof CastValue) return value.as(type);
  if (value instanceof TypedValue) throw new AlopexError(SqlState.internalError, 'a typed parameter was not cast');
  if (typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') {
    const isNarrow = type.typeId === DuckDBTypeId.INTEGER || type.typeId === DuckDBTypeId.DOUBLE;
    return isNarrow ? Number(value) : BigInt(value);
  }
  if (isDate(value)) return timestamp(value.getTime());
  if (value instanceof Uint8Array) return blobValue(value);
  if (isList(value)) {
    const elementType = type.typeId === DuckDBTypeId.LIST ? type.valueType : ANY;
    return listValue(value.map((element) => toDuckDb(element, elementType)));
  }
  if (isMap(value)) {
    const [keyType, valueType] = type.typeId === DuckDBTypeId.MAP ? [type.keyType, type.valueType] : [ANY, ANY];
    return mapValue(
      [...value].map(([key, item]) => ({ key: toDuckDb(key, keyType), value: toDuckDb(item, valueType) })),
    );
  }
  if (type.typeId !== DuckDBTypeId.STRUCT)
    throw new AlopexError(SqlState.internalError, `a STRUCT cannot be bound as ${type.toString()}`);
  const fields = value as Record<string, Parameter>;
  return structValue(
    Object.fromEntries(
      type.entryNames.map((name, index) => [name, toDuckDb(fields[name] ?? null, type.entryTypes[index]!)]),
    ),
  );
}

function timestamp(ms: number): DuckDBValue {
  if (Number.isNaN(ms)) throw new AlopexError(SqlState.invalidParameter, 'an invalid Date cannot be a parameter');
  return new DuckDBTimestampTZValue(BigInt(ms) * 1000n);
}
