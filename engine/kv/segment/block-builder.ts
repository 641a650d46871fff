import { crc32 } from 'node:zlib';
import type { EntryCursor } from '../entry.ts';
import { writeVarint } from '../varint.ts';
import { lz4Bound, lz4Compress } from './lz4.ts';
import { TABLE_LENGTH_BYTES } from './stored-groups.ts';

export type EntryFields = Pick<
  EntryCursor,
  'key' | 'keyStart' | 'keyEnd' | 'kind' | 'seq' | 'expiresMs' | 'value' | 'valueStart' | 'valueEnd'
>;

/** Five varints at most: two lengths of up to 29 bits, the value's, and two of 53 bits. */
export const MAX_ENTRY_HEADER_BYTES = 32;

const INITIAL_BYTES = 8192;
/** Values that are compressed together: with more they get smaller, and a look-up decompresses half of it. */
const GROUP_BYTES = 2048;
/** Compression that saves less than this part costs more than it gives. */
const WORTHWHILE_PART = 8;
/** Two varints of up to 32 bits. */
const MAX_TABLE_ENTRY_BYTES = 10;

/** One block at a time, in memory that is used again. */
export class BlockBuilder {
  readonly #restartInterval: number;
  #keys = new Uint8Array(INITIAL_BYTES);
  #keysEnd = 0;
  #values = new Uint8Array(INITIAL_BYTES);
  #valuesEnd = 0;
  /** Where groups of values end, but for the last. */
  readonly #groupEnds: number[] = [];
  /** Restart points and keys, one behind the other. */
  #head = new Uint8Array(INITIAL_BYTES);
  /** For each restart point its place among the keys and among the values. */
  readonly #restarts: number[] = [];
  #sinceRestart = 0;

  constructor(restartInterval: number) {
    this.#restartInterval = restartInterval;
  }

  /** Bytes of the content with its restart points; 0 when there are no entries. */
  get sizeBytes(): number {
    return this.#keysEnd === 0 ? 0 : this.#keysEnd + this.#valuesEnd + 4 * this.#restarts.length + 8;
  }

  /** `shared` is how many bytes the key has in common with the one before, if there is one in the block. */
  add(entry: EntryFields, shared: number): void {
    const { key, keyEnd, value, valueStart, valueEnd, expiresMs } = entry;
    const valueBytes = valueEnd - valueStart;
    const restart = this.#keysEnd === 0 || this.#sinceRestart === this.#restartInterval;
    if (restart) {
      this.#restarts.push(this.#keysEnd, this.#valuesEnd);
      this.#sinceRestart = 0;
    }
    this.#sinceRestart++;
    const sharedBytes = restart ? 0 : shared;
    const keyStart = entry.keyStart + sharedBytes;
    this.#keys = withRoom(this.#keys, this.#keysEnd, MAX_ENTRY_HEADER_BYTES + keyEnd - keyStart);
    const keys = this.#keys;
    let at = writeVarint(keys, this.#keysEnd, sharedBytes);
    at = writeVarint(keys, at, keyEnd - keyStart);
    at = writeVarint(keys, at, valueBytes * 4 + (expiresMs > 0 ? 2 : 0) + entry.kind);
    at = writeVarint(keys, at, entry.seq);
    if (expiresMs > 0) at = writeVarint(keys, at, expiresMs);
    for (let from = keyStart; from < keyEnd; from++) keys[at++] = key[from] as number;
    this.#keysEnd = at;
    const groupBytes = this.#valuesEnd - (this.#groupEnds.at(-1) ?? 0);
    if (groupBytes > 0 && valueBytes > 0 && groupBytes + valueBytes > GROUP_BYTES)
      this.#groupEnds.push(this.#valuesEnd);
    this.#values = withRoom(this.#values, this.#valuesEnd, valueBytes);
    const values = this.#values;
    let to = this.#valuesEnd;
    if (valueBytes < 48) for (let from = valueStart; from < valueEnd; from++) values[to++] = value[from] as number;
    else {
      values.set(value.subarray(valueStart, valueEnd), to);
      to += valueBytes;
    }
    this.#valuesEnd = to;
  }

  /** Bytes that {@link store} may need. */
  get storedBound(): number {
    return lz4Bound(this.sizeBytes) + (this.#groupEnds.length + 2) * (MAX_TABLE_ENTRY_BYTES + 16) + TABLE_LENGTH_BYTES;
  }

  /** Writes the block as it is stored to `target` from `start`, empties the builder, and returns the end and the checksum. */
  store(target: Uint8Array, start: number, compress: boolean): { readonly end: number; readonly checksum: number } {
    const head = this.#assembleHead();
    if (this.#valuesEnd > 0) this.#groupEnds.push(this.#valuesEnd);
    const lengths: number[] = [];
    let end = start;
    const storeGroup = (group: Uint8Array, bytesToSave: number): void => {
      const groupStart = end;
      end = storeBytes(group, target, groupStart, compress ? group.length - bytesToSave : 0);
      lengths.push(group.length, end - groupStart);
    };
    // Every look-up reads the keys: they are compressed when that makes the block, and not only them, smaller.
    storeGroup(head, (head.length + this.#valuesEnd) / WORTHWHILE_PART);
    let valuesStart = 0;
    for (const valuesEnd of this.#groupEnds) {
      const group = this.#values.subarray(valuesStart, valuesEnd);
      storeGroup(group, group.length / WORTHWHILE_PART);
      valuesStart = valuesEnd;
    }
    const tableStart = end;
    for (const length of lengths) end = writeVarint(target, end, length);
    end = writeUint32(target, end, end - tableStart);
    this.#clear();
    return { end, checksum: crc32(target.subarray(start, end)) };
  }

  #assembleHead(): Uint8Array {
    const restarts = this.#restarts;
    const keysStart = 8 + 4 * restarts.length;
    const length = keysStart + this.#keysEnd;
    this.#head = withRoom(this.#head, 0, length);
    const head = this.#head;
    writeUint32(head, 0, restarts.length / 2);
    writeUint32(head, 4, length);
    for (let at = 0; at < restarts.length; at += 2) {
      writeUint32(head, 8 + 4 * at, keysStart + (restarts[at] as number));
      writeUint32(head, 12 + 4 * at, length + (restarts[at + 1] as number));
    }
    head.set(this.#keys.subarray(0, this.#keysEnd), keysStart);
    return head.subarray(0, length);
  }

  #clear(): void {
    this.#keysEnd = 0;
    this.#valuesEnd = 0;
    this.#restarts.length = 0;
    this.#groupEnds.length = 0;
    this.#sinceRestart = 0;
    if (this.#values.length > 1 << 20) this.#values = new Uint8Array(INITIAL_BYTES);
  }
}

/** Compressed, when that takes at most `limit` bytes; returns the end. */
function storeBytes(bytes: Uint8Array, target: Uint8Array, start: number, limit: number): number {
  if (limit > 0) {
    const end = lz4Compress(bytes, bytes.length, target, start);
    if (end - start <= limit) return end;
  }
  target.set(bytes, start);
  return start + bytes.length;
}

/** `bytes`, or a larger copy, so that `more` fit behind the first `length`. */
function withRoom(bytes: Uint8Array<ArrayBuffer>, length: number, more: number): Uint8Array<ArrayBuffer> {
  if (length + more <= bytes.length) return bytes;
  const larger = new Uint8Array(Math.max(length + more, bytes.length * 2));
  larger.set(bytes.subarray(0, length));
  return larger;
}

function writeUint32(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
  return at + 4;
}
