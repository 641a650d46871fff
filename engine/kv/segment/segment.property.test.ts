import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MemoryFileSystem } from '../../test-support/memory-file-system.ts';
import { compareKeys } from '../bytes.ts';
import type { EntryCursor, FoundEntry } from '../entry.ts';
import { hashKey } from '../hash.ts';
import { BlockCache } from './block-cache.ts';
import { SegmentReader } from './segment-reader.ts';
import type { SegmentOptions } from './segment-writer.ts';
import { bytesOf, entryOf, inOrder, noise, writeSegment, type Entry } from './test-support/model.ts';

const PATH = '/data/kv/1.seg';

/** Few letters and few lengths, so that keys share beginnings and come in several versions; one keyspace, now and then another. */
const keys = fc
  .tuple(
    fc.constantFrom(1, 1, 1, 256),
    fc.array(fc.constantFrom(0, 97, 98, 255), { maxLength: 5 }),
    fc.constantFrom(0, 0, 0, 20),
  )
  .map(([keyspace, letters, more]) =>
    Uint8Array.of(0, 0, keyspace >>> 8, keyspace & 255, ...letters, ...Array<number>(more).fill(120)),
  );

const values = fc
  .tuple(fc.constantFrom(0, 1, 20, 47, 48, 200, 1500), fc.nat(255), fc.boolean())
  .map(([length, seed, repeats]) => (repeats ? new Uint8Array(length).fill(seed) : noise(length, seed)));

const entries: fc.Arbitrary<Entry> = fc
  .record({
    key: keys,
    value: values,
    seq: fc.oneof(fc.nat(9), fc.maxSafeNat()),
    expiresMs: fc.constantFrom(0, 0, 0, 1, 1_800_000_000_000),
    isPut: fc.boolean(),
  })
  .map(({ isPut, value, expiresMs, ...rest }) =>
    isPut ? { ...rest, kind: 1, value, expiresMs } : { ...rest, kind: 0, value: new Uint8Array(0), expiresMs: 0 },
  );

const options: fc.Arbitrary<SegmentOptions> = fc.record({
  blockBytes: fc.constantFrom(1, 40, 100, 300, 4096),
  bloomBitsPerKey: fc.constantFrom(0, 3, 10),
  compression: fc.constantFrom('none', 'lz4'),
  restartInterval: fc.constantFrom(1, 2, 3, 16),
});

type Move =
  | { readonly name: 'next' | 'previous' | 'seekFirst' | 'seekLast' }
  | { readonly name: 'seek' | 'seekBefore'; readonly key: Uint8Array };

const moves: fc.Arbitrary<Move> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ name: fc.constantFrom('next' as const, 'previous' as const) }) },
  { weight: 1, arbitrary: fc.record({ name: fc.constantFrom('seekFirst' as const, 'seekLast' as const) }) },
  { weight: 2, arbitrary: fc.record({ name: fc.constantFrom('seek' as const, 'seekBefore' as const), key: keys }) },
);

/** A place in the sorted entries, or −1 for nowhere. */
function moveInModel(model: readonly Entry[], at: number, move: Move): number {
  const inside = (place: number): number => (place >= 0 && place < model.length ? place : -1);
  switch (move.name) {
    case 'next':
      return at === -1 ? -1 : inside(at + 1);
    case 'previous':
      return at === -1 ? -1 : inside(at - 1);
    case 'seekFirst':
      return inside(0);
    case 'seekLast':
      return model.length - 1;
    case 'seek':
      return model.findIndex((entry) => compareKeys(entry.key, move.key) >= 0);
    case 'seekBefore':
      return model.findLastIndex((entry) => compareKeys(entry.key, move.key) < 0);
  }
}

function moveCursor(cursor: EntryCursor, move: Move): boolean {
  return 'key' in move ? cursor[move.name](move.key) : cursor[move.name]();
}

function newFound(): FoundEntry {
  return { kind: 0, seq: -1, expiresMs: -1, value: new Uint8Array(0), valueStart: 0, valueEnd: 0 };
}

