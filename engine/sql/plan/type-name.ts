import type { PrimitiveName, PrimitiveType } from '../../table/schema.ts';
import type { Token } from '../lexer.ts';

const NAMES: Readonly<Record<string, PrimitiveName>> = {
  BOOLEAN: 'BOOLEAN',
  BOOL: 'BOOLEAN',
  TINYINT: 'TINYINT',
  SMALLINT: 'SMALLINT',
  INTEGER: 'INTEGER',
  INT: 'INTEGER',
  BIGINT: 'BIGINT',
  UTINYINT: 'UTINYINT',
  USMALLINT: 'USMALLINT',
  UINTEGER: 'UINTEGER',
  UBIGINT: 'UBIGINT',
  HUGEINT: 'HUGEINT',
  UHUGEINT: 'UHUGEINT',
  BIGNUM: 'BIGNUM',
  FLOAT: 'FLOAT',
  DOUBLE: 'DOUBLE',
  DATE: 'DATE',
  TIME: 'TIME',
  TIMESTAMP: 'TIMESTAMP',
  TIMESTAMP_S: 'TIMESTAMP_S',
  TIMESTAMP_MS: 'TIMESTAMP_MS',
  TIMESTAMP_NS: 'TIMESTAMP_NS',
  TIME_NS: 'TIME_NS',
  BIT: 'BIT',
  JSON: 'JSON',
  TIMESTAMPTZ: 'TIMESTAMP WITH TIME ZONE',
  VARCHAR: 'VARCHAR',
  TEXT: 'VARCHAR',
  UUID: 'UUID',
  BLOB: 'BLOB',
};

/** The type that stands at the start of some tokens, and how many of them are its name. */
export function readTypeName(tokens: readonly Token[]): { type: PrimitiveType; length: number } | undefined {
  const words = tokens.map((token) => (token.kind === 'string' ? '' : token.text.toUpperCase()));
  const [first = '', open, precision, comma, scale, close] = words;
  if (first === 'DECIMAL') {
    if (open !== '(' || comma !== ',' || close !== ')') return undefined;
    return {
      type: { kind: 'primitive', name: 'DECIMAL', precision: Number(precision), scale: Number(scale) },
      length: 6,
    };
  }
  if (first === 'TIMESTAMP' && words.slice(1, 4).join(' ') === 'WITH TIME ZONE') {
    return { type: { kind: 'primitive', name: 'TIMESTAMP WITH TIME ZONE' }, length: 4 };
  }
  const name = NAMES[first];
  // `VARCHAR(10)`, `TIMESTAMP(3)` and lists are not these types.
  if (name === undefined || words[1] === '(' || words[1] === '[') return undefined;
  return { type: { kind: 'primitive', name }, length: 1 };
}
