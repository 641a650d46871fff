import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareKeys } from '../bytes.ts';
import { DELETE } from '../entry.ts';
import type { FoundEntry } from '../entry.ts';
import { hashKey } from '../hash.ts';
import { allEntries } from '../merge/test-support/array-cursor.ts';
import { expectSameWalk, someMoves } from '../merge/test-support/cursor-walk.ts';
import type { Write } from '../merge/test-support/history.ts';
import { entriesOf, rangeDeletesOf, someHistory, someKey } from '../merge/test-support/history.ts';
import { KvMemtable } from './kv-memtable.ts';

function apply(memtable: KvMemtable, write: Write, seq: number): void {
  if (write.type === 'put') memtable.put(seq, write.key, hashKey(write.key), write.value, write.expiresMs);
  else if (write.type === 'delete') memtable.delete(seq, write.key, hashKey(write.key));
  else memtable.deleteRange(seq, write.start, write.end);
}

function filled(history: readonly Write[], chunkBytes = 64): KvMemtable {
  const memtable = new KvMemtable({ chunkBytes });
  history.forEach((write, at) => apply(memtable, write, at + 1));
  return memtable;
}

const nothing = (): FoundEntry => ({
  kind: DELETE,
  seq: 0,
  expiresMs: 0,
  value: new Uint8Array(0),
  valueStart: 0,
  valueEnd: 0,
});

test('finds the newest version up to a seq', () => {
  fc.assert(
    fc.property(someHistory(), someKey, fc.nat(60), (history, key, maxSeq) => {
      const memtable = filled(history);
      const versions = entriesOf(history).filter((entry) => compareKeys(entry.key, key) === 0);
      const expected = versions.find((entry) => entry.seq <= maxSeq);
      const into = nothing();
      expect(memtable.get(key, hashKey(key), maxSeq, into)).toBe(expected !== undefined);
      if (expected !== undefined) {
        const { kind, seq, expiresMs } = into;
        const value = into.value.slice(into.valueStart, into.valueEnd);
        expect({ key, kind, seq, expiresMs, value }).toEqual(expected);
      }
      expect(memtable.lastSeq(key, hashKey(key))).toBe(versions[0]?.seq ?? 0);
      expect(memtable.entryCount).toBe(entriesOf(history).length);
      expect(memtable.rangeDeletes).toEqual(rangeDeletesOf(history));
      expect([memtable.minSeq, memtable.maxSeq]).toEqual(history.length === 0 ? [0, 0] : [1, history.length]);
    }),
    { seed: 11, numRuns: 400 },
  );
});

test('cursors walk the entries of their time, whatever is put and however often others are opened meanwhile', () => {
  fc.assert(
    fc.property(someHistory(), fc.array(fc.nat(60), { maxLength: 6 }), someMoves, (history, opened, moves) => {
      const memtable = new KvMemtable({ chunkBytes: 64 });
      const cursors = history.map((write, at) => {
        apply(memtable, write, at + 1);
        return opened.includes(at) ? memtable.cursor() : undefined;
      });
      cursors.forEach((cursor, at) => {
        if (cursor !== undefined) expectSameWalk(cursor, entriesOf(history, 0, at + 1), moves);
      });
      expectSameWalk(memtable.cursor(), entriesOf(history), moves);
    }),
    { seed: 13, numRuns: 400 },
  );
});

test('another thread can walk what was shared, sorted before or not', () => {
  fc.assert(
    fc.property(someHistory(), fc.nat(60), (history, opened) => {
      const memtable = new KvMemtable({ chunkBytes: 128 });
      history.forEach((write, at) => {
        apply(memtable, write, at + 1);
        if (at === opened) memtable.cursor();
      });
      // A structured clone is what posting to a worker does.
      const shared = structuredClone(memtable.share());
      expect(allEntries(KvMemtable.cursorOf(shared))).toEqual(entriesOf(history));
      expect(shared.rangeDeletes).toEqual(rangeDeletesOf(history));
    }),
    { seed: 17, numRuns: 200 },
  );
});