test('look-ups and every move agree with a sorted array', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(entries, { minLength: 1, maxLength: 60 }),
      options,
      fc.array(moves, { maxLength: 60 }),
      fc.array(keys, { maxLength: 10 }),
      fc.constantFrom(0, 2000, 100_000),
      async (unsorted, chosen, path, strangers, cacheBytes) => {
        const model = inOrder(unsorted);
        const fileSystem = new MemoryFileSystem();
        const state = await writeSegment(fileSystem, PATH, model, chosen);
        expect(state).toMatchObject({
          sizeBytes: fileSystem.files.get(PATH)?.length,
          entryCount: model.length,
          smallest: model[0]?.key,
          largest: model.at(-1)?.key,
          minSeq: Math.min(...model.map((entry) => entry.seq)),
          maxSeq: Math.max(...model.map((entry) => entry.seq)),
        });
        const reader = SegmentReader.open(fileSystem, PATH, state, new BlockCache(cacheBytes));
        await reader.verify();
        const heldValues: (readonly [Uint8Array, Uint8Array | undefined])[] = [];
        for (const cursor of [reader.cursor(), reader.sequentialCursor()]) {
          const forwards: Entry[] = [];
          const held: Uint8Array[] = [];
          for (let there = cursor.seekFirst(); there; there = cursor.next()) {
            forwards.push(entryOf(cursor));
            held.push(cursor.value.subarray(cursor.valueStart, cursor.valueEnd));
          }
          expect(forwards).toEqual(model);
          heldValues.push(...held.map((value, at) => [value, model[at]?.value] as const));
          const backwards: Entry[] = [];
          for (let there = cursor.seekLast(); there; there = cursor.previous()) backwards.push(entryOf(cursor));
          expect(backwards).toEqual(model.toReversed());
          let at = -1;
          for (const move of path) {
            at = moveInModel(model, at, move);
            expect(moveCursor(cursor, move)).toBe(at !== -1);
            if (at !== -1) expect(entryOf(cursor)).toEqual(model[at]);
          }
        }
        const found = newFound();
        for (const key of [...model.map((entry) => entry.key), ...strangers]) {
          for (const maxSeq of [0, 3, Number.MAX_SAFE_INTEGER, ...model.slice(0, 5).map((entry) => entry.seq)]) {
            const wanted = model.find((entry) => compareKeys(entry.key, key) === 0 && entry.seq <= maxSeq);
            expect(reader.get(key, hashKey(key), maxSeq, found)).toBe(wanted !== undefined);
            if (wanted === undefined) continue;
            const { kind, seq, expiresMs } = found;
            const value = new Uint8Array(found.value.subarray(found.valueStart, found.valueEnd));
            expect({ key, kind, seq, expiresMs, value }).toEqual(wanted);
          }
        }
        // What cursors handed out is still the same after everything else.
        for (const [held, value] of heldValues) expect(Buffer.compare(held, value ?? held)).toBe(0);
        reader.close();
      },
    ),
    { numRuns: 150, seed: 11 },
  );
});

test('versions of one key over many blocks are found, newest not above the limit', async () => {
  const key = bytesOf('\0\0\0\u0001hot');
  const model = inOrder([
    ...Array.from({ length: 300 }, (_, at): Entry => ({
      key,
      kind: 1,
      seq: at * 2,
      expiresMs: 0,
      value: noise(30, at),
    })),
    { key: bytesOf('\0\0\0\u0001hotter'), kind: 1, seq: 1, expiresMs: 0, value: noise(30, 999) },
  ]);
  const fileSystem = new MemoryFileSystem();
  const chosen: SegmentOptions = { blockBytes: 128, bloomBitsPerKey: 10, compression: 'none', restartInterval: 2 };
  const state = await writeSegment(fileSystem, PATH, model, chosen);
  const reader = SegmentReader.open(fileSystem, PATH, state, new BlockCache(1 << 20));
  await reader.verify();
  const found = newFound();
  for (let maxSeq = 0; maxSeq < 600; maxSeq++) {
    expect(reader.get(key, hashKey(key), maxSeq, found)).toBe(true);
    expect(found.seq).toBe(Math.min(maxSeq - (maxSeq % 2), 598));
  }
  const cursor = reader.cursor();
  expect(cursor.seek(key)).toBe(true);
  expect(cursor.seq).toBe(598);
  reader.close();
});
