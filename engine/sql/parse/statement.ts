import type { ObjectName } from '../../table/object-name.ts';
import type { DefinitionStatement } from './definition-statement.ts';
import type { IdentityClause } from './identity-clause.ts';

/** Statements as the executors take them. What the kernel runs as it stands is kept as text. */
export type Statement =
  | QueryStatement
  | CreateTableStatement
  | { readonly kind: 'drop-table'; readonly names: readonly ObjectName[]; readonly ifExists: boolean }
  | AlterTableStatement
  | CreateIndexStatement
  | { readonly kind: 'drop-index'; readonly names: readonly ObjectName[]; readonly ifExists: boolean }
  | InsertStatement
  | UpdateStatement
  | DeleteStatement
  | MergeStatement
  | CopyFromStatement
  | { readonly kind: 'checkpoint' }
  /** Of one table, or of all. */
  | { readonly kind: 'vacuum'; readonly table: ObjectName | undefined }
  | ExplainStatement
  | DefinitionStatement
  /** CREATE TEMP …: what it makes belongs to the session alone. */
  | { readonly kind: 'temporary'; readonly text: string }
  | TransactionStatement
  | SessionStatement;

export interface ExplainStatement {
  readonly kind: 'explain';
  readonly analyze: boolean;
  /** The kernel's name of a format: `text`, `json`, … */
  readonly format: string;
  /** The statement that is explained. */
  readonly text: string;
}

/** What a transaction is begun with; what is absent is as the connection's defaults say. */
export interface TransactionMode {
  readonly isolation?: 'snapshot' | 'serializable';
  readonly readOnly?: boolean;
}

/** Statements that begin and end transactions, and mark points in them. Names are in lower case. */
export type TransactionStatement =
  | { readonly kind: 'begin'; readonly mode: TransactionMode }
  | { readonly kind: 'commit' }
  | { readonly kind: 'rollback' }
  | SavepointStatement;

export interface SavepointStatement {
  readonly kind: 'savepoint' | 'rollback-to' | 'release';
  readonly name: string;
}

/** Statements that concern one connection alone. Names are in lower case. */
export type SessionStatement =
  /** `valueSql` is `undefined` for DEFAULT. */
  | { readonly kind: 'set'; readonly name: string; readonly valueSql: string | undefined }
  /** Of all settings when there is no name. */
  | { readonly kind: 'reset'; readonly name: string | undefined }
  /** For the transaction under way, or for those to come. */
  | { readonly kind: 'set-transaction'; readonly mode: TransactionMode; readonly isDefault: boolean }
  | { readonly kind: 'prepare'; readonly name: string; readonly text: string }
  /** `values` is the text between the parentheses. */
  | { readonly kind: 'execute'; readonly name: string; readonly values: string }
  /** Of all prepared statements when there is no name. */
  | { readonly kind: 'deallocate'; readonly name: string | undefined }
  | { readonly kind: 'discard' };

/** Anything that only reads: the kernel runs it against views of our tables. */
export interface QueryStatement {
  readonly kind: 'query';
  readonly command: string;
  readonly text: string;
}

export interface CreateTableStatement {
  readonly kind: 'create-table';
  readonly name: ObjectName;
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
  readonly name: ObjectName;
  readonly ifExists: boolean;
  readonly action: AlterAction;
}

export interface CreateIndexStatement {
  readonly kind: 'create-index';
  readonly isUnique: boolean;
  readonly name: string;
  readonly table: ObjectName;
  readonly columns: readonly string[];
  readonly ifNotExists: boolean;
}

export type AlterAction =
  | { readonly kind: 'set'; readonly options: readonly OptionSetting[] }
  /** `parent` is the way to the STRUCT that gets a field; empty for a column. */
  | {
      readonly kind: 'add-column';
      readonly parent: readonly string[];
      readonly definition: string;
      readonly ifNotExists: boolean;
    }
  /** `path` is a column, or the way to a field of a STRUCT. */
  | { readonly kind: 'drop-column'; readonly path: readonly string[]; readonly ifExists: boolean }
  | { readonly kind: 'rename-column'; readonly path: readonly string[]; readonly to: string }
  | { readonly kind: 'alter-column'; readonly column: string; readonly change: ColumnChange }
  | { readonly kind: 'alter-identity'; readonly column: string; readonly change: IdentityChange }
  | { readonly kind: 'add-constraint'; readonly definition: string }
  | { readonly kind: 'drop-constraint'; readonly name: string; readonly ifExists: boolean }
  | { readonly kind: 'rename'; readonly to: string }
  | { readonly kind: 'set-schema'; readonly schemaName: string }
  | { readonly kind: 'tier'; readonly condition: string; readonly direction: 'cold' | 'hot' };

