import type { RecordBatch, Schema } from 'apache-arrow';
import type { PrimitiveType } from '../table/schema.ts';
import type { TypedValue } from './typed-value.ts';

/** Values that parameters may have; see `engine/kernel/parameter.ts` for how each is bound. */
export type Parameter =
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | Uint8Array
  | TypedValue
  | readonly Parameter[]
  | ReadonlyMap<Parameter, Parameter>
  | { readonly [key: string]: Parameter };
export type Parameters = readonly Parameter[] | Readonly<Record<string, Parameter>>;

/** A result in Arrow, batch by batch. */
export interface ArrowStream extends AsyncIterable<RecordBatch> {
  readonly schema: Schema;
}

/** The vectorized executor. One for a database; connections share its tables. */
export interface Kernel {
  /** What settings go back to that are not the kernel's own defaults here, by lower-case name. */
  readonly standardSettings?: ReadonlyMap<string, string>;
  connect(): Promise<KernelConnection>;
  close(): void;
}

/** Bounds how many calls into native code run at a time. */
export interface Gate {
  run<T>(step: () => Promise<T>): Promise<T>;
}

/** One statement at a time. Errors are `AlopexError` with an SQLSTATE. */
export interface KernelConnection {
  /** Runs one statement and drops its rows; returns the number of changed rows where the kernel tells one, else 0. */
  run(sql: string, parameters?: Parameters): Promise<number>;
  /** Runs one statement and returns all rows as plain values: numbers, bigints (64-bit and wider), strings, booleans, null; anything else as text. For small internal results. */
  rows(sql: string, parameters?: Parameters): Promise<KernelRow[]>;
  /**
   * Runs one statement and streams its rows as Arrow. The connection is busy until the stream is read to its end or returned. Each call into native code waits for its turn at the `gate`.
   * A `small` result may be put together in native memory, beyond the memory limit; that takes one call instead of several.
   */
  stream(sql: string, parameters?: Parameters, gate?: Gate, size?: 'small' | 'any'): Promise<ArrowStream>;
  /** Adds rows to a table of the kernel, all or none, and past SQL: a row of some columns takes one or two microseconds, on this thread. Returns the number of rows. */
  append(table: string, types: readonly PrimitiveType[], rows: Iterable<readonly Scalar[]>): Promise<number>;
  /** Stops the running statement, which then fails with SQLSTATE 57014. */
  interrupt(): void;
  close(): void;
}

export type KernelRow = Readonly<Record<string, null | boolean | number | bigint | string>>;

/**
 * A value of a column as columnar formats hold it: integers of up to 32 bits, DATE (days), FLOAT and DOUBLE are numbers; BIGINT, DECIMAL (unscaled), TIME and timestamps (microseconds) bigints; VARCHAR
 * and UUID strings, without NUL characters; BLOB bytes.
 */
export type Scalar = null | boolean | number | bigint | string | Uint8Array;
