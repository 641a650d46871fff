import { compareKeys } from '../../bytes.ts';
import { DELETE, PUT, type EntryCursor, type EntryKind, type RangeDelete } from '../../entry.ts';
import type { KvSegmentState } from '../../segment-state.ts';
import type { FileSystem } from '../../../ports/file-system.ts';
import { SegmentWriter, type SegmentOptions } from '../segment-writer.ts';

/** An entry by itself. */
export interface Entry {
  readonly key: Uint8Array;
  readonly kind: EntryKind;
  readonly seq: number;
  readonly expiresMs: number;
  readonly value: Uint8Array;
}

export function put(key: Uint8Array | string, seq: number, value: Uint8Array | string = '', expiresMs = 0): Entry {
  return { key: bytesOf(key), kind: PUT, seq, expiresMs, value: bytesOf(value) };
}

export function deletion(key: Uint8Array | string, seq: number): Entry {
  return { key: bytesOf(key), kind: DELETE, seq, expiresMs: 0, value: new Uint8Array(0) };
}

export function bytesOf(text: Uint8Array | string): Uint8Array {
  return typeof text === 'string' ? new TextEncoder().encode(text) : text;
}

/** Internal order, one entry for each key and number. */
export function inOrder(entries: readonly Entry[]): Entry[] {
  const sorted = entries.toSorted((a, b) => compareKeys(a.key, b.key) || b.seq - a.seq);
  return sorted.filter((entry, at) => {
    const before = sorted[at - 1];
    return before === undefined || before.seq !== entry.seq || compareKeys(before.key, entry.key) !== 0;
  });
}

/** The fields of a cursor that is at an entry, padded so that offsets matter. */
export function fieldsOf(entry: Entry): Parameters<SegmentWriter['add']>[0] {
  const key = Uint8Array.of(7, ...entry.key, 7);
  const value = new Uint8Array(entry.value.length + 2).fill(7);
  value.set(entry.value, 1);
  return {
    key,
    keyStart: 1,
    keyEnd: key.length - 1,
    kind: entry.kind,
    seq: entry.seq,
    expiresMs: entry.expiresMs,
    value,
    valueStart: 1,
    valueEnd: value.length - 1,
  };
}

export function entryOf(cursor: EntryCursor): Entry {
  return {
    key: new Uint8Array(cursor.key.subarray(cursor.keyStart, cursor.keyEnd)),
    kind: cursor.kind,
    seq: cursor.seq,
    expiresMs: cursor.expiresMs,
    value: new Uint8Array(cursor.value.subarray(cursor.valueStart, cursor.valueEnd)),
  };
}

export async function writeSegment(
  fileSystem: FileSystem,
  path: string,
  entries: readonly Entry[],
  options?: SegmentOptions,
  rangeDeletes: readonly RangeDelete[] = [],
): Promise<KvSegmentState> {
  const writer = await SegmentWriter.create(fileSystem, path, options);
  for (const entry of entries) {
    writer.add(fieldsOf(entry));
    await writer.drain();
  }
  for (const range of rangeDeletes) writer.addRangeDelete(range);
  return { fileId: 1, level: 0, ...(await writer.finish()) };
}

/** Bytes that do not repeat, the same ones for the same seed. */
export function noise(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}
