import { AlopexError, SqlState } from '../../errors.ts';
import { quoteIdentifier } from '../../table/data-type.ts';
import type { DefinitionKind } from '../../table/definition.ts';
import type { CommentTarget, CreateDefinition, DefinitionStatement } from './definition-statement.ts';
import type { TokenReader } from './token-reader.ts';

/** What CREATE says before the kind of thing. */
export interface CreatePrefix {
  readonly orReplace: boolean;
}

/** `CREATE [OR REPLACE] SCHEMA | VIEW | MACRO | FUNCTION | TYPE | SEQUENCE …`, from the kind on; `undefined` for other kinds. */
export function parseCreateDefinition(
  reader: TokenReader,
  { orReplace }: CreatePrefix,
): DefinitionStatement | undefined {
  if (reader.accept('SCHEMA')) {
    const ifNotExists = reader.accept('IF', 'NOT', 'EXISTS');
    const name = reader.identifier('a schema name');
    reader.expectEnd();
    if (!orReplace) return { kind: 'create-schema', name, ifNotExists };
    throw new AlopexError(SqlState.featureNotSupported, 'CREATE OR REPLACE SCHEMA is not supported', {
      hint: 'Use CREATE SCHEMA IF NOT EXISTS, or drop the schema first.',
    });
  }
  const isRecursive = reader.isNext('RECURSIVE', 'VIEW') && reader.accept('RECURSIVE');
  const word = ['VIEW', 'MACRO', 'FUNCTION', 'TYPE', 'SEQUENCE'].find((candidate) => reader.accept(candidate));
  if (word === undefined) return undefined;
  const ifNotExists = reader.accept('IF', 'NOT', 'EXISTS');
  const name = reader.objectName('a name');
  const statement = { kind: 'create-definition', name, orReplace, ifNotExists } as const;
  switch (word) {
    case 'VIEW':
      return { ...statement, of: 'view', body: isRecursive ? recursiveBody(reader, name.name) : viewBody(reader) };
    case 'TYPE':
      if (!reader.isNext('AS')) throw reader.error('expected AS');
      return { ...statement, of: 'type', body: reader.rest() };
    case 'SEQUENCE':
      return { ...statement, of: 'sequence', body: reader.rest() };
    default:
      return { ...statement, ...macroBody(reader) };
  }
}

function viewBody(reader: TokenReader): string {
  const start = reader.position;
  if (reader.peek()?.text === '(') reader.group();
  reader.expect('AS');
  if (reader.atEnd) throw reader.error('expected a query');
  reader.seek(start);
  return reader.rest();
}

/** `name (columns) AS query`, where the query may read the view itself. */
function recursiveBody(reader: TokenReader, name: string): string {
  const columns = reader.group();
  reader.expect('AS');
  const view = quoteIdentifier(name);
  return `AS WITH RECURSIVE ${view} (${columns}) AS (${reader.rest()}) SELECT ${columns} FROM ${view}`;
}

function macroBody(reader: TokenReader): Pick<CreateDefinition, 'of' | 'body'> {
  const start = reader.position;
  reader.group();
  reader.expect('AS');
  const isTable = reader.accept('TABLE');
  if (reader.atEnd) throw reader.error(isTable ? 'expected a query' : 'expected an expression');
  reader.seek(start);
  return { of: isTable ? 'table-macro' : 'macro', body: reader.rest() };
}

/** `DROP SCHEMA | VIEW | MACRO [TABLE] | FUNCTION | TYPE | SEQUENCE …`, from the kind on; `undefined` for other kinds. */
export function parseDropDefinition(reader: TokenReader): DefinitionStatement | undefined {
  if (reader.accept('SCHEMA')) {
    const ifExists = reader.accept('IF', 'EXISTS');
    const names = list(reader, () => reader.identifier('a schema name'));
    return { kind: 'drop-schema', names, ifExists, cascade: acceptCascade(reader) };
  }
  const of = droppedKinds(reader);
  if (of === undefined) return undefined;
  const ifExists = reader.accept('IF', 'EXISTS');
  const names = list(reader, () => reader.objectName('a name'));
  acceptCascade(reader);
  return { kind: 'drop-definition', of, names, ifExists };
}

