import { quoteIdentifier, quoteLiteral, typeSql } from './data-type.ts';
import type { DataType, Field, ListType, MapType, PrimitiveName, PrimitiveType, StructType } from './schema.ts';
import { storageType, tagName } from './storage-type.ts';

/**
 * The way of a column's values into its storage type and back, as expressions of the kernel. Every value comes back as it was.
 */

/** An expression of a column's type, as one of its storage type. */
export function toStorageSql(expression: string, type: DataType): string {
  const target = typeSql(storageType(type));
  if (target === typeSql(type)) return expression;
  return `CAST(${isCast(type) ? expression : toStored(expression, type, 0)} AS ${target})`;
}

/** The way back. */
export function fromStorageSql(expression: string, type: DataType): string {
  const target = typeSql(type);
  if (target === typeSql(storageType(type))) return expression;
  return `CAST(${isCast(type) ? expression : fromStored(expression, type, 0)} AS ${target})`;
}

/** Whether the kernel's cast from one type to the other, there and back, is exact. */
function isCast(type: DataType): boolean {
  switch (type.kind) {
    case 'primitive':
      return !BY_EXPRESSION.has(type.name);
    case 'list':
      return isCast(type.element);
    case 'struct':
      return type.fields.every((field) => isCast(field.type));
    case 'map':
      return isCast(type.key) && isCast(type.value);
    case 'union':
    case 'interval':
      return false;
  }
}

/** There is no cast for these, or the text that it makes lacks seconds of the offset (TIME WITH TIME ZONE), or it takes ten times as long as by way of text (UBIGINT). */
const BY_EXPRESSION: ReadonlySet<PrimitiveName> = new Set([
  'UBIGINT',
  'TIMESTAMP_NS',
  'TIME WITH TIME ZONE',
  'GEOMETRY',
]);

/** `depth` makes the names of lambda parameters unique. */
type Conversion = (expression: string, type: DataType, depth: number) => string;

/** The kernel has no CASE of ARRAYs: nothing within one is left as it is here, nor made below. */
const toStored: Conversion = (expression, type, depth) => {
  if (isCast(type)) return toStorageSql(expression, type);
  switch (type.kind) {
    case 'primitive':
      return primitiveToStored(expression, type.name);
    case 'interval': {
      const part = (name: string): string => `date_part('${name}', ${expression})`;
      const months = `CAST(${part('year')} * 12 + ${part('month')} AS INTEGER)`;
      const micros = `${part('hour')} * 3600000000 + ${part('minute')} * 60000000 + ${part('microsecond')}`;
      return unlessNull(expression, [
        ['months', months],
        ['days', `CAST(${part('day')} AS INTEGER)`],
        ['micros', micros],
      ]);
    }
    case 'union':
      return unlessNull(expression, [
        [tagName(type), `CAST(union_tag(${expression}) AS VARCHAR)`],
        ...type.members.map((member): [string, string] => [
          member.name,
          toStored(`union_extract(${expression}, ${quoteLiteral(member.name)})`, member.type, depth),
        ]),
      ]);
    case 'list':
    case 'map':
    case 'struct':
      return convertNested(expression, type, depth, toStored);
  }
};

const fromStored: Conversion = (expression, type, depth) => {
  if (isCast(type)) return expression;
  switch (type.kind) {
    case 'primitive':
      return primitiveFromStored(expression, type);
    case 'interval':
      return `to_months(${field(expression, 'months')}) + to_days(${field(expression, 'days')}) + to_microseconds(${field(expression, 'micros')})`;
    case 'union': {
      const target = typeSql(withLists(type));
      const cases = type.members.map((member) => {
        const value = fromStored(field(expression, member.name), member.type, depth);
        const cast = `CAST(${value} AS ${typeSql(withLists(member.type))})`;
        return `WHEN ${quoteLiteral(member.name)} THEN CAST(union_value(${quoteIdentifier(member.name)} := ${cast}) AS ${target})`;
      });
      return `CASE ${field(expression, tagName(type))} ${cases.join(' ')} END`;
    }
    case 'list':
    case 'map':
    case 'struct':
      return convertNested(expression, type, depth, fromStored);
  }
};

