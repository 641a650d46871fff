import { crc32 } from 'node:zlib';
import { SystemClock } from '../../connectors/node/system-clock.ts';
import { compareBytes } from '../../engine/kv/bytes.ts';
import { hashKey } from '../../engine/kv/hash.ts';
import { PUT, type FoundEntry } from '../../engine/kv/entry.ts';
import { BlockCache } from '../../engine/kv/segment/block-cache.ts';
import { SegmentReader } from '../../engine/kv/segment/segment-reader.ts';
import { inOrder, put, writeSegment, type Entry } from '../../engine/kv/segment/test-support/model.ts';
import { encodeCommit } from '../../engine/log/commit-record.ts';
import { FileLog } from '../../engine/log/log.ts';
import { Manifest } from '../../engine/lsm/manifest.ts';
import { editToJson, snapshotEdit, type ManifestState } from '../../engine/lsm/state.ts';
import { SeededRandom } from '../../engine/sim/random.ts';
import { FileGate } from '../../engine/table/file-gate.ts';
import { MemoryFileSystem } from '../../engine/test-support/memory-file-system.ts';
import type { FlipSubject } from './flip-subject.ts';

/** A file of at least so many bytes, made by what makes such files in a database. */
export type SubjectFactory = (sizeBytes: number) => Promise<FlipSubject>;

const random = new SeededRandom(7);

function noise(sizeBytes: number): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, () => random.below(256));
}

/** Commits of all sizes, some with sectors of zeros: those look like what a power cut leaves of an unfinished write. */
const log: SubjectFactory = async (sizeBytes) => {
  const files = new MemoryFileSystem();
  const payloads: string[] = [];
  const open = (commits: string[]): Promise<FileLog> =>
    FileLog.open(
      { fileSystem: files, clock: new SystemClock() },
      '/log',
      { durability: 'full', syncIntervalMs: 1 },
      (payload) => commits.push(Buffer.from(payload).toString('base64')),
    );
  const written = await open([]);
  const path = '/log/0000000001.log';
  for (let seq = 1; written.sizeBytes < sizeBytes; seq++) {
    const kv = noise(random.between(1, 3000));
    if (seq % 3 === 0) kv.fill(0, 20, kv.length - 3);
    const parts = encodeCommit({ seq, kv, changes: [] });
    payloads.push(Buffer.concat(parts).toString('base64'));
    await written.append(seq, parts);
  }
  await written.close();
  const bytes = await files.readFile(path);
  return {
    name: 'log',
    fileName: path,
    bytes,
    read: async () => {
      files.files.clear();
      files.files.set(path, bytes);
      const commits: string[] = [];
      await (await open(commits)).close();
      return commits.join() === payloads.join();
    },
  };
};

async function manifestFiles(sizeBytes: number): Promise<{ files: MemoryFileSystem; state: string }> {
  const files = new MemoryFileSystem();
  const manifest = await Manifest.open(files, '/manifest');
  for (let fileId = 1; (await files.readFile('/manifest/MANIFEST-000001')).length < sizeBytes; fileId++) {
    const segment = {
      fileId,
      level: 0,
      sizeBytes: 1000 + fileId,
      entryCount: fileId,
      smallest: noise(random.between(1, 200)),
      largest: noise(random.between(1, 200)),
      minSeq: fileId,
      maxSeq: fileId,
      rangeDeleteCount: 0,
      footerCrc32: crc32(String(fileId)),
    };
    await manifest.commit({ kind: 'change-kv-segments', flushedSeq: fileId, add: [segment], remove: [] });
  }
  await manifest.close();
  return { files, state: stateText(manifest.state) };
}

function stateText(state: ManifestState): string {
  return editToJson(snapshotEdit(state));
}

function manifestFile(name: string): SubjectFactory {
  return async (sizeBytes) => {
    const { files, state } = await manifestFiles(sizeBytes);
    const path = `/manifest/${name}`;
    const bytes = await files.readFile(path);
    const original = new Map(files.files);
    return {
      name,
      fileName: path,
      bytes,
      read: async () => {
        files.files.clear();
        for (const [each, content] of original) files.files.set(each, content);
        const manifest = await Manifest.open(files, '/manifest');
        await manifest.close();
        return stateText(manifest.state) === state;
      },
    };
  };
}

const keySegment: SubjectFactory = async (sizeBytes) => {
  const path = '/kv/00000001.seg';
  const files = new MemoryFileSystem();
  const entries: Entry[] = [];
  for (let size = 0; size < sizeBytes;) {
    const value = random.chance(0.85) ? noise(random.between(0, 200)) : new Uint8Array(300).fill(entries.length);
    entries.push(put(`\0\0\0\u0001key-${random.below(1 << 30)}`, entries.length, value));
    size += value.every((byte) => byte === value[0]) ? 30 : value.length + 20;
  }
  const sorted = inOrder(entries);
  const state = await writeSegment(files, path, sorted);
  const bytes = await files.readFile(path);
  // One of each few: a look-up opens the block that a scan does, and the filter besides.
  const probes = sorted.filter((_, index) => index % 97 === 0);
  return {
    name: 'key-value segment',
    fileName: path,
    bytes,
    read: () => Promise.resolve(hasEntries(SegmentReader.open(files, path, state, new BlockCache(0)), sorted, probes)),
  };
};

function hasEntries(reader: SegmentReader, entries: readonly Entry[], probes: readonly Entry[]): boolean {
  try {
    const found: FoundEntry = { kind: 0, seq: 0, expiresMs: 0, value: new Uint8Array(0), valueStart: 0, valueEnd: 0 };
    for (const { key, seq, value } of probes) {
      if (!reader.get(key, hashKey(key), seq, found)) return false;
      if (Buffer.compare(value, found.value.subarray(found.valueStart, found.valueEnd)) !== 0) return false;
    }
    const cursor = reader.sequentialCursor();
    let at = 0;
    for (let there = cursor.seekFirst(); there; there = cursor.next(), at++) {
      const wanted = entries[at];
      if (wanted === undefined || cursor.kind !== PUT || cursor.seq !== wanted.seq) return false;
      const { key, keyStart, keyEnd, value, valueStart, valueEnd } = cursor;
      if (compareBytes(key, keyStart, keyEnd, wanted.key, 0, wanted.key.length) !== 0) return false;
      if (compareBytes(value, valueStart, valueEnd, wanted.value, 0, wanted.value.length) !== 0) return false;
    }
    return at === entries.length;
  } finally {
    reader.close();
  }
}

/** What the kernel reads by itself passes the gate first, which takes any bytes with the right checksum. */
const dataFile: SubjectFactory = (sizeBytes) => {
  const path = '/segments/1/00000001.parquet';
  const bytes = noise(sizeBytes);
  const files = new MemoryFileSystem();
  files.files.set(path, bytes);
  const file = {
    fileId: 1,
    tier: 'hot',
    name: path.slice(1),
    path,
    schemaId: 0,
    rowCount: 1,
    sizeBytes,
    crc32: crc32(bytes),
    stats: new Map(),
  } as const;
  return Promise.resolve({
    name: 'hot segment',
    fileName: path,
    bytes,
    read: async () => {
      await new FileGate(files).admit([file]);
      return true;
    },
  });
};

export const FLIP_SUBJECTS: Readonly<Record<string, SubjectFactory>> = {
  log,
  manifest: manifestFile('MANIFEST-000001'),
  current: manifestFile('CURRENT'),
  'key-segment': keySegment,
  'hot-segment': dataFile,
};
