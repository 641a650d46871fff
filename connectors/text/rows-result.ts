import type { RecordBatch, Schema } from 'apache-arrow';

/** The rows of one statement, as a printer needs them. */
export interface RowsResult {
  readonly kind: 'rows';
  readonly command: string;
  readonly schema: Schema;
  /** To be read to its end, or returned, before the next statement. */
  readonly batches: AsyncIterable<RecordBatch>;
}
