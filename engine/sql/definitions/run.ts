import type { Writer } from '../../writer.ts';
import type { DefinitionStatement } from '../parse/definition-statement.ts';
import type { Session } from '../run/session.ts';
import { runComment } from './run-comment.ts';
import { runAlterView, runCreateDefinition, runDropDefinition } from './run-definition.ts';
import { runCreateSchema, runDropSchema } from './run-schema.ts';

/** Runs a statement about what the catalog holds beside tables. */
export async function runDefinitionStatement(
  writer: Writer,
  session: Session,
  statement: DefinitionStatement,
): Promise<void> {
  switch (statement.kind) {
    case 'create-schema':
      return runCreateSchema(writer, statement);
    case 'drop-schema':
      return runDropSchema(writer, statement);
    case 'create-definition':
      return runCreateDefinition(writer, session, statement);
    case 'drop-definition':
      return runDropDefinition(writer, statement);
    case 'alter-view':
      return runAlterView(writer, statement);
    case 'comment':
      return runComment(writer, session, statement);
  }
}

const KINDS: ReadonlySet<string> = new Set<DefinitionStatement['kind']>([
  'create-schema',
  'drop-schema',
  'create-definition',
  'drop-definition',
  'alter-view',
  'comment',
]);

export function isDefinitionStatement(statement: { readonly kind: string }): statement is DefinitionStatement {
  return KINDS.has(statement.kind);
}

/** What a client is told that was done: the words of PostgreSQL's command tags. */
export function definitionCommand(statement: DefinitionStatement): string {
  switch (statement.kind) {
    case 'create-schema':
      return 'CREATE SCHEMA';
    case 'drop-schema':
      return 'DROP SCHEMA';
    case 'create-definition':
      return `CREATE ${wordOf(statement.of)}`;
    case 'drop-definition':
      return `DROP ${wordOf(statement.of[0])}`;
    case 'alter-view':
      return 'ALTER VIEW';
    case 'comment':
      return 'COMMENT';
  }
}

function wordOf(kind: string): string {
  return kind === 'table-macro' ? 'MACRO' : kind.toUpperCase();
}
