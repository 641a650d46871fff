import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MergeCursor, mergedCursor } from './merge-cursor.ts';
import { allEntries, ArrayCursor } from './test-support/array-cursor.ts';
import { expectSameWalk, someMoves } from './test-support/cursor-walk.ts';
import { entriesOf, someHistory } from './test-support/history.ts';

test('walks like one cursor over all entries, in both directions', () => {
  fc.assert(
    fc.property(
      someHistory(40),
      fc.array(fc.nat(5), { minLength: 40, maxLength: 40 }),
      someMoves,
      (history, deal, moves) => {
        const entries = entriesOf(history);
        const sources = Array.from({ length: 6 }, (_, source) =>
          entries.filter((entry) => deal[entry.seq - 1] === source),
        );
        expectSameWalk(new MergeCursor(sources.map((source) => new ArrayCursor(source))), entries, moves);
      },
    ),
    { seed: 3, numRuns: 400 },
  );
});

test('no sources, and empty ones', () => {
  for (const cursor of [
    new MergeCursor([]),
    mergedCursor([]),
    new MergeCursor([new ArrayCursor([]), new ArrayCursor([])]),
  ]) {
    expect(cursor.seekFirst()).toBe(false);
    expect(cursor.seekLast()).toBe(false);
    expect(cursor.seek(Uint8Array.of(1))).toBe(false);
    expect(cursor.seekBefore(Uint8Array.of(1))).toBe(false);
    expect(cursor.next()).toBe(false);
    expect(cursor.previous()).toBe(false);
  }
});

test('of equal entries the one from the earlier source comes first', () => {
  const entry = (value: number) => ({
    key: Uint8Array.of(1),
    seq: 1,
    kind: 1 as const,
    expiresMs: 0,
    value: Uint8Array.of(value),
  });
  const cursor = new MergeCursor([new ArrayCursor([entry(1)]), new ArrayCursor([entry(2)])]);
  expect(allEntries(cursor).map((found) => found.value[0])).toEqual([1, 2]);
});

test('one source is not wrapped', () => {
  const only = new ArrayCursor([]);
  expect(mergedCursor([only])).toBe(only);
});
