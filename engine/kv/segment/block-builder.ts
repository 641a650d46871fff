import { crc32 } from 'node:zlib';
import type { EntryCursor } from '../entry.ts';
import { writeVarint } from '../varint.ts';
import { COMPRESSION_LZ4, COMPRESSION_NONE } from './stored-block.ts';
import { lz4Bound, lz4Compress } from './lz4.ts';

export type EntryFields = Pick<
  EntryCursor,
  'key' | 'keyStart' | 'keyEnd' | 'kind' | 'seq' | 'expiresMs' | 'value' | 'valueStart' | 'valueEnd'
>;

/** Five varints at most: two lengths of up to 29 bits, the value's, and two of 53 bits. */
export const MAX_ENTRY_HEADER_BYTES = 32;

const INITIAL_BYTES = 8192;

/** One block at a time, in memory that is used again. */
export class BlockBuilder {
  readonly #restartInterval: number;
  #keys = new Uint8Array(INITIAL_BYTES);
  #keysEnd = 0;
  #values = new Uint8Array(INITIAL_BYTES);
  #valuesEnd = 0;
  #content = new Uint8Array(INITIAL_BYTES);
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
    return lz4Bound(this.sizeBytes) + 5;
  }

  /** Writes the block as it is stored to `target` from `start`, empties the builder, and returns the end and the checksum. */
  store(target: Uint8Array, start: number, compress: boolean): { readonly end: number; readonly checksum: number } {
    const length = this.sizeBytes;
    const content = this.#assemble(length);
    let end = 0;
    if (compress) {
      const at = writeUint32(target, start, length);
      end = lz4Compress(content, length, target, at);
      if (end - start > length - (length >>> 3)) end = 0;
      else target[end++] = COMPRESSION_LZ4;
    }
    if (end === 0) {
      target.set(content.subarray(0, length), start);
      end = start + length;
      target[end++] = COMPRESSION_NONE;
    }
    this.#keysEnd = 0;
    this.#valuesEnd = 0;
    this.#restarts.length = 0;
    this.#sinceRestart = 0;
    if (content.length > 1 << 20) {
      this.#content = new Uint8Array(INITIAL_BYTES);
      this.#values = new Uint8Array(INITIAL_BYTES);
    }
    return { end, checksum: crc32(target.subarray(start, end)) };
  }

  /** Restart points, keys and values, one behind the other. */
  #assemble(length: number): Uint8Array {
    const restarts = this.#restarts;
    this.#content = withRoom(this.#content, 0, length);
    const content = this.#content;
    const keysStart = 8 + 4 * restarts.length;
    const valuesStart = keysStart + this.#keysEnd;
    writeUint32(content, 0, restarts.length / 2);
    writeUint32(content, 4, valuesStart);
    for (let at = 0; at < restarts.length; at += 2) {
      writeUint32(content, 8 + 4 * at, keysStart + (restarts[at] as number));
      writeUint32(content, 12 + 4 * at, valuesStart + (restarts[at + 1] as number));
    }
    content.set(this.#keys.subarray(0, this.#keysEnd), keysStart);
    content.set(this.#values.subarray(0, this.#valuesEnd), valuesStart);
    return content;
  }
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
