import { AlopexError, SqlState } from '../errors.ts';
import type { FieldIds } from './data-type.ts';
import type { DataType, Field, PrimitiveName, PrimitiveType } from './schema.ts';

/** Types that take nothing in brackets. */
const PLAIN: ReadonlySet<string> = new Set<PrimitiveName>([
  'BOOLEAN',
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'BIGINT',
  'UTINYINT',
  'USMALLINT',
  'UINTEGER',
  'UBIGINT',
  'HUGEINT',
  'UHUGEINT',
  'BIGNUM',
  'FLOAT',
  'DOUBLE',
  'DATE',
  'TIME',
  'TIME WITH TIME ZONE',
  'TIME_NS',
  'TIMESTAMP',
  'TIMESTAMP_S',
  'TIMESTAMP_MS',
  'TIMESTAMP_NS',
  'TIMESTAMP WITH TIME ZONE',
  'VARCHAR',
  'JSON',
  'UUID',
  'BLOB',
  'BIT',
]);

const ADVICE: Readonly<Record<string, string>> = {
  VARIANT: 'Use JSON, or a UNION of the types that values have.',
  '"NULL"': 'Give the column a type.',
};

/** Reads the kernel's text of a type, which has no names of types that a user has made. Throws `0A000` for a type that cannot be stored, naming the column. */
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
      const brackets = /^\[(\d*)\]/.exec(this.#rest());
      if (brackets === null) return type;
      this.#at += brackets[0].length;
      const length = brackets[1] === '' ? {} : { length: Number(brackets[1]) };
      type = { kind: 'list', elementId: this.#ids.next(), element: type, ...length };
    }
  }

  end(): void {
    if (this.#at !== this.#text.length) this.#refuse(this.#text);
  }

  #base(): DataType {
    const name = /^("NULL"|[A-Za-z_][A-Za-z_0-9]*( WITH TIME ZONE)?)/.exec(this.#rest())?.[0];
    if (name === undefined) return this.#refuse(this.#text);
    this.#at += name.length;
    switch (name) {
      case 'STRUCT':
        return { kind: 'struct', fields: this.#fields() };
      case 'MAP':
        return this.#map();
      case 'UNION':
        return { kind: 'union', tagId: this.#ids.next(), members: this.#fields() };
      case 'INTERVAL':
        return {
          kind: 'interval',
          monthsId: this.#ids.next(),
          daysId: this.#ids.next(),
          microsId: this.#ids.next(),
        };
      case 'DECIMAL':
        return this.#decimal();
      case 'ENUM':
        return this.#enum();
      case 'GEOMETRY':
        return this.#geometry();
    }
    if (!PLAIN.has(name)) return this.#refuse(name);
    return { kind: 'primitive', name: name as PrimitiveName };
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

  #decimal(): PrimitiveType {
    const match = /^\((\d+),\s*(\d+)\)/.exec(this.#rest()) ?? this.#refuse(this.#text);
    this.#at += match[0].length;
    return { kind: 'primitive', name: 'DECIMAL', precision: Number(match[1]), scale: Number(match[2]) };
  }

  #enum(): PrimitiveType {
    const values: string[] = [];
    this.#expect('(');
    do values.push(this.#string());
    while (this.#accept(', '));
    this.#expect(')');
    return { kind: 'primitive', name: 'ENUM', values };
  }

  #geometry(): PrimitiveType {
    if (!this.#accept('(')) return { kind: 'primitive', name: 'GEOMETRY' };
    const crs = this.#string();
    this.#expect(')');
    return { kind: 'primitive', name: 'GEOMETRY', crs };
  }

  #string(): string {
    const literal = /'((?:[^']|'')*)'/y;
    // An ENUM may have very many values: nothing is sliced for each.
    literal.lastIndex = this.#at;
    const match = literal.exec(this.#text) ?? this.#refuse(this.#text);
    this.#at = literal.lastIndex;
    return (match[1] ?? '').replaceAll("''", "'");
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

  #refuse(type: string): never {
    throw new AlopexError(
      SqlState.featureNotSupported,
      `column "${this.#column}" has type ${type}, which a table cannot store`,
      { hint: ADVICE[type] ?? 'Use one of the types listed in docs/types.md.' },
    );
  }
}
