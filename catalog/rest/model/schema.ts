import { stringifyJson } from '../../json.ts';
import { badRequest } from '../rest-error.ts';
import { Fields, type JsonObject } from './fields.ts';
import type { SchemaJson } from './metadata.ts';

/** A type is its name or, when it is nested, an object. */
export type TypeJson = string | JsonObject;

/** Primitive types by the first format version that has them. */
const PRIMITIVES: readonly (readonly [RegExp, number])[] = [
  [/^(boolean|int|long|float|double|date|time|timestamp|timestamptz|string|uuid|binary)$/, 1],
  [/^decimal\(\s*([1-9]|[12]\d|3[0-8])\s*,\s*\d+\s*\)$/, 1],
  [/^fixed\[\s*[1-9]\d*\s*\]$/, 1],
  [/^(timestamp_ns|timestamptz_ns|unknown|variant)$/, 3],
  [/^(geometry|geography)(\(.*\))?$/, 3],
];

interface Visited {
  readonly id: number;
  /** Path from the top; elements of lists are `element`, those of maps `key` and `value`. */
  readonly name: string;
  readonly type: TypeJson;
  /** The field's own object, for fields of structs. */
  readonly field: JsonObject | undefined;
  /** Whether a list or a map is on the way to it: then it has no value for each row. */
  readonly isRepeated: boolean;
}

/** All fields of a schema, those of nested types included. Throws 400 for what is no type. */
export function* fieldsOf(schema: SchemaJson | JsonObject): Generator<Visited, void, undefined> {
  yield* structFields(schema, '', false);
}

function* structFields(struct: JsonObject, path: string, isRepeated: boolean): Generator<Visited, void, undefined> {
  for (const value of new Fields(struct, 'a struct').list('fields')) {
    const field = new Fields(value, 'a field');
    const name = `${path}${field.string('name')}`;
    if (typeof field.object['required'] !== 'boolean')
      throw badRequest(`Cannot parse a field: ${name} must be required or not`);
    yield* visit(field.int('id'), name, field.object['type'], field.object, isRepeated);
  }
}

function* visit(
  id: number,
  name: string,
  type: unknown,
  field: JsonObject | undefined,
  isRepeated: boolean,
): Generator<Visited, void, undefined> {
  if (typeof type === 'string') {
    if (!PRIMITIVES.some(([form]) => form.test(type))) throw badRequest(`Cannot parse type string: ${type}`);
    yield { id, name, type, field, isRepeated };
    return;
  }
  const nested = new Fields(type, `the type of ${name}`);
  yield { id, name, type: nested.object, field, isRepeated };
  switch (nested.string('type')) {
    case 'struct':
      yield* structFields(nested.object, `${name}.`, isRepeated);
      return;
    case 'list':
      yield* visit(nested.int('element-id'), `${name}.element`, nested.object['element'], undefined, true);
      return;
    case 'map':
      yield* visit(nested.int('key-id'), `${name}.key`, nested.object['key'], undefined, true);
      yield* visit(nested.int('value-id'), `${name}.value`, nested.object['value'], undefined, true);
      return;
    default:
      throw badRequest(`Cannot parse type of ${name}: ${nested.string('type')}`);
  }
}

export function highestFieldId(schema: SchemaJson | JsonObject): number {
  return Math.max(0, ...Array.from(fieldsOf(schema), ({ id }) => id));
}

/** Whether two schemas have the same fields and identifier fields; their own ids do not count. */
export function sameSchema(left: JsonObject, right: JsonObject): boolean {
  const identifiers = (schema: JsonObject): number[] =>
    [...((schema['identifier-field-ids'] as readonly number[] | undefined) ?? [])].sort((one, other) => one - other);
  return (
    canonical(left['fields']) === canonical(right['fields']) &&
    canonical(identifiers(left)) === canonical(identifiers(right))
  );
}

/** A text that is the same for the same JSON, whatever the order of members; members that are null are as those left out. */
export function canonical(value: unknown): string {
  return stringifyJson(sorted(value));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, member]) => member !== null && member !== undefined);
  return Object.fromEntries(
    entries.sort(([left], [right]) => (left < right ? -1 : 1)).map(([name, member]) => [name, sorted(member)]),
  );
}