test('sorts many keys: shared beginnings, zeros at their ends, lengths from none to long', () => {
  const bytes = fc.uint8Array({ maxLength: 9 });
  const ending = fc
    .tuple(fc.constantFrom(0, 0, 1, 40), fc.constantFrom(0, 0, 7))
    .map(([length, byte]) => new Uint8Array(length).fill(byte));
  const key = fc
    .tuple(fc.constantFrom('', 'a', 'user:0000', 'user:0000-much-longer-than-that'), bytes, ending)
    .map(([start, middle, end]) => Uint8Array.from([...Buffer.from(start), ...middle, ...end]));
  fc.assert(
    fc.property(fc.array(key, { minLength: 300, maxLength: 900 }), (keys) => {
      const memtable = new KvMemtable({ chunkBytes: 4096 });
      for (const one of keys) memtable.delete(1, one, hashKey(one));
      const walked = allEntries(memtable.cursor()).map((entry) => entry.key);
      expect(walked).toEqual(keys.toSorted(compareKeys));
    }),
    { seed: 19, numRuns: 30 },
  );
});

test('runs of zeros after one common key', () => {
  const memtable = new KvMemtable();
  const keys = Array.from({ length: 200 }, (_, length) => Uint8Array.of(97, ...new Uint8Array(length)));
  for (const key of keys.toReversed()) memtable.put(1, key, hashKey(key), key, 0);
  expect(allEntries(memtable.cursor()).map((entry) => entry.key)).toEqual(keys);
});

test.each([0, 1, 40, 1000, 1016, 1024, 5000, 100_000])('a value of %i bytes among small ones', (length) => {
  const memtable = new KvMemtable({ chunkBytes: 1024 });
  const value = Uint8Array.from({ length }, (_, at) => at % 251);
  const keys = [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)];
  keys.forEach((key, at) => memtable.put(at + 1, key, hashKey(key), value, at));
  memtable.put(4, keys[0] as Uint8Array, hashKey(keys[0] as Uint8Array), value, 0);
  const found = allEntries(memtable.cursor());
  expect(found.map((entry) => [entry.key[0], entry.seq, entry.expiresMs])).toEqual([
    [1, 4, 0],
    [1, 1, 0],
    [2, 2, 1],
    [3, 3, 2],
  ]);
  for (const entry of found) expect(Buffer.compare(entry.value, value)).toBe(0);
  expect(memtable.sizeBytes).toBeGreaterThanOrEqual(4 * length);
});

test('bytes are copied', () => {
  const memtable = new KvMemtable();
  const key = Uint8Array.of(1, 2);
  const value = Uint8Array.of(3);
  const end = Uint8Array.of(9);
  memtable.put(1, key, hashKey(key), value, 0);
  memtable.deleteRange(2, key, end);
  key[0] = 200;
  value[0] = 200;
  end[0] = 200;
  expect(allEntries(memtable.cursor())[0]).toMatchObject({ key: Uint8Array.of(1, 2), value: Uint8Array.of(3) });
  expect(memtable.rangeDeletes[0]).toEqual({ start: Uint8Array.of(1, 2), end: Uint8Array.of(9), seq: 2 });
});

test('of two writes with one seq the later counts', () => {
  const memtable = new KvMemtable();
  const key = Uint8Array.of(1);
  memtable.put(5, key, hashKey(key), Uint8Array.of(1), 0);
  memtable.put(5, key, hashKey(key), Uint8Array.of(2), 0);
  expect(allEntries(memtable.cursor()).map((entry) => entry.value[0])).toEqual([2, 1]);
});

test('a write that is late or has too long a key is refused', () => {
  const memtable = new KvMemtable({ chunkBytes: 1024 });
  const key = Uint8Array.of(1);
  memtable.put(2, key, hashKey(key), key, 0);
  expect(() => memtable.put(1, key, hashKey(key), key, 0)).toThrow('write 1 came to the memtable after write 2');
  const long = new Uint8Array(1024);
  expect(() => memtable.put(3, long, hashKey(long), key, 0)).toThrow('too long');
});
