import { AlopexError, SqlState } from '../errors.ts';
import type { DataType, Field, PrimitiveName, PrimitiveType } from './schema.ts';

/**
 * Types between SQL text (as the kernel prints them) and the schema model. Only types that Iceberg v2 can hold are accepted,
 * so that every table can be tiered.
 */

const ALIASES: Readonly<Record<string, PrimitiveName>> = {
  BOOLEAN: 'BOOLEAN',
  TINYINT: 'TINYINT',
  SMALLINT: 'SMALLINT',
  INTEGER: 'INTEGER',
  BIGINT: 'BIGINT',
  UTINYINT: 'UTINYINT',
  USMALLINT: 'USMALLINT',
  UINTEGER: 'UINTEGER',
  FLOAT: 'FLOAT',
  DOUBLE: 'DOUBLE',
  DATE: 'DATE',
  TIME: 'TIME',
  TIMESTAMP: 'TIMESTAMP',
  'TIMESTAMP WITH TIME ZONE': 'TIMESTAMP WITH TIME ZONE',
  VARCHAR: 'VARCHAR',
  UUID: 'UUID',
  BLOB: 'BLOB',
};

const ADVICE: Readonly<Record<string, string>> = {
  HUGEINT: 'use DECIMAL(38, 0)',
  UHUGEINT: 'use DECIMAL(38, 0)',
  UBIGINT: 'use DECIMAL(20, 0) or BIGINT',
  TIMESTAMP_S: 'use TIMESTAMP',
  TIMESTAMP_MS: 'use TIMESTAMP',
  TIMESTAMP_NS: 'use TIMESTAMP (microseconds)',
  'TIME WITH TIME ZONE': 'use TIME or TIMESTAMP WITH TIME ZONE',
  INTERVAL: 'store the number of seconds or days in a BIGINT',
  BIT: 'use BLOB',
  JSON: 'use VARCHAR',
  ENUM: 'use VARCHAR',
};

/** Gives out field ids; nested fields get ids too, as Iceberg wants. */
export interface FieldIds {
  next(): number;
}

export function fieldIdsFrom(lastFieldId: number): FieldIds & { readonly last: number } {
  let last = lastFieldId;
  return {
    next: () => ++last,
    get last() {
      return last;
    },
  };
}

/** Parses the kernel's text of a type. Throws `0A000` for a type that cannot be tiered, naming the column. */
export function parseDataType(text: string, column: string, ids: FieldIds): DataType {
  const reader = new TypeReader(text, column, ids);
  const type = reader.type();
  reader.end();
  return type;
}

class TypeReader {
  readonly #text: string;
  readonly #column: string;
  readonly #ids: FieldIds;
  #at = 0;

  constructor(text: string, column: string, ids: FieldIds) {
    this.#text = text;
    this.#column = column;
    this.#ids = ids;
  }

  type(): DataType {
    let type = this.#base();
    for (;;) {
      const array = /^\[(\d*)\]/.exec(this.#rest());
      if (array === null) return type;
      if (array[1] !== '') this.#refuse(this.#text, 'use a LIST: TYPE[]');
      this.#at += array[0].length;
      type = { kind: 'list', elementId: this.#ids.next(), element: type };
    }
  }

  end(): void {
    if (this.#at !== this.#text.length) this.#refuse(this.#text);
  }

  #base(): DataType {
    const name = /^[A-Za-z_][A-Za-z_0-9]*( WITH TIME ZONE)?/.exec(this.#rest())?.[0] ?? this.#refuse(this.#text);
    this.#at += name.length;
    if (name === 'STRUCT') return { kind: 'struct', fields: this.#fields() };
    if (name === 'MAP') return this.#map();
    if (name === 'DECIMAL') return this.#decimal();
    const primitive = ALIASES[name];
    if (primitive === undefined) return this.#refuse(name, ADVICE[name]);
    return { kind: 'primitive', name: primitive };
  }

  #fields(): Field[] {
    const fields: Field[] = [];
    this.#expect('(');
    do {
      const name = this.#fieldName();
      this.#expect(' ');
      const id = this.#ids.next();
      fields.push({ id, name, type: this.type() });
    } while (this.#accept(', '));
    this.#expect(')');
    return fields;
  }

  #fieldName(): string {
    const quoted = /^"((?:[^"]|"")*)"/.exec(this.#rest());
    const bare = /^[^ "]+/.exec(this.#rest());
    const match = quoted ?? bare ?? this.#refuse(this.#text);
    this.#at += match[0].length;
    return quoted === null ? match[0] : (quoted[1] ?? '').replaceAll('""', '"');
  }

  #map(): DataType {
    this.#expect('(');
    const keyId = this.#ids.next();
    const key = this.type();
    this.#expect(', ');
    const valueId = this.#ids.next();
    const value = this.type();
    this.#expect(')');
    return { kind: 'map', keyId, key, valueId, value };
  }

