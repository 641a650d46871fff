/**
 * A column bound as core code compares it:
 * integers of every width and DECIMAL (unscaled) → bigint; DATE → bigint days; TIME, TIMESTAMP and TIMESTAMPTZ → bigint
 * microseconds (since midnight or 1970); FLOAT and DOUBLE → number (never NaN); VARCHAR and UUID → string (UUID in lower case with hyphens,
 * strings compare by UTF-8 bytes); BOOLEAN → boolean; BLOB → Uint8Array.
 */
export type Bound = bigint | number | string | boolean | Uint8Array;

/** What is known of one column in one file. An absent bound means unknown, never "no rows". */
export interface ColumnStats {
  /** Lower bound: no value is below it (it may be truncated, so lower than the least value). */
  readonly lower?: Bound;
  /** Upper bound: no value is above it (a truncated one is rounded up). */
  readonly upper?: Bound;
  readonly nullCount?: number;
  /** Values including nulls (and, for nested leaves, repeated ones). */
  readonly valueCount?: number;
  readonly nanCount?: number;
  /** Bytes on disk of the column in the file. */
  readonly sizeBytes?: number;
}
