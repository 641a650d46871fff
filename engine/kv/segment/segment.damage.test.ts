import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { AlopexError } from '../../errors.ts';
import { MemoryFileSystem } from '../../test-support/memory-file-system.ts';
import type { FoundEntry } from '../entry.ts';
import { hashKey } from '../hash.ts';
import type { KvSegmentState } from '../segment-state.ts';
import { BlockCache } from './block-cache.ts';
import { SegmentReader } from './segment-reader.ts';
import type { SegmentOptions } from './segment-writer.ts';
import { bytesOf, deletion, entryOf, inOrder, noise, put, writeSegment, type Entry } from './test-support/model.ts';

const PATH = '/data/kv/1.seg';
const RANGES = [{ start: bytesOf('\0\0\0\u0001a'), end: bytesOf('\0\0\0\u0001b'), seq: 77 }];

function sampleEntries(count: number): Entry[] {
  return inOrder(
    Array.from({ length: count }, (_, at) => {
      const key = `\0\0\0\u0001key-${String((at * 7919) % count).padStart(6, '0')}`;
      if (at % 11 === 0) return deletion(key, at);
      return put(
        key,
        at,
        at % 3 === 0 ? noise(20 + (at % 50), at) : 'again and again and again',
        at % 7 === 0 ? 1_800_000_000_000 : 0,
      );
    }),
  );
}

async function sample(
  count: number,
  blockBytes: number,
): Promise<{ fileSystem: MemoryFileSystem; state: KvSegmentState; entries: Entry[] }> {
  const fileSystem = new MemoryFileSystem();
  const entries = sampleEntries(count);
  const options: SegmentOptions = { blockBytes, bloomBitsPerKey: 10, compression: 'lz4', restartInterval: 4 };
  return { fileSystem, entries, state: await writeSegment(fileSystem, PATH, entries, options, RANGES) };
}

/** Uses all of the segment, as look-ups, cursors and the check do; throws what they throw, or `WrongData`. */
function readAll(
  fileSystem: MemoryFileSystem,
  state: KvSegmentState,
  entries: readonly Entry[],
  rangeDeletes = RANGES,
): void {
  const reader = SegmentReader.open(fileSystem, PATH, state, new BlockCache(1 << 20));
  const found: FoundEntry = { kind: 0, seq: 0, expiresMs: 0, value: new Uint8Array(0), valueStart: 0, valueEnd: 0 };
  if (JSON.stringify(reader.rangeDeletes) !== JSON.stringify(rangeDeletes)) throw new WrongData('range deletes');
  for (const entry of entries) {
    if (!reader.get(entry.key, hashKey(entry.key), entry.seq, found)) throw new WrongData('not found');
    const { kind, seq, expiresMs } = found;
    const value = found.value.subarray(found.valueStart, found.valueEnd);
    const same = kind === entry.kind && seq === entry.seq && expiresMs === entry.expiresMs;
    if (!same || Buffer.compare(value, entry.value) !== 0) throw new WrongData('another entry');
  }
  const cursor = reader.sequentialCursor();
  let at = 0;
  for (let there = cursor.seekFirst(); there; there = cursor.next(), at++) {
    const entry = entryOf(cursor);
    const wanted = entries[at];
    if (
      wanted === undefined ||
      Buffer.compare(entry.key, wanted.key) !== 0 ||
      Buffer.compare(entry.value, wanted.value) !== 0
    ) {
      throw new WrongData('another entry in the scan');
    }
  }
  if (at !== entries.length) throw new WrongData('entries missing in the scan');
  reader.close();
}

class WrongData extends Error {}

function failureOf(action: () => void): unknown {
  try {
    action();
    return undefined;
  } catch (error) {
    return error;
  }
}

function expectDamage(error: unknown, where: string): void {
  expect(error, where).toBeInstanceOf(AlopexError);
  expect((error as AlopexError).code, where).toBe('XX001');
  expect((error as AlopexError).message, where).toContain(PATH);
}

