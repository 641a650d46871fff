import { AlopexError, SqlState } from '../../errors.ts';
import type { ObjectName } from '../../table/object-name.ts';
import type { Statement } from './statement.ts';
import { TokenReader } from './token-reader.ts';

/** `[UNIQUE] INDEX [IF NOT EXISTS] name ON table (columns)`, behind CREATE; `undefined` for anything else. Throws `0A000` for an index that is not unique. */
export function parseCreateIndex(reader: TokenReader): Statement | undefined {
  if (reader.isNext('INDEX')) {
    throw new AlopexError(
      SqlState.featureNotSupported,
      'CREATE INDEX is not supported: there are unique indexes only',
      {
        hint: 'Rows are found by the bounds of files: sort_by and partition_by make those narrow.',
      },
    );
  }
  if (!reader.accept('UNIQUE', 'INDEX')) return undefined;
  const ifNotExists = reader.accept('IF', 'NOT', 'EXISTS');
  const name = reader.identifier('the name of an index');
  reader.expect('ON');
  const table = reader.tableName();
  if (reader.accept('USING')) reader.identifier('a kind of index');
  const list = new TokenReader(reader.group());
  reader.expectEnd();
  const columns = list.listUntil(list.end).map((item) => {
    const column = new TokenReader(item);
    const columnName = column.identifier('a column name');
    if (column.atEnd) return columnName;
    throw new AlopexError(SqlState.featureNotSupported, 'an index takes columns, and no expressions or orders', {
      hint: 'Name the columns alone.',
    });
  });
  return { kind: 'create-index', name, table, columns, ifNotExists };
}

/** `INDEX [IF EXISTS] name, …`, behind DROP; `undefined` for anything else. */
export function parseDropIndex(reader: TokenReader): Statement | undefined {
  if (!reader.accept('INDEX')) return undefined;
  const ifExists = reader.accept('IF', 'EXISTS');
  const names: ObjectName[] = [];
  do names.push(reader.objectName('the name of an index'));
  while (reader.acceptSymbol(','));
  if (!reader.accept('CASCADE')) reader.accept('RESTRICT');
  reader.expectEnd();
  return { kind: 'drop-index', names, ifExists };
}
