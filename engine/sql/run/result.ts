import type { RecordBatch, Schema } from 'apache-arrow';
import type { ScanReport } from '../plan/scan-report.ts';

/** What one statement gave. */
export type StatementResult =
  | {
      readonly kind: 'rows';
      /** First word of the statement. */
      readonly command: string;
      readonly schema: Schema;
      /** To be read once, before the next statement. */
      readonly batches: AsyncIterable<RecordBatch>;
      /** What was read of each table. */
      readonly scans: readonly ScanReport[];
    }
  | {
      readonly kind: 'command';
      readonly command: string;
      /** Rows stored, changed, removed or moved; `undefined` where there is nothing to count. */
      readonly rowCount: number | undefined;
    };
