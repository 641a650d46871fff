import { AlopexError, SqlState } from '../../errors.ts';
import { parseOptions } from './parse-options.ts';
import type { CreateTableStatement, Statement } from './statement.ts';
import type { ObjectName } from '../../table/object-name.ts';
import type { TokenReader } from './token-reader.ts';

/** `CREATE [OR REPLACE] TABLE [IF NOT EXISTS] name [(…)] [WITH (…)] [AS query]`. */
export function parseCreateTable(reader: TokenReader): CreateTableStatement {
  reader.expect('CREATE');
  const orReplace = reader.accept('OR', 'REPLACE');
  const what = reader.peek()?.text.toUpperCase() ?? '';
  if (!reader.accept('TABLE')) {
    throw new AlopexError(SqlState.featureNotSupported, `CREATE ${what} is not supported`, {
      hint: 'docs/sql.md lists the statements that are.',
    });
  }
  const ifNotExists = reader.accept('IF', 'NOT', 'EXISTS');
  const name = reader.tableName();
  const columns = reader.peek()?.text === '(' ? reader.group() : undefined;
  const options = reader.accept('WITH') ? parseOptions(reader) : [];
  let query: string | undefined;
  if (reader.accept('AS')) query = reader.rest();
  reader.expectEnd();
  if (columns === undefined && query === undefined)
    throw reader.error('expected the columns of the table, or AS and a query');
  if (columns !== undefined && query !== undefined) {
    throw new AlopexError(SqlState.featureNotSupported, 'CREATE TABLE … AS takes its columns from the query', {
      hint: 'Leave the column list out, and name the columns in the query.',
    });
  }
  return { kind: 'create-table', name, ifNotExists, orReplace, columns, query, options };
}

/** `DROP TABLE [IF EXISTS] name, … [CASCADE | RESTRICT]`. */
export function parseDropTable(reader: TokenReader): Statement {
  reader.expect('DROP');
  const what = reader.peek()?.text.toUpperCase() ?? '';
  if (!reader.accept('TABLE')) throw new AlopexError(SqlState.featureNotSupported, `DROP ${what} is not supported`);
  const ifExists = reader.accept('IF', 'EXISTS');
  const names: ObjectName[] = [];
  do names.push(reader.tableName());
  while (reader.acceptSymbol(','));
  if (!reader.accept('CASCADE')) reader.accept('RESTRICT');
  reader.expectEnd();
  return { kind: 'drop-table', names, ifExists };
}
