import { AlopexError, SqlState } from '../../errors.ts';
import type { ObjectName } from '../../table/object-name.ts';
import type { Statement } from './statement.ts';
import { TokenReader } from './token-reader.ts';

/** `[UNIQUE] INDEX [IF NOT EXISTS] name ON table (columns)`, behind CREATE; `undefined` for anything else. */
export function parseCreateIndex(reader: TokenReader): Statement | undefined {
  const isUnique = reader.isNext('UNIQUE', 'INDEX') && reader.accept('UNIQUE');
  if (!reader.accept('INDEX')) return undefined;
  const ifNotExists = reader.accept('IF', 'NOT', 'EXISTS');
  const name = reader.identifier('the name of an index');
  reader.expect('ON');
  const table = reader.tableName();
  if (reader.accept('USING')) reader.identifier('a kind of index');
  const list = new TokenReader(reader.group());
  if (reader.isNext('WHERE')) {
    throw new AlopexError(SqlState.featureNotSupported, 'Creating partial indexes is not supported currently', {
      hint: 'Leave WHERE out, or check the rows with a query.',
    });
  }
  reader.expectEnd();
  const columns = list.listUntil(list.end).map((item) => {
    const column = new TokenReader(item);
    const columnName = column.identifier('a column name');
    if (!isUnique) acceptOrder(column);
    if (column.atEnd) return columnName;
    const what = isUnique ? 'expressions or orders' : 'expressions';
    throw new AlopexError(SqlState.featureNotSupported, `an index takes columns, and no ${what}`, {
      hint: 'Name the columns alone.',
    });
  });
  return { kind: 'create-index', isUnique, name, table, columns, ifNotExists };
}

/** `[ASC | DESC] [NULLS FIRST | LAST]`, which changes nothing. */
function acceptOrder(column: TokenReader): void {
  if (!column.accept('ASC')) column.accept('DESC');
  if (!column.accept('NULLS', 'FIRST')) column.accept('NULLS', 'LAST');
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
