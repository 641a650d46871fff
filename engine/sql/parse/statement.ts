/** Statements as the executors take them. What the kernel runs as it stands is kept as text. */
export type Statement =
  | QueryStatement
  | CreateTableStatement
  | { readonly kind: 'drop-table'; readonly names: readonly string[]; readonly ifExists: boolean }
  | AlterTableStatement
  | InsertStatement
  | UpdateStatement
  | DeleteStatement
  | CopyFromStatement
  | { readonly kind: 'checkpoint' }
  /** Of one table, or of all. */
  | { readonly kind: 'vacuum'; readonly table: string | undefined }
  | { readonly kind: 'explain'; readonly analyze: boolean; readonly query: string };

/** Anything that only reads: the kernel runs it against views of our tables. */
export interface QueryStatement {
  readonly kind: 'query';
  readonly command: string;
  readonly text: string;
}

export interface CreateTableStatement {
  readonly kind: 'create-table';
  readonly name: string;
  readonly ifNotExists: boolean;
  readonly orReplace: boolean;
  /** Text between the parentheses, or undefined. */
  readonly columns: string | undefined;
  /** The query of CREATE TABLE … AS. */
  readonly query: string | undefined;
  readonly options: readonly OptionSetting[];
}

/** One `name = value` of WITH or SET. */
export interface OptionSetting {
  readonly name: string;
  /** SQL text of the value; `undefined` for NULL, which resets an option. */
  readonly valueSql: string | undefined;
}

export interface AlterTableStatement {
  readonly kind: 'alter-table';
  readonly name: string;
  readonly ifExists: boolean;
  readonly action: AlterAction;
}

export type AlterAction =
  | { readonly kind: 'set'; readonly options: readonly OptionSetting[] }
  | { readonly kind: 'add-column'; readonly definition: string; readonly ifNotExists: boolean }
  | { readonly kind: 'drop-column'; readonly column: string; readonly ifExists: boolean }
  | { readonly kind: 'rename-column'; readonly from: string; readonly to: string }
  | { readonly kind: 'rename'; readonly to: string }
  | { readonly kind: 'tier'; readonly condition: string; readonly direction: 'cold' | 'hot' };

export type ConflictAction =
  | { readonly kind: 'error' }
  /** `given` names the columns that the statement gives when those are not all; a stored row keeps its others. */
  | { readonly kind: 'replace'; readonly given?: readonly string[] }
  | { readonly kind: 'nothing' }
  /** `set` is a list of `column = expression`; `where` limits which rows are updated. */
  | { readonly kind: 'update'; readonly set: readonly Assignment[]; readonly where: string | undefined };

export interface InsertStatement {
  readonly kind: 'insert';
  /** `WITH …` in front, or empty. */
  readonly ctes: string;
  readonly table: string;
  readonly alias: string | undefined;
  /** Column list in parentheses, `BY NAME`, or empty. */
  readonly target: string;
  /** VALUES, a query or DEFAULT VALUES. */
  readonly source: string;
  readonly conflict: ConflictAction;
  /** Columns named by ON CONFLICT (…), in lower case. */
  readonly conflictColumns: readonly string[] | undefined;
}

export interface Assignment {
  readonly column: string;
  /** `undefined` is DEFAULT. */
  readonly valueSql: string | undefined;
}

export interface UpdateStatement {
  readonly kind: 'update';
  readonly ctes: string;
  readonly table: string;
  readonly alias: string;
  readonly set: readonly Assignment[];
  readonly from: string;
  readonly where: string;
}

export interface DeleteStatement {
  readonly kind: 'delete';
  readonly command: 'DELETE' | 'TRUNCATE';
  readonly ctes: string;
  readonly table: string;
  readonly alias: string;
  readonly using: string;
  readonly where: string;
}

export interface CopyFromStatement {
  readonly kind: 'copy-from';
  readonly table: string;
  /** Everything after the table's name: column list, FROM, source, options. */
  readonly rest: string;
}