function droppedKinds(reader: TokenReader): readonly [DefinitionKind, ...DefinitionKind[]] | undefined {
  if (reader.accept('VIEW')) return ['view'];
  if (reader.accept('TYPE')) return ['type'];
  if (reader.accept('SEQUENCE')) return ['sequence'];
  if (reader.accept('MACRO', 'TABLE')) return ['table-macro'];
  return reader.accept('MACRO') || reader.accept('FUNCTION') ? ['macro', 'table-macro'] : undefined;
}

function acceptCascade(reader: TokenReader): boolean {
  const cascade = reader.accept('CASCADE');
  if (!cascade) reader.accept('RESTRICT');
  reader.expectEnd();
  return cascade;
}

function list<T>(reader: TokenReader, item: () => T): T[] {
  const items: T[] = [];
  do items.push(item());
  while (reader.acceptSymbol(','));
  return items;
}

/** `ALTER VIEW [IF EXISTS] name RENAME TO name | SET SCHEMA name`, from VIEW on; `undefined` for other kinds. */
export function parseAlterDefinition(reader: TokenReader): DefinitionStatement | undefined {
  if (!reader.accept('VIEW')) return undefined;
  const ifExists = reader.accept('IF', 'EXISTS');
  const name = reader.objectName('the name of a view');
  const change = reader.accept('RENAME', 'TO')
    ? { name: reader.identifier('a name') }
    : reader.accept('SET', 'SCHEMA')
      ? { schemaName: reader.identifier('a schema name') }
      : undefined;
  if (change === undefined) throw reader.error('expected RENAME TO or SET SCHEMA');
  reader.expectEnd();
  return { kind: 'alter-view', name, ifExists, change };
}

/** `COMMENT ON kind name IS 'text' | NULL`. */
export function parseComment(reader: TokenReader): DefinitionStatement {
  reader.expect('COMMENT', 'ON');
  const target = commentTarget(reader);
  reader.expect('IS');
  const text = reader.accept('NULL') ? undefined : reader.string('a text or NULL');
  reader.expectEnd();
  return { kind: 'comment', target, text };
}

function commentTarget(reader: TokenReader): CommentTarget {
  if (reader.accept('TABLE')) return { kind: 'relation', of: 'table', name: reader.objectName('a table name') };
  if (reader.accept('VIEW')) return { kind: 'relation', of: 'view', name: reader.objectName('a view name') };
  if (reader.accept('SCHEMA')) return { kind: 'schema', name: reader.identifier('a schema name') };
  if (reader.accept('COLUMN')) return columnTarget(reader);
  const of = droppedKinds(reader);
  if (of === undefined) {
    throw new AlopexError(
      SqlState.featureNotSupported,
      `COMMENT ON ${reader.peek()?.text.toUpperCase() ?? ''} is not supported`,
      { hint: 'Comments are on TABLE, COLUMN, VIEW, SCHEMA, MACRO, TYPE and SEQUENCE.' },
    );
  }
  return { kind: 'definition', of, name: reader.objectName('a name') };
}

/** `[schema.]table.column`. */
function columnTarget(reader: TokenReader): CommentTarget {
  const names = [reader.identifier('a name')];
  while (reader.acceptSymbol('.')) names.push(reader.identifier('a name'));
  const [column, name, schemaName, ...more] = names.toReversed();
  if (column === undefined || name === undefined || more.length > 0) {
    throw reader.error('expected a column as table.column or schema.table.column');
  }
  return { kind: 'column', relation: { name, ...(schemaName === undefined ? {} : { schemaName }) }, column };
}
