import { AlopexError, SqlState } from '../../errors.ts';

/** Places in an arena are counted in units of 8 bytes, so that 31 bits reach 16 GiB and numbers of 8 bytes are aligned. */
const UNIT_BITS = 3;
/** A place must stay a small positive integer. */
const PLACE_BITS = 31;

/** One piece of an arena, seen as bytes, as 32-bit words and as doubles. */
export class ArenaChunk {
  readonly buffer: SharedArrayBuffer;
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  /** For words at any place. */
  readonly view: DataView;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.doubles = new Float64Array(buffer);
    this.view = new DataView(buffer);
  }
}

/** What a thread needs to read an arena. Chunks are added, never changed or taken away. */
export interface ArenaView {
  readonly chunks: readonly ArenaChunk[];
  /** A place is `chunk << placeBits | offset / 8`. */
  readonly placeBits: number;
}

/** Plain data that can be posted to a worker, which then reads the same memory. */
export interface SharedArena {
  readonly buffers: readonly SharedArrayBuffer[];
  readonly placeBits: number;
}

/** Memory that is handed out piece by piece and given back only as a whole. */
export class Arena implements ArenaView {
  readonly chunks: ArenaChunk[] = [];
  readonly placeBits: number;
  readonly #chunkBytes: number;
  /** The chunk that small pieces come from. */
  #current = 0;
  #used: number;
  #sizeBytes = 0;

  /** `chunkBytes` is rounded up to a power of two. */
  constructor(chunkBytes: number) {
    const bits = Math.max(UNIT_BITS + 1, Math.ceil(Math.log2(chunkBytes)));
    this.#chunkBytes = 2 ** bits;
    this.#used = this.#chunkBytes;
    this.placeBits = bits - UNIT_BITS;
  }

  /** Bytes handed out. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Place of `length` zeroed bytes (a multiple of 8) in one chunk; never 0, which stands for "none". */
  allocate(length: number): number {
    this.#sizeBytes += length;
    let offset = this.#used;
    if (offset + length > this.#chunkBytes) {
      // Place 0 must stay unused, so the first chunk is never one of a large piece.
      if (length > this.#chunkBytes / 4 && this.chunks.length > 0) return this.#addChunk(length) << this.placeBits;
      this.#current = this.#addChunk(this.#chunkBytes);
      offset = this.#current === 0 ? 1 << UNIT_BITS : 0;
      if (offset + length > this.#chunkBytes) {
        this.#used = offset;
        return this.#addChunk(length) << this.placeBits;
      }
    }
    this.#used = offset + length;
    return (this.#current << this.placeBits) | (offset >>> UNIT_BITS);
  }

  share(): SharedArena {
    return { buffers: this.chunks.map((chunk) => chunk.buffer), placeBits: this.placeBits };
  }

  #addChunk(length: number): number {
    const number = this.chunks.length;
    if (number >= 2 ** (PLACE_BITS - this.placeBits)) {
      throw new AlopexError(SqlState.outOfMemory, `a memtable cannot hold more than ${number} chunks`, {
        hint: 'Lower the size at which memtables are flushed, or raise the size of their chunks.',
      });
    }
    this.chunks.push(new ArenaChunk(new SharedArrayBuffer(length)));
    return number;
  }
}

export function openSharedArena(shared: SharedArena): ArenaView {
  return { chunks: shared.buffers.map((buffer) => new ArenaChunk(buffer)), placeBits: shared.placeBits };
}
