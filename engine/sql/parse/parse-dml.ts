import { AlopexError, SqlState } from '../../errors.ts';
import { identifierValue, significant, tokenize } from '../lexer.ts';
import { acceptOverriding } from './identity-clause.ts';
import type { Assignment, ConflictAction, InsertStatement, Returning, Statement } from './statement.ts';
import { withPlainTarget } from './target-names.ts';
import { TokenReader } from './token-reader.ts';

/** Words that end an alias-free table reference. */
const AFTER_TABLE = ['SET', 'USING', 'WHERE', 'RETURNING', 'FROM'] as const;

/** `INSERT [OR REPLACE | OR IGNORE] INTO name [AS alias] [(columns) | BY NAME | BY POSITION] source [ON CONFLICT …] [RETURNING …]`. */
export function parseInsert(reader: TokenReader, ctes: string): InsertStatement {
  reader.expect('INSERT');
  let conflict: ConflictAction = { kind: 'error' };
  if (reader.accept('OR', 'REPLACE')) conflict = { kind: 'replace' };
  else if (reader.accept('OR', 'IGNORE')) conflict = { kind: 'nothing' };
  reader.expect('INTO');
  const table = reader.tableName();
  const alias = reader.accept('AS') ? reader.identifier('an alias') : undefined;
  let target = '';
  if (reader.peek()?.text === '(' && !isQueryInParentheses(reader)) target = `(${reader.group()})`;
  else if (reader.accept('BY', 'NAME')) target = 'BY NAME';
  else reader.accept('BY', 'POSITION');
  const overriding = acceptOverriding(reader);
  const source = reader.textUntil(reader.find([['ON', 'CONFLICT'], ['RETURNING']]));
  if (source === '') throw reader.error('expected VALUES or a query');
  if (alias === undefined) reader = withPlainTarget(reader, table);
  let conflictColumns: string[] | undefined;
  if (reader.accept('ON', 'CONFLICT')) {
    if (conflict.kind !== 'error') throw reader.error('ON CONFLICT does not go with OR REPLACE or OR IGNORE');
    if (reader.peek()?.text === '(') conflictColumns = columnList(reader);
    refuseConflictTarget(reader);
    conflict = parseConflictAction(reader);
  }
  const returning = parseReturning(reader);
  if (conflict.kind === 'update') refuseExcluded(alias ?? table.name, conflict, returning);
  return { kind: 'insert', ctes, table, alias, target, overriding, source, conflict, conflictColumns, returning };
}

/** `excluded` is the new row in DO UPDATE, unless the table has the name too, and stands for nothing in RETURNING. */
function refuseExcluded(
  alias: string,
  { set, where = '' }: ConflictAction & { kind: 'update' },
  returning: Returning,
): void {
  if (mentionsExcluded(returning ?? '')) {
    throw new AlopexError(
      SqlState.featureNotSupported,
      "'excluded' qualified columns are not supported in the RETURNING clause yet",
      { hint: 'RETURNING sees the row as it is stored.' },
    );
  }
  const isNamed = [where, ...set.map(({ valueSql = '' }) => valueSql)].some(mentionsExcluded);
  if (alias.toLowerCase() !== 'excluded' || !isNamed) return;
  throw new AlopexError('42702', 'Ambiguous reference to table "excluded"', { hint: 'Give the table another alias.' });
}

function mentionsExcluded(sql: string): boolean {
  const tokens = significant(tokenize(sql));
  return tokens.some(
    (token, at) => identifierValue(token)?.toLowerCase() === 'excluded' && tokens[at + 1]?.text === '.',
  );
}

/** `RETURNING expressions`, which ends a statement. */
export function parseReturning(reader: TokenReader): string | undefined {
  const returning = reader.accept('RETURNING') ? reader.rest() : undefined;
  if (returning === '') throw reader.error('expected expressions');
  reader.expectEnd();
  return returning;
}

export function columnList(reader: TokenReader): string[] {
  const inner = new TokenReader(reader.group());
  const columns: string[] = [];
  do columns.push(inner.identifier('a column name').toLowerCase());
  while (inner.acceptSymbol(','));
  inner.expectEnd();
  return columns;
}

function isQueryInParentheses(reader: TokenReader): boolean {
  const word = reader.peek(1)?.text.toUpperCase();
  return word === 'SELECT' || word === 'FROM' || word === 'WITH' || word === 'VALUES' || word === '(';
}

/** PostgreSQL names constraints and partial indexes here. */
function refuseConflictTarget(reader: TokenReader): void {
  if (reader.isNext('ON', 'CONSTRAINT')) {
    throw new AlopexError(SqlState.featureNotSupported, 'ON CONSTRAINT conflict target is not supported yet', {
      hint: 'Name the columns instead: ON CONFLICT (a, b).',
    });
  }
  if (!reader.isNext('WHERE')) return;
  throw new AlopexError(SqlState.featureNotSupported, 'ON CONFLICT WHERE clause is only supported in DO UPDATE SET', {
    hint: 'Write the condition at the end: ON CONFLICT (a) DO UPDATE SET … WHERE ….',
  });
}

function parseConflictAction(reader: TokenReader): ConflictAction {
  reader.expect('DO');
  if (reader.accept('NOTHING')) return { kind: 'nothing' };
  reader.expect('UPDATE');
  reader.expect('SET');
  const set = assignments(reader.listUntil(reader.find([['WHERE'], ['RETURNING']])));
  const where = reader.accept('WHERE') ? reader.textUntil(reader.find([['RETURNING']])) : undefined;
  return { kind: 'update', set, where };
}

