/**
 * What transactions did, as lists: each adds numbers, all different, to the ends of lists at keys, and reads whole lists. So a list that was read tells which transactions came before, in which
 * order.
 */
export type Operation =
  | { readonly kind: 'append'; readonly key: string; readonly value: number }
  /** The list as the transaction saw it at that point, with what it had added itself. */
  | { readonly kind: 'read'; readonly key: string; readonly list: readonly number[] };

/** One attempt of one transaction. */
export interface TransactionRecord {
  readonly id: number;
  readonly operations: readonly Operation[];
  readonly outcome: 'committed' | 'aborted';
  /** Counted, not timed: what ended before another began has the smaller number. */
  readonly began: number;
  readonly ended: number;
}

export type AnomalyKind =
  /** A cycle of writes alone: the orders of two keys contradict each other. */
  | 'G0'
  /** A read of what was never committed. */
  | 'G1a aborted read'
  /** A read of what its writer overwrote before it committed. */
  | 'G1b intermediate read'
  /** A cycle of writes and reads of them. */
  | 'G1c'
  /** A cycle with one read of what another overwrote: read skew. */
  | 'G-single'
  /** A cycle in which such reads do not follow each other, as in a long fork. Snapshot isolation has none. */
  | 'G-nonadjacent'
  /** A cycle in which they do: write skew. Snapshot isolation has these. */
  | 'G2'
  /** Two reads of one key that cannot be of the same order of writes, or a write that is nowhere. */
  | 'lost update'
  /** A transaction does not see what it did, or sees a key change under it. */
  | 'internal'
  /** A transaction does not see what was acknowledged before it began. */
  | 'stale read';

export interface Anomaly {
  readonly kind: AnomalyKind;
  readonly transactions: readonly number[];
  readonly explanation: string;
}
