import { AlopexError, SqlState } from '../../errors.ts';
import { assignments, columnList, parseAlias, parseReturning } from './parse-dml.ts';
import { acceptOverriding } from './identity-clause.ts';
import type { MergeAction, MergeClause, MergeStatement } from './statement.ts';
import { withPlainTarget } from './target-names.ts';
import { TokenReader } from './token-reader.ts';

/** `MERGE INTO name [AS alias] USING source ON condition | USING (columns) WHEN … THEN … [RETURNING …]`. */
export function parseMerge(reader: TokenReader, ctes: string): MergeStatement {
  reader.expect('MERGE', 'INTO');
  const table = reader.tableName();
  const given = parseAlias(reader);
  const alias = given ?? table.name;
  reader.expect('USING');
  if (given === undefined) reader = withPlainTarget(reader, table);
  const source = reader.textUntil(reader.find([['ON'], ['USING']]));
  if (source === '') throw reader.error('expected a table or query');
  const columns = reader.accept('USING') ? columnList(reader) : undefined;
  if (columns === undefined) reader.expect('ON');
  const condition = columns === undefined ? reader.textUntil(reader.find([['WHEN']])) : '';
  if (columns === undefined && condition === '') throw reader.error('expected a condition');
  const clauses: MergeClause[] = [];
  while (reader.accept('WHEN')) clauses.push(parseClause(reader));
  if (clauses.length === 0) throw reader.error('expected WHEN MATCHED or WHEN NOT MATCHED');
  refuseSecondUnconditional(clauses);
  const returning = parseReturning(reader);
  return { kind: 'merge', ctes, table, alias, source, condition, columns, clauses, returning };
}

/** As in DuckDB: a second clause that takes all pairs of a kind is a mistake; one with a condition behind it is only never reached. */
function refuseSecondUnconditional(clauses: readonly MergeClause[]): void {
  const unconditional = clauses.filter(({ condition }) => condition === undefined);
  const found = unconditional.find(({ on }, at) => unconditional.slice(0, at).some((earlier) => earlier.on === on));
  if (found === undefined) return;
  const words = {
    both: 'WHEN MATCHED',
    'source-only': 'WHEN NOT MATCHED',
    'target-only': 'WHEN NOT MATCHED BY SOURCE',
  };
  throw new AlopexError(SqlState.syntaxError, `there can be only one unconditional ${words[found.on]} clause`);
}

function parseClause(reader: TokenReader): MergeClause {
  const on = parseMatch(reader);
  const condition = reader.accept('AND') ? reader.textUntil(reader.find([['THEN']])) : undefined;
  reader.expect('THEN');
  const action = parseAction(reader);
  const isPossible =
    action.kind === 'nothing' || action.kind === 'error' || (action.kind === 'insert') === (on === 'source-only');
  if (isPossible) return { on, condition, action };
  throw new AlopexError(
    SqlState.syntaxError,
    on === 'source-only'
      ? 'WHEN NOT MATCHED (BY TARGET) cannot be combined with UPDATE or DELETE actions: there is no row of the table to change'
      : 'INSERT goes with WHEN NOT MATCHED alone',
  );
}

function parseMatch(reader: TokenReader): MergeClause['on'] {
  if (reader.accept('MATCHED')) return 'both';
  reader.expect('NOT', 'MATCHED');
  if (reader.accept('BY', 'SOURCE')) return 'target-only';
  reader.accept('BY', 'TARGET');
  return 'source-only';
}

function parseAction(reader: TokenReader): MergeAction {
  if (reader.accept('DELETE')) return { kind: 'delete' };
  if (reader.accept('DO', 'NOTHING')) return { kind: 'nothing' };
  if (reader.accept('ERROR')) {
    const message = reader.textUntil(endOfAction(reader));
    return { kind: 'error', messageSql: message === '' ? undefined : message };
  }
  if (reader.accept('UPDATE')) return parseUpdateAction(reader);
  reader.expect('INSERT');
  return parseInsertAction(reader);
}

function parseUpdateAction(reader: TokenReader): MergeAction {
  if (reader.accept('BY', 'NAME')) return { kind: 'update', set: 'by-name' };
  if (!reader.accept('SET')) {
    reader.accept('BY', 'POSITION');
    return { kind: 'update', set: 'by-position' };
  }
  if (reader.acceptSymbol('*')) return { kind: 'update', set: 'by-name' };
  return { kind: 'update', set: assignments(reader.listUntil(endOfAction(reader))) };
}

function parseInsertAction(reader: TokenReader): MergeAction {
  if (reader.accept('BY', 'NAME')) return { kind: 'insert', values: 'by-name' };
  if (reader.acceptSymbol('*')) return { kind: 'insert', values: 'by-position' };
  if (reader.accept('DEFAULT', 'VALUES')) return { kind: 'insert', values: { columns: [], expressions: [] } };
  const columns = reader.peek()?.text === '(' ? columnList(reader) : undefined;
  const overriding = acceptOverriding(reader);
  if (columns === undefined && !reader.isNext('VALUES')) {
    reader.accept('BY', 'POSITION');
    return { kind: 'insert', values: 'by-position' };
  }
  reader.expect('VALUES');
  const list = new TokenReader(reader.group());
  return { kind: 'insert', values: { columns, expressions: list.listUntil(list.end), overriding } };
}

function endOfAction(reader: TokenReader): number {
  return reader.find([['WHEN'], ['RETURNING']]);
}
