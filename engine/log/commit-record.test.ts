import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeCommit, encodeCommit } from './commit-record.ts';

test('a commit survives its encoding', () => {
  const change = fc.record({
    tableId: fc.nat(),
    schemaId: fc.nat(),
    rows: fc.uint8Array(),
    rowCount: fc.nat(),
    deletes: fc.uint8Array(),
    deleteCount: fc.nat(),
  });
  fc.assert(
    fc.property(fc.record({ seq: fc.nat(), changes: fc.array(change, { maxLength: 4 }) }), (record) => {
      const decoded = decodeCommit(Buffer.concat(encodeCommit(record)));
      expect({ ...decoded, changes: decoded.changes.map(plain) }).toEqual({
        ...record,
        changes: record.changes.map(plain),
      });
    }),
    { seed: 7 },
  );
});

function plain(change: { rows: Uint8Array; deletes: Uint8Array }): object {
  return { ...change, rows: [...change.rows], deletes: [...change.deletes] };
}

test('a section of the wrong length is damage', () => {
  const parts = encodeCommit({ seq: 1, changes: [] });
  expect(() => decodeCommit(Buffer.concat([...parts, new Uint8Array(1)]))).toThrow('commit 1');
});
