import { AlopexError, SqlState } from '../../errors.ts';
import { readIdentity } from './identity-clause.ts';
import { parseOptions } from './parse-options.ts';
import type { AlterAction, AlterTableStatement, ColumnChange, IdentityChange } from './statement.ts';
import type { TokenReader } from './token-reader.ts';

/** `ALTER TABLE [IF EXISTS] name action`. */
export function parseAlterTable(reader: TokenReader): AlterTableStatement {
  reader.expect('ALTER');
  const what = reader.peek()?.text.toUpperCase() ?? '';
  if (!reader.accept('TABLE')) throw new AlopexError(SqlState.featureNotSupported, `ALTER ${what} is not supported`);
  const ifExists = reader.accept('IF', 'EXISTS');
  const name = reader.tableName();
  const action = parseAction(reader);
  reader.expectEnd();
  return { kind: 'alter-table', name, ifExists, action };
}

function parseAction(reader: TokenReader): AlterAction {
  if (reader.accept('SET', 'SCHEMA')) return { kind: 'set-schema', schemaName: reader.identifier('a schema name') };
  if (reader.accept('SET')) return { kind: 'set', options: parseOptions(reader) };
  if (reader.accept('TIER', 'PARTITION')) return parseTier(reader);
  if (reader.accept('ADD')) return parseAdd(reader);
  if (reader.accept('DROP')) return parseDrop(reader);
  if (reader.accept('RENAME', 'TO')) return { kind: 'rename', to: reader.identifier('a table name') };
  if (reader.accept('RENAME')) {
    reader.accept('COLUMN');
    const path = columnPath(reader);
    reader.expect('TO');
    return { kind: 'rename-column', path, to: reader.identifier('a column name') };
  }
  if (reader.accept('ALTER')) {
    reader.accept('COLUMN');
    const column = reader.identifier('a column name');
    const change = parseIdentityChange(reader);
    if (change !== undefined) return { kind: 'alter-identity', column, change };
    return { kind: 'alter-column', column, change: parseColumnChange(reader) };
  }
  throw new AlopexError(SqlState.featureNotSupported, `ALTER TABLE … ${reader.peek()?.text ?? ''} is not supported`, {
    hint: 'Use SET (…), TIER PARTITION WHERE … TO COLD | HOT, ADD, DROP, RENAME or ALTER COLUMN, ADD or DROP CONSTRAINT, or RENAME TO.',
  });
}

function parseAdd(reader: TokenReader): AlterAction {
  const isConstraint =
    reader.isNext('CONSTRAINT') ||
    reader.isNext('PRIMARY', 'KEY') ||
    reader.isNext('FOREIGN', 'KEY') ||
    ((reader.isNext('CHECK') || reader.isNext('UNIQUE')) && reader.peek(1)?.text === '(');
  if (isConstraint) return { kind: 'add-constraint', definition: reader.rest() };
  reader.accept('COLUMN');
  const ifNotExists = reader.accept('IF', 'NOT', 'EXISTS');
  const parent: string[] = [];
  while (reader.peek(1)?.text === '.') {
    parent.push(reader.identifier('a column name'));
    reader.expectSymbol('.');
  }
  return { kind: 'add-column', parent, definition: reader.rest(), ifNotExists };
}

function parseDrop(reader: TokenReader): AlterAction {
  if (reader.accept('CONSTRAINT')) {
    const ifExists = reader.accept('IF', 'EXISTS');
    const name = reader.identifier('the name of a constraint');
    acceptBehavior(reader);
    return { kind: 'drop-constraint', name, ifExists };
  }
  reader.accept('COLUMN');
  const ifExists = reader.accept('IF', 'EXISTS');
  const path = columnPath(reader);
  acceptBehavior(reader);
  return { kind: 'drop-column', path, ifExists };
}

/** Nothing that depends on a column goes with it, so both words mean the same here. */
function acceptBehavior(reader: TokenReader): void {
  if (!reader.accept('CASCADE')) reader.accept('RESTRICT');
}

/** `column` or `column.field.field`. */
function columnPath(reader: TokenReader): string[] {
  const path: string[] = [];
  do path.push(reader.identifier('a column name'));
  while (reader.acceptSymbol('.'));
  return path;
}

function parseColumnChange(reader: TokenReader): ColumnChange {
  if (reader.accept('SET', 'DEFAULT')) {
    const valueSql = reader.rest();
    if (valueSql === '') throw reader.error('expected a value');
    return { kind: 'set-default', valueSql };
  }
  if (reader.accept('DROP', 'DEFAULT')) return { kind: 'drop-default' };
  if (reader.accept('SET', 'NOT', 'NULL')) return { kind: 'set-not-null' };
  if (reader.accept('DROP', 'NOT', 'NULL')) return { kind: 'drop-not-null' };
  if (reader.accept('FIRST')) return { kind: 'move', after: undefined };
  if (reader.accept('AFTER')) return { kind: 'move', after: reader.identifier('a column name') };
  if (!reader.accept('SET', 'DATA', 'TYPE') && !reader.accept('SET', 'TYPE')) reader.expect('TYPE');
  const using = reader.find([['USING']]);
  const type = reader.textUntil(using);
  if (type === '') throw reader.error('expected a type');
  if (reader.atEnd) return { kind: 'set-type', type };
  throw new AlopexError(SqlState.featureNotSupported, 'ALTER COLUMN … TYPE … USING is not supported', {
    hint: 'Add a column of the new type, UPDATE it, and drop the old one.',
  });
}

function parseIdentityChange(reader: TokenReader): IdentityChange | undefined {
  if (reader.accept('ADD')) return { kind: 'add-identity', ...readIdentity(reader) };
  if (reader.accept('DROP', 'IDENTITY')) return { kind: 'drop-identity', ifExists: reader.accept('IF', 'EXISTS') };
  if (reader.accept('SET', 'GENERATED', 'ALWAYS')) return { kind: 'set-identity', always: true };
  if (reader.accept('SET', 'GENERATED', 'BY', 'DEFAULT')) return { kind: 'set-identity', always: false };
  if (!reader.accept('RESTART')) return undefined;
  if (!reader.atEnd) reader.accept('WITH');
  const start = reader.rest();
  if (start === '' || /^[+-]?\d+$/.test(start))
    return { kind: 'restart-identity', start: start === '' ? undefined : start };
  throw reader.error('expected a number');
}

/** `TIER PARTITION WHERE condition TO COLD | HOT`: the last TO is ours, whatever the condition holds. */
function parseTier(reader: TokenReader): AlterAction {
  reader.expect('WHERE');
  const end = reader.end - 2;
  const condition = end > reader.position ? reader.textUntil(end) : '';
  if (condition === '') throw reader.error('expected a condition, then TO COLD or TO HOT');
  reader.expect('TO');
  if (reader.accept('COLD')) return { kind: 'tier', condition, direction: 'cold' };
  if (reader.accept('HOT')) return { kind: 'tier', condition, direction: 'hot' };
  throw reader.error('expected COLD or HOT');
}
