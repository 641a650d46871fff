import { writeSync } from 'node:fs';
import type { Work } from './key-operation.ts';
import type { Kind } from './workload.ts';

/** What the worker is told before it opens the database. */
export interface WorkOrder {
  readonly folder: string;
  readonly seed: number;
  readonly nextId: number;
  /** The kind of statement that is to come often. */
  readonly focus: Kind | undefined;
}

/** A line that the worker writes. An intent comes before its statement starts, an acknowledgement after it has returned. */
export type JournalEntry =
  | { readonly entry: 'opening' }
  | { readonly entry: 'opened' }
  | { readonly entry: 'intent'; readonly number: number; readonly operation: Work }
  | { readonly entry: 'acknowledged'; readonly number: number }
  | { readonly entry: 'failed'; readonly message: string };

/** The journal is standard output, a pipe to the parent: written at once, it outlives the process and no fsync of the database makes it durable by accident. */
export function writeEntry(entry: JournalEntry): void {
  writeSync(1, `${JSON.stringify(entry)}\n`);
}

export function readEntry(line: string): JournalEntry {
  return JSON.parse(line) as JournalEntry;
}