describe('flipped bits', () => {
  test('each one of a small segment is found when all is read', async () => {
    const { fileSystem, state, entries } = await sample(140, 512);
    expect(() => readAll(fileSystem, state, entries)).not.toThrow();
    expect(state.sizeBytes).toBeGreaterThan(4000);
    for (let offset = 0; offset < state.sizeBytes; offset++) {
      for (let bit = 0; bit < 8; bit++) {
        fileSystem.flip(PATH, offset, bit);
        const error = failureOf(() => readAll(fileSystem, state, entries));
        if (!(error instanceof AlopexError) || error.code !== 'XX001')
          expectDamage(error, `bit ${bit} of byte ${offset}`);
        fileSystem.flip(PATH, offset, bit);
      }
    }
  });

  test('a sample of those of a larger segment is found by the check', async () => {
    const { fileSystem, state, entries } = await sample(3000, 4096);
    expect(state.sizeBytes).toBeGreaterThan(64 * 1024);
    const reader = SegmentReader.open(fileSystem, PATH, state, new BlockCache(1 << 20));
    await reader.verify();
    expect(() => readAll(fileSystem, state, entries)).not.toThrow();
    for (let offset = 0; offset < state.sizeBytes; offset += 499) {
      fileSystem.flip(PATH, offset, offset % 8);
      let error: unknown;
      try {
        await SegmentReader.open(fileSystem, PATH, state, new BlockCache(1 << 20)).verify();
      } catch (thrown) {
        error = thrown;
      }
      expectDamage(error, `byte ${offset}`);
      fileSystem.flip(PATH, offset, offset % 8);
    }
  });
});

test('a file that was cut anywhere, or has grown, is refused when it is opened', async () => {
  const { fileSystem, state, entries } = await sample(60, 512);
  const whole = fileSystem.files.get(PATH) as Uint8Array;
  for (let length = 0; length < whole.length; length++) {
    fileSystem.files.set(PATH, whole.slice(0, length));
    expectDamage(
      failureOf(() => readAll(fileSystem, state, entries)),
      `length ${length}`,
    );
  }
  fileSystem.files.set(PATH, Buffer.concat([whole, Uint8Array.of(0)]));
  expectDamage(
    failureOf(() => readAll(fileSystem, state, entries)),
    'one byte more',
  );
  fileSystem.files.set(PATH, Buffer.concat([whole.subarray(0, 1), whole]));
  expectDamage(
    failureOf(() => readAll(fileSystem, state, entries)),
    'one byte more in front',
  );
  fileSystem.files.delete(PATH);
  expectDamage(
    failureOf(() => readAll(fileSystem, state, entries)),
    'no file',
  );
});

test('a file with another content of the same length is refused', async () => {
  const { fileSystem, state, entries } = await sample(60, 512);
  const others = entries.map((entry, at) => (at === 5 ? { ...entry, seq: entry.seq + 1 } : entry));
  const other = new MemoryFileSystem();
  const options: SegmentOptions = { blockBytes: 512, bloomBitsPerKey: 10, compression: 'lz4', restartInterval: 4 };
  const otherState = await writeSegment(other, PATH, others, options, RANGES);
  expect(otherState.sizeBytes).toBe(state.sizeBytes);
  expectDamage(
    failureOf(() => readAll(other, state, entries)),
    'another file',
  );
  expect(fileSystem.files.get(PATH)).not.toEqual(other.files.get(PATH));
});

test.each([1, 3])('an intact file of another format, %i, is refused as such', async (version) => {
  const { fileSystem, state, entries } = await sample(10, 512);
  const bytes = new Uint8Array(fileSystem.files.get(PATH) as Uint8Array);
  const footer = new DataView(bytes.buffer, bytes.length - 80);
  footer.setUint32(64, version, true);
  expectDamage(
    failureOf(() => readAll(withFile(bytes), state, entries)),
    'checksum not right',
  );
  const footerCrc32 = crc32(bytes.subarray(bytes.length - 80, bytes.length - 12));
  footer.setUint32(68, footerCrc32, true);
  expect(failureOf(() => readAll(withFile(bytes), { ...state, footerCrc32 }, entries))).toMatchObject({
    code: '0A000',
    message: expect.stringContaining(PATH) as string,
  });
});

test('the check compares the file with the manifest', async () => {
  const { fileSystem, state } = await sample(50, 512);
  const lies: Partial<KvSegmentState>[] = [
    { entryCount: 51 },
    { smallest: bytesOf('\0\0\0\u0001') },
    { largest: bytesOf('\0\0\0\u0002') },
    { minSeq: 1 },
    { maxSeq: 78 },
    { rangeDeleteCount: 0 },
  ];
  for (const lie of lies) {
    const reader = SegmentReader.open(fileSystem, PATH, { ...state, ...lie }, new BlockCache(0));
    await expect(reader.verify()).rejects.toMatchObject({ code: 'XX001' });
    reader.close();
  }
});

function withFile(bytes: Uint8Array): MemoryFileSystem {
  const fileSystem = new MemoryFileSystem();
  fileSystem.files.set(PATH, bytes);
  return fileSystem;
}
