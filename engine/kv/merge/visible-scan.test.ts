import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareKeys } from '../bytes.ts';
import { PUT } from '../entry.ts';
import type { EntryKind } from '../entry.ts';
import { RangeDeleteSet } from './range-delete-set.ts';
import { ArrayCursor } from './test-support/array-cursor.ts';
import type { Write } from './test-support/history.ts';
import { entriesOf, hex, rangeDeletesOf, someHistory, someKey, someTime, viewOf } from './test-support/history.ts';
import { VisibleScan } from './visible-scan.ts';
import type { VisibleScanOptions } from './visible-scan.ts';

function scanned(
  history: readonly Write[],
  options: Omit<VisibleScanOptions, 'cursor' | 'rangeDeletes'>,
): [string, string][] {
  const scan = new VisibleScan({
    cursor: new ArrayCursor(entriesOf(history)),
    rangeDeletes: new RangeDeleteSet(rangeDeletesOf(history)),
    ...options,
  });
  const found: [string, string][] = [];
  while (scan.next()) {
    found.push([
      hex(scan.key.subarray(scan.keyStart, scan.keyEnd)),
      hex(scan.value.subarray(scan.valueStart, scan.valueEnd)),
    ]);
    const write = history[scan.seq - 1];
    expect(write).toMatchObject({ type: 'put', expiresMs: scan.expiresMs });
  }
  expect(scan.next()).toBe(false);
  return found;
}

test('sees what a snapshot sees, within bounds, in both directions', () => {
  const bound = fc.option(someKey, { nil: undefined });
  fc.assert(
    fc.property(someHistory(), fc.nat(60), someTime, bound, bound, (history, snapshotSeq, nowMs, start, end) => {
      const expected = viewOf(history, snapshotSeq, nowMs).filter(([name]) => {
        const key = Buffer.from(name, 'hex');
        return (
          (start === undefined || compareKeys(key, start) >= 0) && (end === undefined || compareKeys(key, end) < 0)
        );
      });
      expect(scanned(history, { snapshotSeq, nowMs, start, end })).toEqual(expected);
      expect(scanned(history, { snapshotSeq, nowMs, start, end, reverse: true })).toEqual(expected.toReversed());
    }),
    { seed: 7, numRuns: 500 },
  );
});

test.each([5, 50, 100])('a key with a hundred versions, of which the snapshot sees %i', (snapshotSeq) => {
  const history: Write[] = Array.from({ length: 100 }, (_, at) => ({
    type: 'put',
    key: Uint8Array.of(at === 2 ? 1 : at === 3 ? 3 : 2),
    value: Uint8Array.of(at),
    expiresMs: 0,
  }));
  const expected = viewOf(history, snapshotSeq, 0);
  expect(expected.map(([key]) => key)).toEqual(['01', '02', '03']);
  expect(scanned(history, { snapshotSeq, nowMs: 0 })).toEqual(expected);
  expect(scanned(history, { snapshotSeq, nowMs: 0, reverse: true })).toEqual(expected.toReversed());
});

test('a range deletion does not cover what its own commit puts', () => {
  const key = Uint8Array.of(5);
  const entry = { key, kind: PUT as EntryKind, expiresMs: 0, value: Uint8Array.of(1) };
  const range = { start: Uint8Array.of(1), end: Uint8Array.of(9), seq: 7 };
  const seen = (seq: number): boolean =>
    new VisibleScan({
      cursor: new ArrayCursor([{ ...entry, seq }]),
      rangeDeletes: new RangeDeleteSet([range]),
      snapshotSeq: 10,
      nowMs: 0,
    }).next();
  expect([6, 7, 8].map(seen)).toEqual([false, true, true]);
});
