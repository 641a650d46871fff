import { AlopexError, SqlState } from '../errors.ts';

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
  readonly changes: readonly TableChange[];
}

interface Header {
  readonly seq: number;
  readonly changes: readonly (Omit<TableChange, 'rows' | 'deletes'> & { rowsBytes: number; deletesBytes: number })[];
}

/** Parts of a frame: length of a JSON header, the header, then the sections it names, in order. */
export function encodeCommit(record: CommitRecord): Uint8Array[] {
  const header: Header = {
    seq: record.seq,
    changes: record.changes.map(({ rows, deletes, ...change }) => ({
      ...change,
      rowsBytes: rows.length,
      deletesBytes: deletes.length,
    })),
  };
  const headerBytes = new TextEncoder().encode(JSON.stringify(header));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, headerBytes.length, true);
  return [length, headerBytes, ...record.changes.flatMap((change) => [change.rows, change.deletes])];
}

/** The frame's checksum has been verified, so a payload that does not parse was written by another version. */
export function decodeCommit(payload: Uint8Array): CommitRecord {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const headerEnd = 4 + view.getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(payload.subarray(4, headerEnd))) as Header;
  let at = headerEnd;
  const take = (length: number): Uint8Array => payload.subarray(at, (at += length));
  const changes = header.changes.map(({ rowsBytes, deletesBytes, ...change }) => ({
    ...change,
    rows: take(rowsBytes),
    deletes: take(deletesBytes),
  }));
  if (at !== payload.length) {
    throw new AlopexError(SqlState.dataCorrupted, `commit ${header.seq} in the log has a wrong length`);
  }
  return { seq: header.seq, changes };
}
