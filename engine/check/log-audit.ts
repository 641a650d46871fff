import { replayBatch } from '../kv/batch.ts';
import { decodeCommit, type CommitRecord } from '../log/commit-record.ts';
import type { ManifestReading } from './manifest-reading.ts';

/** Numbers of commits, both included. */
export interface CommitRange {
  readonly from: number;
  readonly to: number;
}

/** What the audit says of one commit. */
export interface AuditedCommit {
  /** `undefined` when the payload is no commit. */
  readonly seq: number | undefined;
  readonly problem: string | undefined;
  /** Commits that should have come before this one and are nowhere. */
  readonly missing: CommitRange | undefined;
}

/**
 * Checks commits, in the order of the log, against each other and the manifest. Every commit has a number; it is in the log, or an edit of the manifest carries it, or both log and
 * edit are gone because it is in segments. So a number that neither has, and that is newer than what segments can hold, is a commit that was lost.
 */
export class LogAudit {
  readonly #reading: ManifestReading;
  /** Below the first commit of the log, numbers up to this one may be in segments. */
  readonly #flushedSeq: number;
  #lastSeq: number | undefined;

  /** `flushedSeq`: see {@link flushedSeqOf}. */
  constructor(reading: ManifestReading, flushedSeq: number) {
    this.#reading = reading;
    this.#flushedSeq = flushedSeq;
  }

  add(payload: Uint8Array): AuditedCommit {
    let record: CommitRecord;
    try {
      record = decodeCommit(payload);
    } catch {
      return { seq: undefined, problem: 'a commit makes no sense, though its checksum is right', missing: undefined };
    }
    const { seq } = record;
    const last = this.#lastSeq;
    if (last !== undefined && seq <= last) {
      return { seq, problem: `commit ${seq} comes after commit ${last}`, missing: undefined };
    }
    this.#lastSeq = seq;
    return { seq, problem: this.#unknownNames(record), missing: this.missingBefore(seq, last ?? this.#flushedSeq) };
  }

  /** The commits after `last` and before `seq` that no edit carries. */
  missingBefore(seq: number, last: number): CommitRange | undefined {
    const { snapshotSeq, editSeqs } = this.#reading;
    let from: number | undefined;
    let to = 0;
    for (let number = Math.max(last, snapshotSeq) + 1; number < seq; number++) {
      if (editSeqs.has(number)) continue;
      from ??= number;
      to = number;
    }
    return from === undefined ? undefined : { from, to };
  }

  #unknownNames({ seq, changes, kv }: CommitRecord): string | undefined {
    const { state } = this.#reading;
    for (const { tableId, schemaId } of changes) {
      const table = state.tables.get(tableId);
      if (tableId >= state.nextTableId)
        return `commit ${seq} changes table ${tableId}, which the manifest does not know`;
      const isKnown = table === undefined || table.schemas.some((schema) => schema.schemaId === schemaId);
      if (!isKnown) return `commit ${seq} has schema ${schemaId} of table ${tableId}, which the manifest does not know`;
    }
    const keyspaceId = kv.length === 0 ? 0 : highestKeyspace(kv);
    if (keyspaceId === undefined) return `commit ${seq} has key-value operations that make no sense`;
    if (keyspaceId < state.kv.nextKeyspaceId) return undefined;
    return `commit ${seq} writes to keyspace ${keyspaceId}, which the manifest does not know`;
  }
}

/**
 * Up to which number commits may be missing at the head of the log without being lost. `isCut`: edits of the manifest are lost, and the log may have been trimmed because of them; so only
 * what no such edit can concern counts.
 */
export function flushedSeqOf({ state, damage }: ManifestReading, hasKeyFiles: boolean): number {
  const isCut = damage !== undefined && damage.lostBytes > 0;
  const { seq, kv } = state;
  if (!isCut) return Math.max(seq, kv.flushedSeq);
  return hasKeyFiles || kv.flushedSeq > 0 ? Math.min(seq, kv.flushedSeq) : seq;
}

function highestKeyspace(kv: Uint8Array): number | undefined {
  let highest = 0;
  const note = (key: Uint8Array): void => {
    const id = (((key[0] ?? 0) << 24) | ((key[1] ?? 0) << 16) | ((key[2] ?? 0) << 8) | (key[3] ?? 0)) >>> 0;
    if (key.length < 4) throw new RangeError('a key has no keyspace');
    if (id > highest) highest = id;
  };
  try {
    // The end of a range may be the beginning of the next keyspace.
    replayBatch(kv, { put: note, delete: note, deleteRange: note });
  } catch {
    return undefined;
  }
  return highest;
}
