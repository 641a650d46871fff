import { Fields } from './model/fields.ts';
import { readRequirements, type Requirement } from './model/requirements.ts';
import { readUpdates, type Update } from './model/updates.ts';
import { checkNamespace, checkTableName, type TableName } from './names.ts';
import { badRequest } from './rest-error.ts';

/** A change of one table, read and found to be of kinds that are known. */
export interface CommitRequest {
  readonly requirements: readonly Requirement[];
  readonly updates: readonly Update[];
  /** Whether it makes the table. */
  readonly isCreate: boolean;
}

export function readCommitRequest(fields: Fields): CommitRequest {
  const requirements = readRequirements(fields.has('requirements') ? fields.list('requirements') : []);
  const updates = readUpdates(fields.list('updates'));
  const isCreate = requirements.some(({ type }) => type === 'assert-create');
  if (isCreate && requirements.length > 1) {
    throw badRequest(`Invalid create requirements: ${requirements.map(({ type }) => type).join(', ')}`);
  }
  return { requirements, updates, isCreate };
}

export interface NamedCommit extends CommitRequest {
  readonly name: TableName;
}

/** The changes of a transaction; throws 400 when one table is named twice. */
export function readTransaction(fields: Fields): readonly NamedCommit[] {
  const commits = fields.list('table-changes').map((value) => {
    const change = new Fields(value, 'a table change');
    return { name: readTableName(change.fields('identifier')), ...readCommitRequest(change) };
  });
  const names = new Set(commits.map(({ name }) => JSON.stringify(name)));
  if (names.size !== commits.length) throw badRequest('A transaction can change each table once only');
  return commits;
}

export function readTableName(fields: Fields): TableName {
  return { namespace: checkNamespace(fields.list('namespace')), name: checkTableName(fields.string('name')) };
}