  #decimal(): DataType {
    const match = /^\((\d+),\s*(\d+)\)/.exec(this.#rest()) ?? this.#refuse(this.#text);
    this.#at += match[0].length;
    return { kind: 'primitive', name: 'DECIMAL', precision: Number(match[1]), scale: Number(match[2]) };
  }

  #rest(): string {
    return this.#text.slice(this.#at);
  }

  #accept(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #expect(text: string): void {
    if (!this.#accept(text)) this.#refuse(this.#text);
  }

  #refuse(type: string, advice?: string): never {
    throw new AlopexError(
      SqlState.featureNotSupported,
      `column "${this.#column}" has type ${type}, which a cold (Iceberg v2) table cannot hold`,
      { hint: advice ?? 'Use one of the types listed in docs/types.md.' },
    );
  }
}

/** The type as SQL text that the kernel parses. */
export function typeSql(type: DataType): string {
  switch (type.kind) {
    case 'primitive':
      return type.name === 'DECIMAL' ? `DECIMAL(${type.precision}, ${type.scale})` : type.name;
    case 'list':
      return `${typeSql(type.element)}[]`;
    case 'struct':
      return `STRUCT(${type.fields.map((field) => `${quoteIdentifier(field.name)} ${typeSql(field.type)}`).join(', ')})`;
    case 'map':
      return `MAP(${typeSql(type.key)}, ${typeSql(type.value)})`;
  }
}

/**
 * The type in which a value is written to Parquet. Narrow and unsigned integers widen to what Iceberg has (`int`, `long`), in both
 * tiers, so that a file can move between them as it is.
 */
export function storageType(type: DataType): DataType {
  switch (type.kind) {
    case 'primitive':
      return storagePrimitive(type);
    case 'list':
      return { ...type, element: storageType(type.element) };
    case 'struct':
      return { kind: 'struct', fields: type.fields.map((field) => ({ ...field, type: storageType(field.type) })) };
    case 'map':
      return { ...type, key: storageType(type.key), value: storageType(type.value) };
  }
}

function storagePrimitive(type: PrimitiveType): PrimitiveType {
  switch (type.name) {
    case 'TINYINT':
    case 'SMALLINT':
    case 'UTINYINT':
    case 'USMALLINT':
      return { kind: 'primitive', name: 'INTEGER' };
    case 'UINTEGER':
      return { kind: 'primitive', name: 'BIGINT' };
    case 'BOOLEAN':
    case 'INTEGER':
    case 'BIGINT':
    case 'FLOAT':
    case 'DOUBLE':
    case 'DECIMAL':
    case 'DATE':
    case 'TIME':
    case 'TIMESTAMP':
    case 'TIMESTAMP WITH TIME ZONE':
    case 'VARCHAR':
    case 'UUID':
    case 'BLOB':
      return type;
  }
}

export function sameType(a: DataType, b: DataType): boolean {
  return typeSql(a) === typeSql(b);
}

/** `COPY … (FIELD_IDS {…})` for one column: nested fields carry their ids too. */
export function fieldIdsSql(field: Field): string {
  return `${quoteIdentifier(field.name)}: ${fieldIdSpec(field.id, field.type)}`;
}

function fieldIdSpec(id: number, type: DataType): string {
  switch (type.kind) {
    case 'primitive':
      return String(id);
    case 'list':
      return `{__duckdb_field_id: ${id}, element: ${fieldIdSpec(type.elementId, type.element)}}`;
    case 'struct':
      return `{__duckdb_field_id: ${id}, ${type.fields.map(fieldIdsSql).join(', ')}}`;
    case 'map':
      return `{__duckdb_field_id: ${id}, key: ${fieldIdSpec(type.keyId, type.key)}, value: ${fieldIdSpec(type.valueId, type.value)}}`;
  }
}

/** Leaves by field id with the path under which Parquet statistics name them, e.g. `"tags"."element"`. */
export function* leaves(field: Field, parent = ''): Generator<{ id: number; path: string; type: PrimitiveType }> {
  yield* typeLeaves(field.id, field.type, parent + quoteAlways(field.name));
}

function* typeLeaves(
  id: number,
  type: DataType,
  path: string,
): Generator<{ id: number; path: string; type: PrimitiveType }> {
  switch (type.kind) {
    case 'primitive':
      yield { id, path, type };
      return;
    case 'list':
      yield* typeLeaves(type.elementId, type.element, `${path}."element"`);
      return;
    case 'struct':
      for (const field of type.fields) yield* leaves(field, `${path}.`);
      return;
    case 'map':
      yield* typeLeaves(type.keyId, type.key, `${path}."key"`);
      yield* typeLeaves(type.valueId, type.value, `${path}."value"`);
  }
}

function quoteAlways(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** An identifier as SQL text, always quoted: no keyword, case or special character can change its meaning. */
export function quoteIdentifier(name: string): string {
  return quoteAlways(name);
}

/** A string as an SQL literal. */
export function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A list of strings as an SQL list literal. */
export function quoteList(texts: readonly string[]): string {
  return `[${texts.map(quoteLiteral).join(', ')}]`;
}
