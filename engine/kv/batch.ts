import { AlopexError, SqlState } from '../errors.ts';
import { uninitialized } from '../uninitialized.ts';
import { KEYSPACE_BYTES, writeStoredKey } from './stored-key.ts';
import { readVarint, writeVarint } from './varint.ts';

/** Operations of one commit in the order in which they were made, as they travel through the log; see `docs/format/log.md`. */
const OP_DELETE = 0;
const OP_PUT = 1;
const OP_PUT_WITH_EXPIRY = 2;
const OP_DELETE_RANGE = 3;

/** Where the operations of a batch go. Byte strings are views of the batch. */
export interface BatchTarget {
  put(key: Uint8Array, value: Uint8Array, expiresMs: number): void;
  delete(key: Uint8Array): void;
  deleteRange(start: Uint8Array, end: Uint8Array): void;
}

/** Where the operations of a batch go without a view for each byte string: places are in the batch, which `words` shows, too. */
export interface BatchPlaces {
  put(keyStart: number, keyEnd: number, valueStart: number, valueEnd: number, expiresMs: number, words: DataView): void;
  delete(keyStart: number, keyEnd: number): void;
  deleteRange(startStart: number, startEnd: number, endStart: number, endEnd: number): void;
}

/** A growing list of operations. */
export class KvBatch {
  #bytes: Uint8Array;
  #length = 0;
  #count = 0;

  constructor(capacityBytes = 256) {
    this.#bytes = uninitialized(capacityBytes);
  }

  get operationCount(): number {
    return this.#count;
  }

  /** The encoded operations; a view. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** `key` is the user's; `expiresMs` 0 is never. */
  put(keyspaceId: number, key: Uint8Array, value: Uint8Array, expiresMs: number): void {
    this.#begin(expiresMs === 0 ? OP_PUT : OP_PUT_WITH_EXPIRY, keyspaceId, key, value.length + 18);
    this.#sized(value);
    if (expiresMs !== 0) {
      new DataView(this.#bytes.buffer, this.#bytes.byteOffset).setFloat64(this.#length, expiresMs, true);
      this.#length += 8;
    }
  }

  delete(keyspaceId: number, key: Uint8Array): void {
    this.#begin(OP_DELETE, keyspaceId, key, 0);
  }

  /** Both bounds with their keyspace in front. */
  deleteRange(start: Uint8Array, end: Uint8Array): void {
    this.#reserve(11 + start.length + end.length);
    this.#bytes[this.#length++] = OP_DELETE_RANGE;
    this.#sized(start);
    this.#sized(end);
    this.#count++;
  }

  #begin(operation: number, keyspaceId: number, key: Uint8Array, moreBytes: number): void {
    const keyBytes = KEYSPACE_BYTES + key.length;
    this.#reserve(6 + keyBytes + moreBytes);
    this.#bytes[this.#length] = operation;
    const at = writeVarint(this.#bytes, this.#length + 1, keyBytes);
    writeStoredKey(this.#bytes, at, keyspaceId, key);
    this.#length = at + keyBytes;
    this.#count++;
  }

  #sized(part: Uint8Array): void {
    this.#length = writeVarint(this.#bytes, this.#length, part.length);
    this.#bytes.set(part, this.#length);
    this.#length += part.length;
  }

  #reserve(moreBytes: number): void {
    const needed = this.#length + moreBytes;
    if (needed <= this.#bytes.length) return;
    const larger = uninitialized(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.bytes);
    this.#bytes = larger;
  }
}

/** Hands the operations of an encoded batch to `target`, in order. */
export function replayBatch(bytes: Uint8Array, target: BatchTarget): void {
  replayPlaces(bytes, {
    put: (keyStart, keyEnd, valueStart, valueEnd, expiresMs) =>
      target.put(bytes.subarray(keyStart, keyEnd), bytes.subarray(valueStart, valueEnd), expiresMs),
    delete: (keyStart, keyEnd) => target.delete(bytes.subarray(keyStart, keyEnd)),
    deleteRange: (startStart, startEnd, endStart, endEnd) =>
      target.deleteRange(bytes.subarray(startStart, startEnd), bytes.subarray(endStart, endEnd)),
  });
}

/** As {@link replayBatch}. */
export function replayPlaces(bytes: Uint8Array, target: BatchPlaces): void {
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = { offset: 0 };
  /** Passes a byte string, and returns where it begins. */
  const pass = (): number => {
    const length = readVarint(bytes, at);
    const start = at.offset;
    at.offset += length;
    if (at.offset > bytes.length) throw misfit();
    return start;
  };
  while (at.offset < bytes.length) {
    const operation = bytes[at.offset++] as number;
    const keyStart = pass();
    const keyEnd = at.offset;
    switch (operation) {
      case OP_DELETE:
        target.delete(keyStart, keyEnd);
        break;
      case OP_PUT: {
        const valueStart = pass();
        target.put(keyStart, keyEnd, valueStart, at.offset, 0, words);
        break;
      }
      case OP_PUT_WITH_EXPIRY: {
        const valueStart = pass();
        const valueEnd = at.offset;
        if (valueEnd + 8 > bytes.length) throw misfit();
        target.put(keyStart, keyEnd, valueStart, valueEnd, words.getFloat64(valueEnd, true), words);
        at.offset += 8;
        break;
      }
      case OP_DELETE_RANGE: {
        const endStart = pass();
        target.deleteRange(keyStart, keyEnd, endStart, at.offset);
        break;
      }
      default:
        throw misfit();
    }
  }
}

function misfit(): AlopexError {
  return new AlopexError(SqlState.dataCorrupted, 'a commit in the log has key-value operations of an unknown form');
}
