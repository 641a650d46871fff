import { AlopexError, SqlState } from '../errors.ts';
import { uninitialized } from '../uninitialized.ts';

/** What one commit did to one table. */
export interface TableChange {
  readonly tableId: number;
  /** Schema in which `rows` were written. */
  readonly schemaId: number;
  /** Arrow IPC stream: `__seq`, `__rid` and the table's columns. Empty when no row was added. */
  readonly rows: Uint8Array;
  readonly rowCount: number;
  /** Arrow IPC stream: `__seq`, `file` (name of a data file, empty for the memtable), `pos`. Empty when no row was deleted. */
  readonly deletes: Uint8Array;
  readonly deleteCount: number;
}

export interface CommitRecord {
  /** The commit sequence number (invariant 1). */
  readonly seq: number;
  /** Operations on keys, as `engine/kv/batch.ts` encodes them; empty when there are none. */
  readonly kv: Uint8Array;
  readonly changes: readonly TableChange[];
  /** When it was made, in milliseconds since 1970; absent where no table that it changes keeps its history. */
  readonly timeMs?: number;
}

const HEADER_BYTES = 16;
const CHANGE_BYTES = 24;
const TWO_32 = 2 ** 32;
const EMPTY = new Uint8Array(0);

/** No table has this number: what it changes is the time. */
const TIME_TABLE_ID = 0;

/** Parts of a frame; see `docs/format/log.md`. */
export function encodeCommit(record: CommitRecord): Uint8Array[] {
  const { seq, kv, timeMs } = record;
  const changes = timeMs === undefined ? record.changes : [...record.changes, timeChange(timeMs)];
  const header = uninitialized(HEADER_BYTES + changes.length * CHANGE_BYTES);
  const view = new DataView(header.buffer, header.byteOffset);
  view.setUint32(0, seq % TWO_32, true);
  view.setUint32(4, Math.floor(seq / TWO_32), true);
  view.setUint32(8, kv.length, true);
  view.setUint32(12, changes.length, true);
  let at = HEADER_BYTES;
  for (const change of changes) {
    const { tableId, schemaId, rowCount, rows, deleteCount, deletes } = change;
    for (const figure of [tableId, schemaId, rowCount, rows.length, deleteCount, deletes.length]) {
      view.setUint32(at, figure, true);
      at += 4;
    }
  }
  if (changes.length === 0) return [header, kv];
  return [header, kv, ...changes.flatMap((change) => [change.rows, change.deletes])].filter((part) => part.length > 0);
}

/** The frame's checksum has been verified, so a payload that does not parse was written by another version. Sections are views of `payload`. */
export function decodeCommit(payload: Uint8Array): CommitRecord {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  if (payload.length < HEADER_BYTES) throw misfit(0);
  const seq = view.getUint32(0, true) + view.getUint32(4, true) * TWO_32;
  const changeCount = view.getUint32(12, true);
  let at = HEADER_BYTES + changeCount * CHANGE_BYTES;
  if (at > payload.length) throw misfit(seq);
  const take = (length: number): Uint8Array => payload.subarray(at, (at += length));
  const kv = take(view.getUint32(8, true));
  const changes = Array.from({ length: changeCount }, (_, index) => {
    const figure = (number: number): number => view.getUint32(HEADER_BYTES + index * CHANGE_BYTES + number * 4, true);
    return {
      tableId: figure(0),
      schemaId: figure(1),
      rowCount: figure(2),
      rows: take(figure(3)),
      deleteCount: figure(4),
      deletes: take(figure(5)),
    };
  });
  if (at !== payload.length) throw misfit(seq);
  const time = changes.find(({ tableId }) => tableId === TIME_TABLE_ID);
  if (time === undefined) return { seq, kv, changes };
  const timeMs = time.rowCount + time.deleteCount * TWO_32;
  return { seq, kv, changes: changes.filter((change) => change !== time), timeMs };
}

/** The time, where a change of a table would be: its row counts are the two halves of it. */
function timeChange(timeMs: number): TableChange {
  const [rowCount, deleteCount] = [timeMs % TWO_32, Math.floor(timeMs / TWO_32)];
  return { tableId: TIME_TABLE_ID, schemaId: 0, rowCount, rows: EMPTY, deleteCount, deletes: EMPTY };
}

function misfit(seq: number): AlopexError {
  return new AlopexError(SqlState.dataCorrupted, `commit ${seq} in the log has a wrong length`);
}
