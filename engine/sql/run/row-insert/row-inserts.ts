import type { Parameters } from '../../../ports/kernel.ts';
import { lookUp, objectKey, type SearchPath } from '../../../table/object-name.ts';
import type { DatabaseVersion } from '../../../table/version.ts';
import type { RowInsert } from '../../../row-commits.ts';
import type { InsertStatement } from '../../parse/statement.ts';
import { RowPlan } from './row-plan.ts';
import { rowTemplate, type RowTemplate } from './template.ts';

interface Prepared {
  readonly template: RowTemplate;
  /** For the schema with which the statement was last run; no plan means that it has to be run by the kernel. */
  plan?: { readonly schema: RowPlan['schema']; readonly plan: RowPlan | undefined };
}

/** Turns `INSERT … VALUES` into rows without the kernel, where that is certain to give the same rows. What it finds out about a statement is kept as long as the statement is. */
export class RowInserts {
  readonly #prepared = new WeakMap<InsertStatement, Prepared | 'other'>();

  /** `undefined` when the statement has to go the long way. */
  rowsOf(
    statement: InsertStatement,
    version: DatabaseVersion,
    parameters: Parameters | undefined,
    path: SearchPath,
  ): RowInsert | undefined {
    const prepared = this.#prepare(statement);
    if (prepared === undefined) return undefined;
    const { template } = prepared;
    const table = lookUp(version.tables, template.table, path);
    if (table === undefined) return undefined;
    const { schema } = table;
    if (prepared.plan?.schema !== schema) prepared.plan = { schema, plan: RowPlan.of(template, schema) };
    const rows = prepared.plan.plan?.rows(parameters);
    return rows === undefined ? undefined : { tableKey: objectKey(table.schemaName, table.name), schema, rows };
  }

  #prepare(statement: InsertStatement): Prepared | undefined {
    let prepared = this.#prepared.get(statement);
    if (prepared === undefined) {
      const template = rowTemplate(statement);
      prepared = template === undefined ? 'other' : { template };
      this.#prepared.set(statement, prepared);
    }
    return prepared === 'other' ? undefined : prepared;
  }
}
