/** Randomness, as core code sees it. */
export interface Random {
  /** `length` random bytes. */
  bytes(length: number): Uint8Array;
  /** A version 4 UUID in lower case with hyphens. */
  uuid(): string;
  /** A positive signed 64-bit integer (never 0), as Iceberg wants for snapshot ids. */
  positiveInt64(): bigint;
}