export type ColumnChange =
  | { readonly kind: 'set-default'; readonly valueSql: string }
  | { readonly kind: 'drop-default' | 'set-not-null' | 'drop-not-null' }
  | { readonly kind: 'set-type'; readonly type: string }
  /** `after` is absent for the first place. */
  | { readonly kind: 'move'; readonly after: string | undefined };

export type IdentityChange =
  | ({ readonly kind: 'add-identity' } & IdentityClause)
  | { readonly kind: 'drop-identity'; readonly ifExists: boolean }
  | { readonly kind: 'set-identity'; readonly always: boolean }
  /** With its first value when it does not begin as it did. */
  | { readonly kind: 'restart-identity'; readonly start: string | undefined };

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
  readonly table: ObjectName;
  readonly alias: string | undefined;
  /** Column list in parentheses, `BY NAME`, or empty. */
  readonly target: string;
  readonly overriding: Overriding | undefined;
  /** VALUES, a query or DEFAULT VALUES. */
  readonly source: string;
  readonly conflict: ConflictAction;
  /** Columns named by ON CONFLICT (…), in lower case. */
  readonly conflictColumns: readonly string[] | undefined;
  readonly returning: Returning;
}

/** What wins where an IDENTITY column is given a value: OVERRIDING SYSTEM VALUE takes the value, OVERRIDING USER VALUE leaves it. */
export type Overriding = 'system' | 'user';

/** Text of the expressions that each changed row gives, if it gives any. */
export type Returning = string | undefined;

export interface Assignment {
  readonly column: string;
  /** `undefined` is DEFAULT. */
  readonly valueSql: string | undefined;
}

export interface UpdateStatement {
  readonly kind: 'update';
  readonly ctes: string;
  readonly table: ObjectName;
  readonly alias: string;
  readonly set: readonly Assignment[];
  readonly from: string;
  readonly where: string;
  readonly returning: Returning;
}

export interface DeleteStatement {
  readonly kind: 'delete';
  readonly command: 'DELETE' | 'TRUNCATE';
  readonly ctes: string;
  readonly table: ObjectName;
  readonly alias: string;
  readonly using: string;
  readonly where: string;
  readonly returning: Returning;
}

export interface MergeStatement {
  readonly kind: 'merge';
  readonly ctes: string;
  readonly table: ObjectName;
  readonly alias: string;
  /** A table or query, with its alias. */
  readonly source: string;
  /** Of ON; empty with USING. */
  readonly condition: string;
  /** Of USING, in lower case. */
  readonly columns: readonly string[] | undefined;
  /** Of each pair of rows the first that fits counts. */
  readonly clauses: readonly MergeClause[];
  readonly returning: Returning;
}

export interface MergeClause {
  /** `both`: MATCHED; `source-only`: NOT MATCHED [BY TARGET]; `target-only`: NOT MATCHED BY SOURCE. */
  readonly on: 'both' | 'source-only' | 'target-only';
  readonly condition: string | undefined;
  readonly action: MergeAction;
}

export type MergeAction =
  | { readonly kind: 'delete' | 'nothing' }
  | { readonly kind: 'error'; readonly messageSql: string | undefined }
  /** Of all columns of the source, to those of the same name or in the same place. */
  | { readonly kind: 'update'; readonly set: 'by-name' | 'by-position' | readonly Assignment[] }
  | { readonly kind: 'insert'; readonly values: 'by-name' | 'by-position' | MergeValues };

export interface MergeValues {
  /** All columns when absent. */
  readonly columns: readonly string[] | undefined;
  readonly expressions: readonly string[];
  readonly overriding?: Overriding | undefined;
}

export interface CopyFromStatement {
  readonly kind: 'copy-from';
  readonly table: ObjectName;
  /** Everything after the table's name: column list, FROM, source, options. */
  readonly rest: string;
}

/** A COPY whose rows are mapped, or left out where they cannot be loaded. */
export interface CopyLoad {
  /** Columns of the table, in lower case, in the order of those of the file. */
  readonly columns: readonly string[] | undefined;
  /** The file as a string literal. */
  readonly source: string;
  readonly mappings: readonly CopyMapping[] | undefined;
  readonly onError: 'stop' | 'skip';
  readonly errorTable: ObjectName | undefined;
  /** How many rows may be left out. */
  readonly errorLimit: number | undefined;
  /** The kernel's own; one without a value is switched on. */
  readonly options: readonly OptionSetting[];
}

export interface CopyMapping {
  /** An expression over the columns of the file. */
  readonly valueSql: string;
  readonly column: string;
}
