import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keySegmentProblem } from '../check/key-segments.ts';
import { PUT, type EntryCursor } from '../kv/entry.ts';
import { BlockCache } from '../kv/segment/block-cache.ts';
import { SegmentReader } from '../kv/segment/segment-reader.ts';
import { SegmentWriter, DEFAULT_SEGMENT_OPTIONS } from '../kv/segment/segment-writer.ts';
import { kvSegmentName, type KvSegmentState } from '../kv/segment-state.ts';
import { MemoryFileSystem } from '../test-support/memory-file-system.ts';
import { readParts } from './key-segment-parts.ts';
import { writeSalvaged } from './key-segment-salvage.ts';

interface Entry {
  readonly key: string;
  readonly seq: number;
}

/** Entries in internal order: of few keys many versions, so that a key goes on over several blocks. */
const segments = fc.uniqueArray(
  fc.record({
    key: fc.string({ minLength: 1, maxLength: 3, unit: fc.constantFrom('a', 'b', 'c') }),
    seq: fc.integer({ min: 1, max: 300 }),
  }),
  { minLength: 1, maxLength: 80, selector: ({ key, seq }) => `${key}/${seq}` },
);

const inOrder = (entries: readonly Entry[]): Entry[] =>
  entries.toSorted((a, b) => (a.key === b.key ? b.seq - a.seq : a.key < b.key ? -1 : 1));

async function write(files: MemoryFileSystem, entries: readonly Entry[]): Promise<KvSegmentState> {
  const options = { ...DEFAULT_SEGMENT_OPTIONS, blockBytes: 40, compression: 'none' as const, restartInterval: 2 };
  const writer = await SegmentWriter.create(files, `/${kvSegmentName(1)}`, options);
  for (const { key, seq } of entries) {
    const bytes = Buffer.from(`\0\0\0\0${key}`);
    const value = Buffer.from(`${key}${seq}`);
    const place = { keyStart: 0, keyEnd: bytes.length, valueStart: 0, valueEnd: value.length };
    writer.add({ key: bytes, value, seq, kind: PUT, expiresMs: 0, ...place });
  }
  return { fileId: 1, level: 2, ...(await writer.finish()) };
}

function read(files: MemoryFileSystem, state: KvSegmentState): Entry[] {
  const reader = SegmentReader.open(files, `/${kvSegmentName(state.fileId)}`, state, new BlockCache(0));
  const cursor = reader.cursor();
  const found: Entry[] = [];
  for (let live = cursor.seekFirst(); live; live = cursor.next()) found.push(entryOf(cursor));
  reader.close();
  return found;
}

function entryOf({ key, keyStart, keyEnd, seq }: EntryCursor): Entry {
  return { key: Buffer.from(key.subarray(keyStart + 4, keyEnd)).toString(), seq };
}

test('entries of intact blocks survive; a key whose newest entries may be lost does not come back older', async () => {
  await fc.assert(
    fc.asyncProperty(segments, fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), async (given, places) => {
      const entries = inOrder(given);
      const files = new MemoryFileSystem();
      const state = await write(files, entries);
      const path = `/${kvSegmentName(1)}`;
      const sound = readParts(files.openRead(path), path, state);
      const blocks = sound?.index.blockCount ?? 0;
      const damaged = new Set(places.map((place) => place % blocks));
      for (const block of damaged) files.flip(path, sound?.index.start(block) ?? 0, 3);
      const parts = readParts(files.openRead(path), path, state);
      if (parts === undefined) throw new Error('footer and index are intact');
      expect(new Set(parts.damagedBlocks)).toEqual(damaged);
      const salvaged = await writeSalvaged(files, '', state, parts, 2);
      const kept = salvaged === undefined ? [] : read(files, salvaged);
      if (salvaged !== undefined) expect(await keySegmentProblem(files, '', salvaged)).toBeUndefined();
      // The model: newest entries of each key up to the first that is lost.
      const keptNames = new Set(kept.map(({ key, seq }) => `${key}/${seq}`));
      expect(entries.filter(({ key, seq }) => keptNames.has(`${key}/${seq}`))).toEqual(kept);
      for (const [at, { key, seq }] of entries.entries()) {
        const newer = entries[at - 1];
        const isLost = newer?.key === key && !keptNames.has(`${key}/${newer.seq}`);
        if (isLost) expect(keptNames.has(`${key}/${seq}`)).toBe(false);
      }
      // At most the damaged blocks, and what goes on behind them, is lost: their separators bound it.
      const lost = entries.filter(({ key, seq }) => !keptNames.has(`${key}/${seq}`));
      const bounds = [...damaged].map((block) => {
        const from = block === 0 ? parts.index.firstKey : parts.index.separator(block - 1);
        return [
          Buffer.from(from).toString().slice(4),
          Buffer.from(parts.index.separator(block)).toString().slice(4),
        ] as const;
      });
      for (const { key } of lost) expect(bounds.some(([from, to]) => from <= key && key <= to)).toBe(true);
    }),
    { seed: 11, numRuns: 150 },
  );
});
