import { AlopexError, SqlState } from '../../errors.ts';
import { identifierValue } from '../lexer.ts';
import { isIdentity, readIdentity, serialType, type IdentityClause } from '../parse/identity-clause.ts';
import { TokenReader } from '../parse/token-reader.ts';

/** Constraints that have names. */
export type NamedKind = 'CHECK' | 'UNIQUE' | 'PRIMARY KEY';

/** The columns and constraints of CREATE TABLE, with what the kernel would not take set aside. */
export interface ColumnList {
  /** For the kernel. */
  readonly sql: string;
  /** What CONSTRAINT calls them, kind by kind in the order in which they come; `undefined` for those without a name. */
  readonly names: Readonly<Record<NamedKind, readonly (string | undefined)[]>>;
  readonly hasGenerated: boolean;
  /** Of IDENTITY columns, by their names in lower case. */
  readonly identities: ReadonlyMap<string, IdentityClause>;
}

/** Reads the text between the parentheses of CREATE TABLE. Throws `0A000` for what is not supported, by name. */
export function readColumnList(text: string): ColumnList {
  const found: Found = {
    names: { CHECK: [], UNIQUE: [], 'PRIMARY KEY': [] },
    hasGenerated: false,
    identities: new Map(),
  };
  const reader = new TokenReader(text);
  const items = reader.listUntil(reader.end).map((item) => readItem(new TokenReader(item), found));
  return { sql: items.join(', '), ...found };
}

interface Found {
  readonly names: Record<NamedKind, (string | undefined)[]>;
  hasGenerated: boolean;
  readonly identities: Map<string, IdentityClause>;
}

/** One column, or one constraint of the table; returns its text for the kernel. */
function readItem(reader: TokenReader, found: Found): string {
  const pieces: string[] = [];
  let start = reader.position;
  /** Leaves out what follows up to where `skip` ends. */
  const leaveOut = (skip: () => void, instead = ''): void => {
    const at = reader.position;
    reader.seek(start);
    pieces.push(reader.textUntil(at), instead);
    skip();
    start = reader.position;
  };
  // A first word is the name of a column, whatever it looks like, unless a constraint or LIKE follows.
  const column = isTableConstraint(reader) || reader.atEnd ? '' : (identifierValue(reader.next()) ?? '').toLowerCase();
  const serial = column === '' ? undefined : serialType(reader);
  if (serial !== undefined) {
    found.identities.set(column, { always: false, options: '' });
    leaveOut(() => reader.next(), serial);
  }
  let name: string | undefined;
  let keptUntil: number | undefined;
  while (!reader.atEnd) {
    const kind = acceptKind(reader);
    if (kind !== undefined) {
      found.names[kind].push(name);
      name = undefined;
    } else if (reader.accept('CONSTRAINT')) {
      name = reader.identifier('the name of a constraint');
    } else if (reader.isNext('REFERENCES') || reader.isNext('FOREIGN', 'KEY')) {
      throw notSupported(
        'FOREIGN KEY constraints are not supported',
        'Leave them out, or check the rows with a query.',
      );
    } else if (isIdentity(reader)) {
      if (found.identities.has(column)) throw reader.error('a column is an IDENTITY column once');
      leaveOut(() => found.identities.set(column, readIdentity(reader)));
    } else if (reader.accept('AS')) {
      if (reader.peek()?.text === '(') reader.group();
      found.hasGenerated = true;
      keptUntil = reader.position;
      // Values are stored either way: see docs/sql.md.
      if (!reader.accept('STORED')) keptUntil = undefined;
    } else if (reader.peek()?.text === '(') {
      reader.group();
    } else {
      reader.next();
    }
    if (keptUntil !== undefined && !reader.atEnd) throw reader.error('nothing can follow STORED');
  }
  reader.seek(start);
  pieces.push(keptUntil === undefined ? reader.rest() : reader.textUntil(keptUntil));
  return pieces.filter((piece) => piece !== '').join(' ');
}

function isTableConstraint(reader: TokenReader): boolean {
  const next = reader.peek(1)?.text;
  if (reader.isNext('CHECK') || reader.isNext('UNIQUE')) return next === '(';
  return reader.isNext('PRIMARY', 'KEY') || reader.isNext('FOREIGN', 'KEY') || reader.isNext('CONSTRAINT');
}

function acceptKind(reader: TokenReader): NamedKind | undefined {
  if (reader.accept('CHECK')) return 'CHECK';
  if (reader.accept('UNIQUE')) return 'UNIQUE';
  return reader.accept('PRIMARY', 'KEY') ? 'PRIMARY KEY' : undefined;
}

function notSupported(message: string, hint: string): AlopexError {
  return new AlopexError(SqlState.featureNotSupported, message, { hint });
}

/** The expressions of generated columns by name, out of the kernel's own statement for a table. */
export function generatedExpressions(createSql: string): ReadonlyMap<string, string> {
  const expressions = new Map<string, string>();
  for (const item of createdItems(createSql)) {
    const reader = new TokenReader(item);
    const at = reader.find([['GENERATED', 'ALWAYS', 'AS']]);
    if (at === reader.end || at === 0) continue;
    const name = reader.identifier('the name of a column');
    reader.seek(at);
    reader.expect('GENERATED', 'ALWAYS', 'AS');
    expressions.set(name, reader.group());
  }
  return expressions;
}

function createdItems(createSql: string): string[] {
  const reader = new TokenReader(createSql);
  while (!reader.atEnd && reader.peek()?.text !== '(') reader.next();
  const items = new TokenReader(reader.group());
  return items.listUntil(items.end);
}
