import { AlopexError, SqlState } from '../../../errors.ts';
import { displayName, type ObjectName } from '../../../table/object-name.ts';
import type { PlainIndex, UniqueKey } from '../../../table/schema.ts';
import type { DatabaseVersion, TableVersion } from '../../../table/version.ts';
import type { Writer } from '../../../writer.ts';
import type { CreateIndexStatement } from '../../parse/statement.ts';
import { constraintNames } from '../constraint-names.ts';
import { requireColumn } from '../require-column.ts';
import type { Session } from '../session.ts';
import { putSchema } from './alter-table.ts';
import { withoutIndex } from './without-index.ts';
import { ExistingRows } from './existing-rows.ts';

/** Of an index that is unique, which is a constraint, or not. Throws `23505` when rows are not unique, `42P07` for a name that is taken. */
export async function runCreateIndex(writer: Writer, session: Session, statement: CreateIndexStatement): Promise<void> {
  const table = writer.table(statement.table);
  const { name } = statement;
  const { schema, schemaName } = table;
  if (findIndex(writer.latest, schemaName, name) !== undefined) {
    if (statement.ifNotExists) return;
    throw new AlopexError(SqlState.duplicateTable, `index "${name}" exists already`, {
      hint: 'Choose another name, or use CREATE INDEX IF NOT EXISTS.',
    });
  }
  if (constraintNames(schema).has(name.toLowerCase())) {
    throw new AlopexError(SqlState.duplicateObject, `table "${table.name}" has a constraint "${name}" already`);
  }
  const columns = [...new Set(statement.columns.map((column) => requireColumn(table, column)))];
  const ids = columns.map((column) => column.id);
  if (!statement.isUnique) {
    await putSchema(writer, session, table, {
      ...schema,
      indexes: [...(schema.indexes ?? []), { name, columns: ids }],
    });
    return;
  }
  const generated = columns.find((column) => column.generatedSql !== undefined);
  if (generated !== undefined) {
    throw new AlopexError(SqlState.featureNotSupported, `generated column "${generated.name}" cannot be in an index`);
  }
  const rows = await ExistingRows.of(writer, session, table);
  await rows.refuseDuplicates(schema, ids);
  const unique: UniqueKey[] = [...(schema.unique ?? []), { name, columns: ids, isIndex: true }];
  await putSchema(writer, session, table, { ...schema, unique });
}

export async function runDropIndex(
  writer: Writer,
  session: Session,
  names: readonly ObjectName[],
  ifExists: boolean,
): Promise<void> {
  // All names are looked up before the first index goes.
  const missing = names.find((name) => lookUpIndex(writer, name) === undefined);
  if (missing !== undefined && !ifExists) {
    throw new AlopexError(SqlState.undefinedObject, `index "${displayName(missing)}" does not exist`, {
      hint: 'UNIQUE constraints go by ALTER TABLE … DROP CONSTRAINT.',
    });
  }
  for (const name of names) {
    const found = lookUpIndex(writer, name);
    if (found !== undefined)
      await putSchema(writer, session, found.table, withoutIndex(found.table.schema, found.index));
  }
}

interface FoundIndex {
  readonly table: TableVersion;
  readonly index: UniqueKey | PlainIndex;
}

function lookUpIndex({ latest, searchPath }: Writer, { schemaName, name }: ObjectName): FoundIndex | undefined {
  for (const each of schemaName === undefined ? searchPath : [schemaName]) {
    const found = findIndex(latest, each, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Indexes have names of their own in each schema. */
function findIndex(version: DatabaseVersion, schemaName: string, name: string): FoundIndex | undefined {
  const isSame = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
  for (const table of version.tables.values()) {
    if (!isSame(table.schemaName, schemaName)) continue;
    const { unique = [], indexes = [] } = table.schema;
    const index = [...unique.filter((key) => key.isIndex === true), ...indexes].find((each) => isSame(each.name, name));
    if (index !== undefined) return { table, index };
  }
  return undefined;
}
