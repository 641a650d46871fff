import fc from 'fast-check';
import { compareKeys } from '../../bytes.ts';
import { DELETE, PUT } from '../../entry.ts';
import type { RangeDelete } from '../../entry.ts';
import { compareEntries } from './array-cursor.ts';
import type { Entry } from './array-cursor.ts';

/** One write. Its place in the history, from 1 on, is its seq. */
export type Write =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array; readonly expiresMs: number }
  | { readonly type: 'delete'; readonly key: Uint8Array }
  | { readonly type: 'deleteRange'; readonly start: Uint8Array; readonly end: Uint8Array };

/** Few keys, many of them prefixes of others, so that versions, neighbours and bounds meet. */
export const someKey: fc.Arbitrary<Uint8Array> = fc
  .array(fc.constantFrom(0, 1, 97, 255), { maxLength: 3 })
  .map((bytes) => Uint8Array.from(bytes));

/** Times are small numbers. */
export const someTime: fc.Arbitrary<number> = fc.integer({ min: 1, max: 20 });

export const someWrite: fc.Arbitrary<Write> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('put' as const),
      key: someKey,
      value: fc.uint8Array({ maxLength: 12 }).map((bytes) => Uint8Array.from(bytes)),
      expiresMs: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: someTime }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('delete' as const), key: someKey }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(someKey, someKey)
      .map((bounds) => bounds.sort(compareKeys))
      .map(([start, end]) => ({ type: 'deleteRange' as const, start, end })),
  },
);

export const someHistory = (maxLength = 60): fc.Arbitrary<Write[]> => fc.array(someWrite, { maxLength, size: 'max' });

/** The entries of a history's writes `[from, to)`, in internal order. */
export function entriesOf(history: readonly Write[], from = 0, to = history.length): Entry[] {
  const entries: Entry[] = [];
  for (let at = from; at < to; at++) {
    const write = history[at] as Write;
    const seq = at + 1;
    if (write.type === 'put') {
      entries.push({ key: write.key, seq, kind: PUT, expiresMs: write.expiresMs, value: write.value });
    } else if (write.type === 'delete') {
      entries.push({ key: write.key, seq, kind: DELETE, expiresMs: 0, value: new Uint8Array(0) });
    }
  }
  return entries.sort(compareEntries);
}

export function rangeDeletesOf(history: readonly Write[], from = 0, to = history.length): RangeDelete[] {
  const ranges: RangeDelete[] = [];
  for (let at = from; at < to; at++) {
    const write = history[at] as Write;
    if (write.type === 'deleteRange') ranges.push({ start: write.start, end: write.end, seq: at + 1 });
  }
  return ranges;
}

/** What a snapshot sees, by doing the writes one after the other. Key and value as hexadecimal text, in key order. */
export function viewOf(history: readonly Write[], snapshotSeq: number, nowMs: number): [string, string][] {
  const live = new Map<string, Extract<Write, { type: 'put' }>>();
  for (const write of history.slice(0, snapshotSeq)) {
    if (write.type === 'put') live.set(hex(write.key), write);
    else if (write.type === 'delete') live.delete(hex(write.key));
    else {
      for (const [name, { key }] of live) {
        if (compareKeys(write.start, key) <= 0 && compareKeys(key, write.end) < 0) live.delete(name);
      }
    }
  }
  return [...live.values()]
    .filter((write) => write.expiresMs === 0 || write.expiresMs > nowMs)
    .sort((left, right) => compareKeys(left.key, right.key))
    .map((write) => [hex(write.key), hex(write.value)]);
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
