import { expect, test } from 'vitest';
import { DELETE, PUT } from '../entry.ts';
import type { EntryKind, RangeDelete } from '../entry.ts';
import { ArrayCursor } from '../merge/test-support/array-cursor.ts';
import { DROP, KEEP, KEEP_AS_DELETION, VersionFilter } from './version-filter.ts';
import type { Verdict } from './version-filter.ts';

const NOW_MS = 100;
const key = (byte: number): Uint8Array => Uint8Array.of(byte);

interface Version {
  readonly seq: number;
  readonly kind?: EntryKind;
  readonly expiresMs?: number;
}

/** Verdicts on the versions of key 5, newest first. */
function verdicts(filter: VersionFilter, versions: readonly Version[]): Verdict[] {
  return versions.map(({ seq, kind = PUT, expiresMs = 0 }, at) => {
    const cursor = new ArrayCursor([{ key: key(5), seq, kind, expiresMs, value: key(1) }]);
    cursor.seekFirst();
    return filter.verdict(cursor, at > 0);
  });
}

const covering = (seq: number): RangeDelete => ({ start: key(5), end: key(6), seq });
const beside = [
  { smallest: key(1), largest: key(4) },
  { smallest: key(6), largest: key(9) },
];
const below = [
  { smallest: key(1), largest: key(2) },
  { smallest: key(5), largest: key(5) },
];

test('the newest version that each snapshot and the latest reader sees is kept', () => {
  const versions = [{ seq: 9 }, { seq: 8 }, { seq: 7 }, { seq: 6 }, { seq: 5 }, { seq: 4 }];
  expect(verdicts(new VersionFilter([], NOW_MS, [], []), versions)).toEqual([KEEP, DROP, DROP, DROP, DROP, DROP]);
  expect(verdicts(new VersionFilter([5, 7], NOW_MS, [], []), versions)).toEqual([KEEP, DROP, KEEP, DROP, KEEP, DROP]);
  expect(verdicts(new VersionFilter([1, 2, 9, 20], NOW_MS, [], []), versions)).toEqual([
    KEEP,
    ...versions.slice(1).map(() => DROP),
  ]);
});

test('of two versions with one seq the first counts', () => {
  expect(verdicts(new VersionFilter([4], NOW_MS, [], []), [{ seq: 4 }, { seq: 4 }])).toEqual([KEEP, DROP]);
});

test('a range deletion covers what is older, for those who see it', () => {
  const versions = [{ seq: 9 }, { seq: 7 }, { seq: 5 }];
  expect(verdicts(new VersionFilter([], NOW_MS, [covering(9)], []), versions)).toEqual([KEEP, DROP, DROP]);
  expect(verdicts(new VersionFilter([], NOW_MS, [covering(10)], []), versions)).toEqual([DROP, DROP, DROP]);
  expect(verdicts(new VersionFilter([5, 7, 9], NOW_MS, [covering(8)], []), versions)).toEqual([KEEP, KEEP, KEEP]);
  expect(verdicts(new VersionFilter([6, 8], NOW_MS, [covering(8)], []), versions)).toEqual([KEEP, DROP, KEEP]);
});

test.each([
  ['nothing is older', [], DROP, DROP],
  ['older entries are beside it', beside, DROP, DROP],
  ['older entries may be below it', below, KEEP, KEEP_AS_DELETION],
  ['nothing is known', 'everything', KEEP, KEEP_AS_DELETION],
] as const)('deletions and what has expired, when %s', (_, older, deletion, expired) => {
  const one = (snapshots: number[], version: Version): Verdict | undefined =>
    verdicts(new VersionFilter(snapshots, NOW_MS, [], older), [version])[0];
  expect(one([], { seq: 5, kind: DELETE })).toBe(deletion);
  expect(one([], { seq: 5, expiresMs: NOW_MS })).toBe(expired);
  expect(one([], { seq: 5, expiresMs: NOW_MS + 1 })).toBe(KEEP);
  expect(one([5], { seq: 5, kind: DELETE })).toBe(deletion);
  // A snapshot from before it may see an older version.
  expect(one([4], { seq: 5, kind: DELETE })).toBe(KEEP);
  expect(one([4], { seq: 5, expiresMs: 1 })).toBe(KEEP_AS_DELETION);
});

test('a range deletion is kept while it hides something from somebody', () => {
  const keeps = (snapshots: number[], older: typeof below | 'everything'): boolean =>
    new VersionFilter(snapshots, NOW_MS, [], older).keepsRangeDelete({ start: key(3), end: key(6), seq: 5 });
  expect(keeps([], [])).toBe(false);
  expect(keeps([5, 9], [])).toBe(false);
  expect(keeps([4, 9], [])).toBe(true);
  expect(keeps([], below)).toBe(true);
  expect(keeps([], 'everything')).toBe(true);
  expect(keeps([], [{ smallest: key(6), largest: key(9) }])).toBe(false);
  expect(keeps([], [{ smallest: key(1), largest: key(3) }])).toBe(true);
  expect(keeps([], [{ smallest: key(1), largest: key(2) }])).toBe(false);
});
