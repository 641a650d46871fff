import { isKeyword, significant, tokenize, type Token } from '../../lexer.ts';

/** `1.50`: a DECIMAL, digits and how many of them are behind the point. A class, so that no parameter is taken for one. */
export class DecimalLiteral {
  readonly unscaled: bigint;
  readonly scale: number;

  constructor(unscaled: bigint, scale: number) {
    this.unscaled = unscaled;
    this.scale = scale;
  }
}

/** `DATE '2024-01-31'`. */
export class TypedLiteral {
  readonly typeName: 'DATE' | 'TIME' | 'TIMESTAMP';
  readonly text: string;

  constructor(typeName: TypedLiteral['typeName'], text: string) {
    this.typeName = typeName;
    this.text = text;
  }
}

/** A value as a statement gives it: integers are bigints here, strings are not cast yet. */
export type Literal = null | boolean | bigint | string | DecimalLiteral | TypedLiteral;

/** What stands in a place of a row. */
export type Cell =
  | { readonly kind: 'literal'; readonly value: Literal }
  /** Its name, without `$`. */
  | { readonly kind: 'parameter'; readonly name: string }
  | { readonly kind: 'default' };

/** More digits may make it a DOUBLE. */
const MAX_DIGITS = 36;

/** The cell that these tokens are, all of them; `undefined` for anything that is not written out plainly. */
export function readCell(tokens: readonly Token[]): Cell | undefined {
  const [first, second] = tokens;
  if (first === undefined || tokens.length > 2) return undefined;
  if (second !== undefined) {
    if (first.text === '-' && second.kind === 'number') return numberCell(second.text, -1n);
    return typedCell(first, second);
  }
  if (first.kind === 'number') return numberCell(first.text, 1n);
  if (first.kind === 'identifier') return wordCell(first);
  if (first.kind === 'parameter') return { kind: 'parameter', name: first.text.slice(1) };
  const value = plainString(first);
  return value === undefined ? undefined : { kind: 'literal', value };
}

/** A literal by itself, as in a column's DEFAULT. */
export function readLiteral(sql: string): Literal | undefined {
  const cell = readCell(significant(tokenize(sql)));
  return cell?.kind === 'literal' ? cell.value : undefined;
}

/** The other kinds of strings have escapes, or are blobs. */
function plainString({ kind, text }: Token): string | undefined {
  return kind === 'string' && text.startsWith("'") ? text.slice(1, -1).replaceAll("''", "'") : undefined;
}

const TYPE_NAMES = ['DATE', 'TIME', 'TIMESTAMP'] as const;

function typedCell(word: Token, value: Token): Cell | undefined {
  const typeName = TYPE_NAMES.find((name) => isKeyword(word, name));
  const text = plainString(value);
  return typeName === undefined || text === undefined
    ? undefined
    : { kind: 'literal', value: new TypedLiteral(typeName, text) };
}

function wordCell(token: Token): Cell | undefined {
  if (isKeyword(token, 'NULL')) return { kind: 'literal', value: null };
  if (isKeyword(token, 'TRUE')) return { kind: 'literal', value: true };
  if (isKeyword(token, 'FALSE')) return { kind: 'literal', value: false };
  return isKeyword(token, 'DEFAULT') ? { kind: 'default' } : undefined;
}

function numberCell(text: string, sign: bigint): Cell | undefined {
  if (text.length > MAX_DIGITS) return undefined;
  const [, whole = '', fraction] = /^(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (whole === '') return undefined;
  const digits = sign * BigInt(whole + (fraction ?? ''));
  return {
    kind: 'literal',
    value: fraction === undefined ? digits : new DecimalLiteral(digits, fraction.length),
  };
}
