import type { KernelConnection } from '../ports/kernel.ts';
import { dropKernelTable } from '../table/kernel-tables.ts';
import type { ObjectName } from '../table/object-name.ts';
import { Writer } from '../writer.ts';
import { stageOverlay } from './stage-overlay.ts';

/** Writes a draft: what defines something runs with it as it does with the write lock. A table that is flushed takes the transaction's changes of its rows along. */
export class DraftWriter extends Writer {
  override get isInTransaction(): boolean {
    return true;
  }

  override async flush(connection: KernelConnection, name: ObjectName): Promise<void> {
    const { overlay, ...table } = this.table(name);
    if (overlay === undefined) return super.flush(connection, name);
    const staged: string[] = [];
    try {
      const request = await stageOverlay(connection, { ...table, overlay }, overlay.base, staged);
      await this.commitToSegments(connection, request);
    } finally {
      for (const relation of staged) await dropKernelTable(connection, relation);
    }
  }
}
