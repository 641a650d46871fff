/**
 * Columns and their types, each with a field id that never changes and is never reused: files are read by id, so that
 * renaming, adding and dropping columns needs no rewriting in either tier. Ids are Iceberg field ids.
 */

/** Types that files have: those of Iceberg. */
export type StoredName =
  | 'BOOLEAN'
  | 'INTEGER'
  | 'BIGINT'
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

/** Types of columns. Those that files do not have are stored as others: see `storage-type.ts`. */
export type PrimitiveName =
  | StoredName
  | 'TINYINT'
  | 'SMALLINT'
  | 'UTINYINT'
  | 'USMALLINT'
  | 'UINTEGER'
  | 'UBIGINT'
  | 'HUGEINT'
  | 'UHUGEINT'
  | 'BIGNUM'
  | 'TIMESTAMP_S'
  | 'TIMESTAMP_MS'
  | 'TIMESTAMP_NS'
  | 'TIME WITH TIME ZONE'
  | 'TIME_NS'
  | 'BIT'
  | 'JSON'
  | 'ENUM'
  | 'GEOMETRY';

/** Whole numbers of up to 64 bits. */
export const INTEGER_NAMES: ReadonlySet<PrimitiveName> = new Set([
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'BIGINT',
  'UTINYINT',
  'USMALLINT',
  'UINTEGER',
  'UBIGINT',
]);

export type DataType = PrimitiveType | ListType | StructType | MapType | UnionType | IntervalType;

export interface PrimitiveType {
  readonly kind: 'primitive';
  readonly name: PrimitiveName;
  /** DECIMAL only. */
  readonly precision?: number;
  /** DECIMAL only. */
  readonly scale?: number;
  /** ENUM only: its values in their order. A table keeps them, so that it does not depend on a named type. */
  readonly values?: readonly string[];
  /** GEOMETRY only: the coordinate reference system, where it has one. */
  readonly crs?: string;
}

export interface ListType {
  readonly kind: 'list';
  readonly elementId: number;
  readonly element: DataType;
  /** Of an ARRAY: the number of elements that every value has. */
  readonly length?: number;
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

/** One of several types, and which. */
export interface UnionType {
  readonly kind: 'union';
  /** Of the member's name, which is stored beside the members. */
  readonly tagId: number;
  readonly members: readonly Field[];
}

/** Months, days and microseconds, each a number of its own. */
export interface IntervalType {
  readonly kind: 'interval';
  readonly monthsId: number;
  readonly daysId: number;
  readonly microsId: number;
}

export interface Field {
  readonly id: number;
  readonly name: string;
  readonly type: DataType;
  /** What rows have in it that were written before it was added, as text of the storage type; NULL when absent. It never changes. */
  readonly initial?: string;
}

export interface Column extends Field {
  /** NOT NULL (columns of the primary key always are). */
  readonly required: boolean;
  /** DEFAULT as SQL text, for rows that are inserted without the column. */
  readonly defaultSql?: string;
  /** GENERATED ALWAYS AS: an expression over other columns. It is worked out when a row is written, and stored. */
  readonly generatedSql?: string;
  /** GENERATED … AS IDENTITY: its default counts by a sequence that belongs to it. */
  readonly identity?: Identity;
}

export interface Identity {
  /** ALWAYS: values are given to it only by who says so. Otherwise BY DEFAULT. */
  readonly always: boolean;
  /** The definition of its sequence. */
  readonly sequenceId: number;
}

/** A UNIQUE constraint, or a unique index, which is the same under a name of its own. NULLs are distinct. */
export interface UniqueKey {
  readonly name: string;
  readonly columns: readonly number[];
  readonly isIndex?: boolean;
}

/** An index that is not unique. It changes nothing: files are found by their bounds. It is kept for those who ask what they have created. */
export interface PlainIndex {
  readonly name: string;
  readonly columns: readonly number[];
}

export interface TableSchema {
  /** Counts up with every change; 0 is the first. */
  readonly schemaId: number;
  readonly columns: readonly Column[];
  /** Ids of the columns of the primary key, in order; empty when there is none. */
  readonly primaryKey: readonly number[];
  /** Absent when there are none. */
  readonly unique?: readonly UniqueKey[];
  /** Absent when there are none. */
  readonly indexes?: readonly PlainIndex[];
  /** CHECK constraints as SQL text, mostly with their names: `CONSTRAINT "name" CHECK(…)`. */
  readonly checks: readonly string[];
  /** The highest field id ever given out, nested ones included. */
  readonly lastFieldId: number;
}
