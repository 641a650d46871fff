import { expect, test } from 'vitest';
import { encodeCommit } from '../log/commit-record.ts';
import { EMPTY_STATE, type ManifestState } from '../lsm/state.ts';
import { KvBatch } from '../kv/batch.ts';
import { flushedSeqOf, LogAudit } from './log-audit.ts';
import type { ManifestReading } from './manifest-reading.ts';

function readingOf(given: Partial<ManifestReading>, state: Partial<ManifestState> = {}): ManifestReading {
  return {
    name: 'MANIFEST-000001',
    currentProblem: undefined,
    state: { ...EMPTY_STATE, ...state },
    editCount: 1,
    snapshotSeq: 0,
    editSeqs: new Set(),
    damage: undefined,
    tornBytes: 0,
    otherNames: [],
    ...given,
  };
}

const commit = (seq: number, kv: Uint8Array = new Uint8Array(0), tableId?: number): Uint8Array => {
  const empty = new Uint8Array(0);
  const change = { schemaId: 0, rows: empty, rowCount: 0, deletes: empty, deleteCount: 0 };
  const changes = tableId === undefined ? [] : [{ tableId, ...change }];
  return new Uint8Array(Buffer.concat(encodeCommit({ seq, kv, changes })));
};

/** What the audit says of commits, by number. */
function auditAll(reading: ManifestReading, seqs: readonly number[]): (string | undefined)[] {
  const audit = new LogAudit(reading, flushedSeqOf(reading, false));
  return seqs.map((seq) => {
    const { missing, problem } = audit.add(commit(seq));
    return missing === undefined ? problem : `${missing.from}-${missing.to}`;
  });
}

test('numbers that edits carry are not missing, others are', () => {
  const reading = readingOf({ editSeqs: new Set([3, 5]) }, { seq: 5 });
  expect(auditAll(reading, [1, 2, 4, 6])).toEqual([undefined, undefined, undefined, undefined]);
  expect(auditAll(reading, [1, 4, 9])).toEqual([undefined, '2-2', '6-8']);
});

test('at the head of the log, what segments may hold is not missing', () => {
  expect(auditAll(readingOf({}, { seq: 5 }), [6, 7])).toEqual([undefined, undefined]);
  expect(auditAll(readingOf({}, { seq: 5 }), [7])).toEqual(['6-6']);
  const kv = { ...EMPTY_STATE.kv, flushedSeq: 20 };
  expect(auditAll(readingOf({}, { seq: 5, kv }), [21])).toEqual([undefined]);
  // Which edits are behind the snapshot of a manifest is not known.
  expect(auditAll(readingOf({ snapshotSeq: 9 }, { seq: 9 }), [2, 7, 10])).toEqual([undefined, undefined, undefined]);
});

test('when edits are lost, the log may have been trimmed for them', () => {
  const damage = { offset: 0, problem: '', lostBytes: 10, laterEdits: 0 };
  const kv = { ...EMPTY_STATE.kv, flushedSeq: 20 };
  expect(auditAll(readingOf({ damage }, { seq: 30, kv }), [31])).toEqual(['21-30']);
  expect(auditAll(readingOf({ damage }, { seq: 30, kv: EMPTY_STATE.kv }), [31])).toEqual([undefined]);
});

test('commits come in order', () => {
  expect(auditAll(readingOf({}), [1, 2, 2])).toEqual([undefined, undefined, 'commit 2 comes after commit 2']);
});

test('tables and keyspaces must be known', () => {
  const reading = readingOf({}, { nextTableId: 4 });
  const audit = new LogAudit(reading, 0);
  // Table 3 was dropped.
  expect(audit.add(commit(1, undefined, 3)).problem).toBeUndefined();
  expect(audit.add(commit(2, undefined, 4)).problem).toContain('table 4, which the manifest does not know');
  const batch = new KvBatch();
  batch.put(0, new Uint8Array([65]), new Uint8Array(1), 0);
  expect(audit.add(commit(3, batch.bytes)).problem).toBeUndefined();
  batch.put(1, new Uint8Array([65]), new Uint8Array(1), 0);
  expect(audit.add(commit(4, batch.bytes)).problem).toContain('keyspace 1, which the manifest does not know');
  expect(audit.add(commit(5, new Uint8Array([9, 9, 9]))).problem).toContain('make no sense');
  expect(audit.add(new Uint8Array(3))).toMatchObject({ seq: undefined });
});
