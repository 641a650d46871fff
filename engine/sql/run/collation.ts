import { AlopexError, SqlState } from '../../errors.ts';
import { identifierValue } from '../lexer.ts';
import { TokenReader } from '../parse/token-reader.ts';

/** Refuses columns that have a collation, which the kernel's text of a type does not tell. `createSql` is the kernel's own statement for the table. */
export function refuseCollations(createSql: string): void {
  const reader = new TokenReader(createSql);
  while (!reader.atEnd && reader.peek()?.text !== '(') reader.next();
  // What is further inside belongs to defaults and CHECK constraints, which may compare as they like.
  const columns = new TokenReader(reader.group());
  let column = columns.peek();
  while (!columns.atEnd) {
    if (columns.isNext('COLLATE')) {
      const name = column === undefined ? '' : (identifierValue(column) ?? column.text);
      throw new AlopexError(
        SqlState.featureNotSupported,
        `column "${name}" has a collation: COLLATE of a column is not supported`,
        { hint: 'Use VARCHAR, and COLLATE in the expressions that compare or sort.' },
      );
    }
    if (columns.peek()?.text === '(') {
      columns.group();
      continue;
    }
    if (columns.next().text === ',') column = columns.peek();
  }
}
