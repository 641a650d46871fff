import type { DataType, Field, PrimitiveType } from './schema.ts';

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

/** The type as SQL text that the kernel parses. */
export function typeSql(type: DataType): string {
  switch (type.kind) {
    case 'primitive':
      return primitiveSql(type);
    case 'list':
      return `${typeSql(type.element)}[${type.length ?? ''}]`;
    case 'struct':
      return `STRUCT(${fieldsSql(type.fields)})`;
    case 'map':
      return `MAP(${typeSql(type.key)}, ${typeSql(type.value)})`;
    case 'union':
      return `UNION(${fieldsSql(type.members)})`;
    case 'interval':
      return 'INTERVAL';
  }
}

function primitiveSql({ name, precision, scale, values, crs }: PrimitiveType): string {
  if (name === 'DECIMAL') return `DECIMAL(${precision}, ${scale})`;
  if (values !== undefined) return `ENUM(${values.map(quoteLiteral).join(', ')})`;
  return crs === undefined ? name : `${name}(${quoteLiteral(crs)})`;
}

function fieldsSql(fields: readonly Field[]): string {
  return fields.map(({ name, type }) => `${quoteIdentifier(name)} ${typeSql(type)}`).join(', ');
}

export function sameType(a: DataType, b: DataType): boolean {
  return typeSql(a) === typeSql(b);
}

/** An identifier as SQL text, always quoted: no keyword, case or special character can change its meaning. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A string as an SQL literal. */
export function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A list of strings as an SQL list literal. */
export function quoteList(texts: readonly string[]): string {
  return `[${texts.map(quoteLiteral).join(', ')}]`;
}