/** Throws 400 when ids or names come twice, identifier fields cannot be such, or the format version lacks something. */
export function checkSchema(schema: SchemaJson | JsonObject, formatVersion: number): void {
  const byId = new Map<number, Visited>();
  const names = new Set<string>();
  for (const field of fieldsOf(schema)) {
    if (byId.has(field.id)) throw badRequest(`Invalid schema: multiple fields have id ${field.id}`);
    if (names.has(field.name)) throw badRequest(`Invalid schema: multiple fields for name ${field.name}`);
    byId.set(field.id, field);
    names.add(field.name);
    checkVersion(field, formatVersion);
  }
  for (const id of identifierIds(schema)) {
    const field = byId.get(id);
    if (field === undefined) throw badRequest(`Cannot add fieldId ${id} as an identifier field: field does not exist`);
    const isPlain = typeof field.type === 'string' && !/^(float|double)$/.test(field.type) && !field.isRepeated;
    if (!isPlain || field.field?.['required'] !== true) {
      throw badRequest(
        `Cannot add field ${field.name} as an identifier field: it must be a required primitive, no float or double`,
      );
    }
  }
}

function identifierIds(schema: JsonObject): readonly number[] {
  const fields = new Fields(schema, 'a schema');
  return fields.has('identifier-field-ids') ? fields.ints('identifier-field-ids') : [];
}

function checkVersion({ name, type, field }: Visited, formatVersion: number): void {
  const needed = typeof type === 'string' ? (PRIMITIVES.find(([form]) => form.test(type))?.[1] ?? 1) : 1;
  const what = typeof type === 'string' ? type : String(type['type']);
  if (formatVersion < needed) {
    throw badRequest(
      `Invalid schema for v${formatVersion}:\n- Invalid type for ${name}: ${what} is not supported until v${needed}`,
    );
  }
  const initial = field?.['initial-default'];
  if (formatVersion < 3 && initial !== undefined && initial !== null) {
    const text = stringifyJson(initial);
    throw badRequest(
      `Invalid schema for v${formatVersion}:\n- Invalid initial default for ${name}: non-null default (${text}) is not supported until v3`,
    );
  }
}

/** A copy whose fields are numbered from 1: those of a struct one after the other, then what is nested in them. */
export function withFreshIds(schema: JsonObject): {
  schema: SchemaJson;
  lastId: number;
  ids: ReadonlyMap<number, number>;
} {
  let last = 0;
  const ids = new Map<number, number>();
  const next = (old: unknown): number => {
    if (typeof old === 'number') ids.set(old, last + 1);
    return ++last;
  };
  const renumber = (type: unknown): unknown => {
    if (typeof type === 'string') return type;
    const nested = type as JsonObject;
    if (nested['type'] === 'list') {
      const id = next(nested['element-id']);
      return { ...nested, 'element-id': id, element: renumber(nested['element']) };
    }
    if (nested['type'] === 'map') {
      const key = next(nested['key-id']);
      const value = next(nested['value-id']);
      return {
        ...nested,
        'key-id': key,
        key: renumber(nested['key']),
        'value-id': value,
        value: renumber(nested['value']),
      };
    }
    return struct(nested);
  };
  const struct = (type: JsonObject): JsonObject => {
    const fields = (type['fields'] as readonly JsonObject[]).map((field) => ({ ...field, id: next(field['id']) }));
    return { ...type, fields: fields.map((field) => ({ ...field, type: renumber((field as JsonObject)['type']) })) };
  };
  // Throws for what is no schema; the walk above takes it for one.
  Array.from(fieldsOf(schema));
  const fresh = struct(schema);
  const identifiers = identifierIds(schema).map((id) => ids.get(id) ?? id);
  return {
    schema: {
      ...fresh,
      type: 'struct',
      'schema-id': 0,
      ...(identifiers.length === 0 ? {} : { 'identifier-field-ids': identifiers }),
    } as unknown as SchemaJson,
    lastId: last,
    ids,
  };
}
