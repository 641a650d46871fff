import type { Parameter, Parameters, Scalar } from '../../../ports/kernel.ts';
import type { Row } from '../../../table/pending-rows.ts';
import type { Column, PrimitiveType, TableSchema } from '../../../table/schema.ts';
import { readLiteral, type Cell } from './literal.ts';
import type { RowTemplate } from './template.ts';
import { toScalar } from './to-scalar.ts';

interface PlannedColumn {
  readonly type: PrimitiveType;
  readonly required: boolean;
  /** Place in the rows of the template, or none for a column that gets its default. */
  readonly place: number | undefined;
  /** `undefined` for a default that the kernel has to work out. */
  readonly standard: Scalar | undefined;
}

/** How the rows of a template become rows of a table. */
export class RowPlan {
  readonly schema: TableSchema;
  readonly #columns: readonly PlannedColumn[];
  readonly #rows: readonly (readonly Cell[])[];

  private constructor(schema: TableSchema, columns: readonly PlannedColumn[], rows: readonly (readonly Cell[])[]) {
    this.schema = schema;
    this.#columns = columns;
    this.#rows = rows;
  }

  /** `undefined` when only the kernel can say what the rows are, or what is wrong with them. */
  static of(template: RowTemplate, schema: TableSchema): RowPlan | undefined {
    const names = schema.columns.map((column) => column.name.toLowerCase());
    const given = template.columns ?? names;
    const isRight =
      isPlain(schema, SCHEMA_PARTS) &&
      schema.columns.every((column) => isPlain(column, COLUMN_PARTS)) &&
      schema.checks.length === 0 &&
      new Set(given).size === given.length &&
      given.every((name) => names.includes(name)) &&
      template.rows.every((row) => row.length === given.length);
    if (!isRight) return undefined;
    const columns: PlannedColumn[] = [];
    for (const [index, column] of schema.columns.entries()) {
      if (column.type.kind !== 'primitive') return undefined;
      const place = given.indexOf(names[index] ?? '');
      const standard = standardOf(column, column.type);
      columns.push({
        type: column.type,
        required: column.required,
        place: place < 0 ? undefined : place,
        standard,
      });
    }
    return new RowPlan(schema, columns, template.rows);
  }

  rows(parameters: Parameters | undefined): Row[] | undefined {
    const rows: Row[] = [];
    for (const cells of this.#rows) {
      const row: Scalar[] = [];
      for (const column of this.#columns) {
        const value = valueOf(column, cells, parameters);
        if (value === undefined || (value === null && column.required)) return undefined;
        row.push(value);
      }
      rows.push(row);
    }
    return rows;
  }
}

const SCHEMA_PARTS: ReadonlySet<string> = new Set<keyof TableSchema>([
  'schemaId',
  'columns',
  'primaryKey',
  'checks',
  // They change nothing.
  'indexes',
  'lastFieldId',
]);
const COLUMN_PARTS: ReadonlySet<string> = new Set<keyof Column>(['id', 'name', 'type', 'required', 'defaultSql']);

/** Whatever else a table or a column comes to have is for the long way until it is known here. */
function isPlain(definition: object, parts: ReadonlySet<string>): boolean {
  return Object.entries(definition).every(([part, value]) => value === undefined || parts.has(part));
}

function standardOf(column: Column, type: PrimitiveType): Scalar | undefined {
  if (column.defaultSql === undefined) return null;
  const literal = readLiteral(column.defaultSql);
  return literal === undefined ? undefined : toScalar(literal, type);
}

function valueOf(
  { type, place, standard }: PlannedColumn,
  cells: readonly Cell[],
  parameters: Parameters | undefined,
): Scalar | undefined {
  const cell = place === undefined ? undefined : cells[place];
  if (cell === undefined || cell.kind === 'default') return standard;
  if (cell.kind === 'literal') return toScalar(cell.value, type);
  const value = parameterOf(cell.name, parameters);
  return value === undefined ? undefined : toScalar(value, type);
}

function parameterOf(name: string, parameters: Parameters | undefined): Parameter | undefined {
  if (parameters === undefined) return undefined;
  const isNumber = /^\d+$/.test(name);
  if (Array.isArray(parameters)) return isNumber ? (parameters as readonly Parameter[])[Number(name) - 1] : undefined;
  if (isNumber || !Object.hasOwn(parameters, name)) return undefined;
  return (parameters as Readonly<Record<string, Parameter>>)[name];
}
