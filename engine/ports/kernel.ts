import type { RecordBatch, Schema } from 'apache-arrow';

/** Values that parameters may have; see `engine/kernel/parameter.ts` for how each is bound. */
export type Parameter =
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | Uint8Array
  | readonly Parameter[]
  | { readonly [key: string]: Parameter };
export type Parameters = readonly Parameter[] | Readonly<Record<string, Parameter>>;

/** A result in Arrow, batch by batch. */
export interface ArrowStream extends AsyncIterable<RecordBatch> {
  readonly schema: Schema;
}

/** The vectorized executor. One for a database; connections share its tables. */
export interface Kernel {
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
  /** Runs one statement and streams its rows as Arrow. The connection is busy until the stream is read to its end or returned. Each call into native code waits for its turn at the `gate`. */
  stream(sql: string, parameters?: Parameters, gate?: Gate): Promise<ArrowStream>;
  /** Stops the running statement, which then fails with SQLSTATE 57014. */
  interrupt(): void;
  close(): void;
}

export type KernelRow = Readonly<Record<string, null | boolean | number | bigint | string>>;
