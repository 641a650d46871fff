/**
 * Columns and their types, each with a field id that never changes and is never reused: files are read by id, so that
 * renaming, adding and dropping columns needs no rewriting in either tier. Ids are Iceberg field ids.
 */
export type PrimitiveName =
  | 'BOOLEAN'
  | 'TINYINT'
  | 'SMALLINT'
  | 'INTEGER'
  | 'BIGINT'
  | 'UTINYINT'
  | 'USMALLINT'
  | 'UINTEGER'
  | 'FLOAT'
  | 'DOUBLE'
  | 'DECIMAL'
  | 'DATE'
  | 'TIME'
  | 'TIMESTAMP'
  | 'TIMESTAMP WITH TIME ZONE'
  | 'VARCHAR'
  | 'UUID'
  | 'BLOB';

export type DataType = PrimitiveType | ListType | StructType | MapType;

export interface PrimitiveType {
  readonly kind: 'primitive';
  readonly name: PrimitiveName;
  /** DECIMAL only. */
  readonly precision?: number;
  /** DECIMAL only. */
  readonly scale?: number;
}

export interface ListType {
  readonly kind: 'list';
  readonly elementId: number;
  readonly element: DataType;
}

export interface StructType {
  readonly kind: 'struct';
  readonly fields: readonly Field[];
}

export interface MapType {
  readonly kind: 'map';
  readonly keyId: number;
  readonly key: DataType;
  readonly valueId: number;
  readonly value: DataType;
}

export interface Field {
  readonly id: number;
  readonly name: string;
  readonly type: DataType;
}

export interface Column extends Field {
  /** NOT NULL (columns of the primary key always are). */
  readonly required: boolean;
  /** DEFAULT as SQL text, for rows that are inserted without the column. */
  readonly defaultSql?: string;
}

export interface TableSchema {
  /** Counts up with every change; 0 is the first. */
  readonly schemaId: number;
  readonly columns: readonly Column[];
  /** Ids of the columns of the primary key, in order; empty when there is none. */
  readonly primaryKey: readonly number[];
  /** CHECK constraints as SQL text. */
  readonly checks: readonly string[];
  /** The highest field id ever given out, nested ones included. */
  readonly lastFieldId: number;
}
