import { AlopexError, SqlState } from '../../errors.ts';
import type { Assignment, ConflictAction, InsertStatement, Statement } from './statement.ts';
import { TokenReader } from './token-reader.ts';

/** Words that end an alias-free table reference. */
const AFTER_TABLE = ['SET', 'USING', 'WHERE', 'RETURNING', 'FROM'] as const;

/** `INSERT [OR REPLACE | OR IGNORE] INTO name [AS alias] [(columns) | BY NAME | BY POSITION] source [ON CONFLICT …]`. */
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
  refuseReturning(reader);
  const source = reader.textUntil(reader.find([['ON', 'CONFLICT']]));
  if (source === '') throw reader.error('expected VALUES or a query');
  const statement = { kind: 'insert', ctes, table, alias, target, source } as const;
  if (!reader.accept('ON', 'CONFLICT')) return { ...statement, conflict, conflictColumns: undefined };
  if (conflict.kind !== 'error') throw reader.error('ON CONFLICT does not go with OR REPLACE or OR IGNORE');
  const conflictColumns = reader.peek()?.text === '(' ? columnList(reader) : undefined;
  return { ...statement, conflict: parseConflictAction(reader), conflictColumns };
}

function columnList(reader: TokenReader): string[] {
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

function parseConflictAction(reader: TokenReader): ConflictAction {
  reader.expect('DO');
  if (reader.accept('NOTHING')) {
    reader.expectEnd();
    return { kind: 'nothing' };
  }
  reader.expect('UPDATE');
  reader.expect('SET');
  const set = assignments(reader.listUntil(reader.find([['WHERE']])));
  const where = reader.accept('WHERE') ? reader.rest() : undefined;
  return { kind: 'update', set, where };
}

/** `UPDATE name [[AS] alias] SET … [FROM …] [WHERE …]`. */
export function parseUpdate(reader: TokenReader, ctes: string): Statement {
  reader.expect('UPDATE');
  const table = reader.tableName();
  const alias = parseAlias(reader) ?? table;
  reader.expect('SET');
  refuseReturning(reader);
  const set = assignments(reader.listUntil(reader.find([['FROM'], ['WHERE']])));
  const from = reader.accept('FROM') ? reader.textUntil(reader.find([['WHERE']])) : '';
  const where = reader.accept('WHERE') ? reader.rest() : '';
  reader.expectEnd();
  return { kind: 'update', ctes, table, alias, set, from, where };
}

/** `DELETE FROM name [[AS] alias] [USING …] [WHERE …]`. */
export function parseDelete(reader: TokenReader, ctes: string): Statement {
  reader.expect('DELETE');
  reader.expect('FROM');
  const table = reader.tableName();
  const alias = parseAlias(reader) ?? table;
  refuseReturning(reader);
  const using = reader.accept('USING') ? reader.textUntil(reader.find([['WHERE']])) : '';
  const where = reader.accept('WHERE') ? reader.rest() : '';
  reader.expectEnd();
  return { kind: 'delete', command: 'DELETE', ctes, table, alias, using, where };
}

export function parseTruncate(reader: TokenReader): Statement {
  reader.expect('TRUNCATE');
  reader.accept('TABLE');
  const table = reader.tableName();
  reader.expectEnd();
  return { kind: 'delete', command: 'TRUNCATE', ctes: '', table, alias: table, using: '', where: '' };
}

/** `COPY name … FROM …` writes a table; `COPY name | (query) … TO …` only reads. */
export function parseCopy(reader: TokenReader): Statement {
  const { text } = reader;
  reader.expect('COPY');
  if (reader.peek()?.text === '(') return { kind: 'query', command: 'COPY', text };
  const table = reader.tableName();
  const direction = reader.find([['FROM'], ['TO']]);
  if (direction === reader.end) throw reader.error('expected FROM or TO');
  const start = reader.position;
  reader.seek(direction);
  const isFrom = reader.isNext('FROM');
  reader.seek(start);
  return isFrom ? { kind: 'copy-from', table, rest: reader.rest() } : { kind: 'query', command: 'COPY', text };
}

function parseAlias(reader: TokenReader): string | undefined {
  if (reader.accept('AS')) return reader.identifier('an alias');
  if (reader.atEnd || AFTER_TABLE.some((word) => reader.isNext(word))) return undefined;
  return reader.identifier('an alias');
}

/** `column = expression` or `(a, b) = (x, y)`. */
function assignments(items: readonly string[]): Assignment[] {
  return items.flatMap((item) => {
    const reader = new TokenReader(item);
    if (reader.peek()?.text !== '(') {
      const column = reader.identifier('a column name');
      reader.expectSymbol('=');
      return [assignment(column, reader.rest())];
    }
    const columns = columnList(reader);
    reader.expectSymbol('=');
    reader.accept('ROW');
    const values = new TokenReader(reader.group());
    const expressions = values.listUntil(values.end);
    if (expressions.length !== columns.length) throw reader.error(`expected ${columns.length} values`);
    return columns.map((column, index) => assignment(column, expressions[index] ?? ''));
  });
}

function assignment(column: string, sql: string): Assignment {
  if (sql === '') throw new AlopexError(SqlState.syntaxError, `expected a value for column "${column}"`);
  return { column, valueSql: sql.toUpperCase() === 'DEFAULT' ? undefined : sql };
}

function refuseReturning(reader: TokenReader): void {
  if (reader.find([['RETURNING']]) === reader.end) return;
  throw new AlopexError(SqlState.featureNotSupported, 'RETURNING is not supported', {
    hint: 'Read the rows with a SELECT.',
  });
}