/** `UPDATE name [[AS] alias] SET … [FROM …] [WHERE …] [RETURNING …]`. */
export function parseUpdate(reader: TokenReader, ctes: string): Statement {
  reader.expect('UPDATE');
  const table = reader.tableName();
  const given = parseAlias(reader);
  const alias = given ?? table.name;
  reader.expect('SET');
  if (given === undefined) reader = withPlainTarget(reader, table);
  const set = assignments(reader.listUntil(reader.find([['FROM'], ['WHERE'], ['RETURNING']])));
  const from = reader.accept('FROM') ? reader.textUntil(reader.find([['WHERE'], ['RETURNING']])) : '';
  const where = reader.accept('WHERE') ? reader.textUntil(reader.find([['RETURNING']])) : '';
  return { kind: 'update', ctes, table, alias, set, from, where, returning: parseReturning(reader) };
}

/** `DELETE FROM name [[AS] alias] [USING …] [WHERE …] [RETURNING …]`. */
export function parseDelete(reader: TokenReader, ctes: string): Statement {
  reader.expect('DELETE');
  reader.expect('FROM');
  const table = reader.tableName();
  const given = parseAlias(reader);
  const alias = given ?? table.name;
  if (given === undefined) reader = withPlainTarget(reader, table);
  const using = reader.accept('USING') ? reader.textUntil(reader.find([['WHERE'], ['RETURNING']])) : '';
  const where = reader.accept('WHERE') ? reader.textUntil(reader.find([['RETURNING']])) : '';
  return { kind: 'delete', command: 'DELETE', ctes, table, alias, using, where, returning: parseReturning(reader) };
}

export function parseTruncate(reader: TokenReader): Statement {
  reader.expect('TRUNCATE');
  reader.accept('TABLE');
  const table = reader.tableName();
  reader.expectEnd();
  return {
    kind: 'delete',
    command: 'TRUNCATE',
    ctes: '',
    table,
    alias: table.name,
    using: '',
    where: '',
    returning: undefined,
  };
}

/** `COPY name … FROM …` writes a table; `COPY name | (query) … TO …` only reads. */
export function parseCopy(reader: TokenReader): Statement {
  const { text } = reader;
  reader.expect('COPY');
  if (reader.peek()?.text === '(') return { kind: 'query', command: 'COPY', text };
  const name = reader.position;
  const direction = reader.find([['FROM'], ['TO']]);
  if (direction === reader.end) throw reader.error('expected FROM or TO');
  reader.seek(direction);
  const isFrom = reader.isNext('FROM');
  if (!isFrom) return { kind: 'query', command: 'COPY', text };
  reader.seek(name);
  const table = reader.tableName();
  return { kind: 'copy-from', table, rest: reader.rest() };
}

export function parseAlias(reader: TokenReader): string | undefined {
  if (reader.accept('AS')) return reader.identifier('an alias');
  if (reader.atEnd || AFTER_TABLE.some((word) => reader.isNext(word))) return undefined;
  return reader.identifier('an alias');
}

/** `column = expression`, `(a, b) = (x, y)`, `(a, b) = (SELECT …)`; `(a, b) = x` gives one value to all. */
export function assignments(items: readonly string[]): Assignment[] {
  return items.flatMap((item) => {
    const reader = new TokenReader(item);
    if (reader.peek()?.text !== '(') {
      const column = reader.identifier('a column name');
      if (reader.peek()?.text === '.') throw reader.error('expected the name of a column alone');
      reader.expectSymbol('=');
      return [assignment(column, reader.rest())];
    }
    const columns = columnList(reader);
    reader.expectSymbol('=');
    const expressions = valuesOf(reader, columns.length);
    return columns.map((column, index) => assignment(column, expressions[index] ?? ''));
  });
}

/** The expressions that as many columns are set to. */
function valuesOf(reader: TokenReader, count: number): string[] {
  const start = reader.position;
  const isRow = reader.accept('ROW');
  if (reader.peek()?.text === '(') {
    const isQuery = isQueryInParentheses(reader) && reader.peek(1)?.text !== '(';
    const group = reader.group();
    if (reader.atEnd) return isQuery ? queryValues(group, count) : rowValues(reader, group, count);
  }
  if (isRow) throw reader.error('unexpected text');
  reader.seek(start);
  const value = reader.rest();
  return Array.from({ length: count }, () => value);
}

function rowValues(reader: TokenReader, group: string, count: number): string[] {
  const values = new TokenReader(group);
  const expressions = values.listUntil(values.end);
  if (expressions.length !== count) throw reader.error(`expected ${count} values, got ${expressions.length}`);
  return expressions;
}

/** Each column of the one row that a query gives. */
function queryValues(query: string, count: number): string[] {
  const names = Array.from({ length: count }, (_, index) => `value_${index + 1}`);
  return names.map((name) => `(SELECT ${name} FROM (${query}) AS __values(${names.join(', ')}))`);
}

function assignment(column: string, sql: string): Assignment {
  if (sql === '') throw new AlopexError(SqlState.syntaxError, `expected a value for column "${column}"`);
  return { column, valueSql: sql.toUpperCase() === 'DEFAULT' ? undefined : sql };
}
