import { AlopexError, SqlState } from '../../errors.ts';
import type { KernelConnection } from '../../ports/kernel.ts';
import type { TableComments } from '../../table/comments.ts';
import { alterTable } from '../../table/ddl.ts';
import type { Definition } from '../../table/definition.ts';
import { displayName, lookUp, qualifiedSql, type ObjectName } from '../../table/object-name.ts';
import type { TableVersion } from '../../table/version.ts';
import type { Writer } from '../../writer.ts';
import type { DefinitionStatement } from '../parse/definition-statement.ts';
import type { Session } from '../run/session.ts';
import { requireColumn } from '../run/require-column.ts';
import { putDefinition } from './commit.ts';
import { findDefinition } from './run-definition.ts';

/** `COMMENT ON`; no text takes the comment away. */
export async function runComment(
  writer: Writer,
  session: Session,
  { target, text }: DefinitionStatement & { kind: 'comment' },
): Promise<void> {
  const { connection } = session;
  switch (target.kind) {
    case 'relation':
      if (target.of === 'view') return commentDefinition(writer, ['view'], target.name, text);
      return commentTable(writer, connection, writer.table(target.name), text);
    case 'column': {
      const table = lookUp(writer.latest.tables, target.relation, writer.searchPath);
      if (table === undefined) return commentViewColumn(writer, session, target.relation, target.column, text);
      return commentColumn(writer, connection, table, target.column, text);
    }
    case 'schema': {
      const { name } = target;
      return commentDefinition(writer, ['schema'], { schemaName: name, name }, text);
    }
    case 'definition':
      return commentDefinition(writer, target.of, target.name, text);
  }
}

async function commentTable(
  writer: Writer,
  connection: KernelConnection,
  table: TableVersion,
  text: string | undefined,
): Promise<void> {
  const comments: TableComments = {
    columns: table.comments?.columns ?? [],
    ...(text === undefined ? {} : { table: text }),
  };
  await alterTable(writer, connection, table, { comments });
}

async function commentColumn(
  writer: Writer,
  connection: KernelConnection,
  table: TableVersion,
  name: string,
  text: string | undefined,
): Promise<void> {
  const { id } = requireColumn(table, name);
  const others = (table.comments?.columns ?? []).filter(([columnId]) => columnId !== id);
  const columns = text === undefined ? others : [...others, [id, text] as const];
  await alterTable(writer, connection, table, { comments: { ...table.comments, columns } });
}

async function commentDefinition(
  writer: Writer,
  of: Parameters<typeof findDefinition>[1],
  name: ObjectName,
  text: string | undefined,
): Promise<void> {
  const found = findDefinition(writer, of, name, false);
  if (found === undefined) return;
  const { comment: _, ...rest } = found;
  await putDefinition(writer, text === undefined ? rest : { ...rest, comment: text });
}

async function commentViewColumn(
  writer: Writer,
  session: Session,
  name: ObjectName,
  column: string,
  text: string | undefined,
): Promise<void> {
  // Neither: the message is that of a table.
  const view: Definition | undefined = writer.latest.definitions.find('view', name, writer.searchPath);
  if (view === undefined) {
    writer.table(name);
    return;
  }
  const relation = qualifiedSql(view.schemaName, view.name);
  await session.prepare(writer.latest, relation);
  const columns = await session.connection.rows(`DESCRIBE ${relation}`);
  if (!columns.some((row) => String(row['column_name']).toLowerCase() === column.toLowerCase())) {
    throw new AlopexError(SqlState.undefinedColumn, `view "${displayName(view)}" has no column "${column}"`);
  }
  const others = (view.columnComments ?? []).filter(([other]) => other.toLowerCase() !== column.toLowerCase());
  const columnComments = text === undefined ? others : [...others, [column, text] as const];
  await putDefinition(writer, { ...view, columnComments });
}