/** The type with a LIST for each ARRAY. */
function withLists(type: DataType): DataType {
  const inFields = (fields: readonly Field[]): Field[] =>
    fields.map((each) => ({ ...each, type: withLists(each.type) }));
  switch (type.kind) {
    case 'list':
      return { kind: 'list', elementId: type.elementId, element: withLists(type.element) };
    case 'struct':
      return { ...type, fields: inFields(type.fields) };
    case 'union':
      return { ...type, members: inFields(type.members) };
    case 'map':
      return { ...type, key: withLists(type.key), value: withLists(type.value) };
    case 'primitive':
    case 'interval':
      return type;
  }
}

function primitiveToStored(expression: string, name: PrimitiveName): string {
  if (name === 'UBIGINT') return expression;
  if (name === 'TIMESTAMP_NS') return `epoch_ns(${expression})`;
  if (name === 'GEOMETRY') return `st_aswkb(${expression})`;
  const offset = `date_part('timezone', ${expression})`;
  const digits = `printf('%02d:%02d:%02d', abs(${offset}) // 3600, abs(${offset}) // 60 % 60, abs(${offset}) % 60)`;
  return `CAST(CAST(${expression} AS TIME) AS VARCHAR) || CASE WHEN ${offset} < 0 THEN '-' ELSE '+' END || ${digits}`;
}

const INT64_MAX = '9223372036854775807';

function primitiveFromStored(expression: string, type: PrimitiveType): string {
  if (type.name === 'UBIGINT') return `CAST(CAST(${expression} AS VARCHAR) AS UBIGINT)`;
  if (type.name === 'GEOMETRY') return `st_geomfromwkb(${expression})`;
  if (type.name !== 'TIMESTAMP_NS') return `CAST(${expression} AS ${typeSql(type)})`;
  // The function takes finite values only, and may be asked for others than those of its branch.
  const finite = `nullif(nullif(${expression}, ${INT64_MAX}), -${INT64_MAX})`;
  return `CASE ${expression} WHEN ${INT64_MAX} THEN 'infinity'::TIMESTAMP_NS WHEN -${INT64_MAX} THEN '-infinity'::TIMESTAMP_NS ELSE make_timestamp_ns(${finite}) END`;
}

function convertNested(
  expression: string,
  type: ListType | MapType | StructType,
  depth: number,
  convert: Conversion,
): string {
  const parameter = `__v${depth}`;
  switch (type.kind) {
    case 'list': {
      const element = convert(parameter, type.element, depth + 1);
      // An ARRAY goes through a LIST, for which there are functions.
      const list = type.length === undefined ? expression : `CAST(${expression} AS ${listSql(type.element, convert)})`;
      return `list_transform(${list}, lambda ${parameter}: ${element})`;
    }
    case 'map': {
      const key = convert(`${parameter}.key`, type.key, depth + 1);
      const value = convert(`${parameter}.value`, type.value, depth + 1);
      const entry = `struct_pack(key := ${key}, value := ${value})`;
      return `map_from_entries(list_transform(map_entries(${expression}), lambda ${parameter}: ${entry}))`;
    }
    case 'struct':
      return unlessNull(
        expression,
        type.fields.map((each) => [each.name, convert(field(expression, each.name), each.type, depth)]),
      );
  }
}

/** The type of a list before its elements are converted. */
function listSql(element: DataType, convert: Conversion): string {
  return `${typeSql(convert === toStored ? element : storageType(element))}[]`;
}

/** A struct, or NULL where the value that it is made of is. */
function unlessNull(expression: string, fields: readonly (readonly [name: string, sql: string])[]): string {
  const pack = fields.map(([name, sql]) => `${quoteIdentifier(name)} := ${sql}`).join(', ');
  return `CASE WHEN ${expression} IS NOT NULL THEN struct_pack(${pack}) END`;
}

function field(expression: string, name: string): string {
  return `struct_extract(${expression}, ${quoteLiteral(name)})`;
}
