import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AlopexError } from '../errors.ts';
import { decodeCommit, encodeCommit, type CommitRecord } from './commit-record.ts';

const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const bytes = fc.uint8Array({ maxLength: 20 });
const known = {
  seq: fc.maxSafeNat(),
  kv: bytes,
  changes: fc.array(
    fc.record({
      tableId: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
      schemaId: uint32,
      rows: bytes,
      rowCount: uint32,
      deletes: bytes,
      deleteCount: uint32,
    }),
    { maxLength: 4 },
  ),
};
const commit: fc.Arbitrary<CommitRecord> = fc.oneof(fc.record(known), fc.record({ ...known, timeMs: fc.maxSafeNat() }));

const payloadOf = (record: CommitRecord): Uint8Array => new Uint8Array(Buffer.concat(encodeCommit(record)));

test('a commit comes back as it was', () => {
  fc.assert(
    fc.property(commit, (record) => {
      expect(decodeCommit(payloadOf(record))).toEqual(record);
    }),
    { seed: 1, numRuns: 300 },
  );
});

test('a payload that is cut or longer is refused', () => {
  fc.assert(
    fc.property(commit, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (record, part) => {
      const payload = payloadOf(record);
      expect(() => decodeCommit(payload.subarray(0, Math.floor(payload.length * part)))).toThrow(AlopexError);
      expect(() => decodeCommit(new Uint8Array([...payload, 0]))).toThrow(AlopexError);
    }),
    { seed: 2, numRuns: 100 },
  );
});
