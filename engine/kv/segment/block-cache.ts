/** What a block costs besides its bytes: the array object, its backing store and the cache's own entry. */
const OVERHEAD_BYTES = 160;
/** A block larger than this part of the cache is not kept: one large value must not push out everything else. */
const LARGEST_PART = 8;

const ABSENT = -1;
/** Generations of misses are numbered 1 to this, then from 1 again. */
const LAST_GENERATION = 255;

export interface BlockCacheStatistics {
  readonly hits: number;
  readonly misses: number;
  readonly evictions: number;
  /** Bytes held, with overhead; never more than the capacity. */
  readonly sizeBytes: number;
  readonly blockCount: number;
}

/**
 * Blocks of all segments, decompressed, up to a number of bytes. What to evict is found by the CLOCK algorithm: a block is spared once for having been
 * used since the hand passed; a block that was read once goes first, so a scan pushes out little. Once the cache is full a block gets in only when it is missed for the second time within
 * about as many misses as the cache has blocks: with a working set that is much larger, most reads then leave the cache as it is. Blocks are found by position in an array for each file: no hashing.
 */
export class BlockCache {
  readonly capacityBytes: number;
  readonly #files = new Map<number, CachedFile>();
  /** The clock: parallel arrays, a place for each block. */
  readonly #blocks: (Uint8Array | undefined)[] = [];
  readonly #owners: (CachedFile | undefined)[] = [];
  readonly #numbers: number[] = [];
  #used = new Uint8Array(256);
  readonly #free: number[] = [];
  #hand = 0;
  #sizeBytes = 0;
  /** Whether something had to be evicted. */
  #full: boolean;
  #generation = 1;
  #missesInGeneration = 0;
  #hits = 0;
  #misses = 0;
  #evictions = 0;

  constructor(capacityBytes: number) {
    this.capacityBytes = capacityBytes;
    this.#full = capacityBytes === 0;
  }

  get statistics(): BlockCacheStatistics {
    return {
      hits: this.#hits,
      misses: this.#misses,
      evictions: this.#evictions,
      sizeBytes: this.#sizeBytes,
      blockCount: this.#blocks.length - this.#free.length,
    };
  }

  /** The blocks of one file; the same object until the file is dropped. */
  file(fileId: number, blockCount: number): CachedFile {
    const known = this.#files.get(fileId);
    if (known !== undefined) return known;
    const file: CachedFile = {
      places: new Int32Array(blockCount).fill(ABSENT),
      missed: new Uint8Array(blockCount),
      dropped: false,
    };
    this.#files.set(fileId, file);
    return file;
  }

  get(file: CachedFile, block: number): Uint8Array | undefined {
    const place = file.places[block] as number;
    if (place === ABSENT) {
      this.#misses++;
      return undefined;
    }
    this.#hits++;
    this.#used[place] = 1;
    return this.#blocks[place];
  }

  /** Whether a block that {@link get} did not find is to be {@link put}. */
  admits(file: CachedFile, block: number): boolean {
    if (file.dropped) return false;
    if (!this.#full) return true;
    const before = file.missed[block] as number;
    const generation = this.#generation;
    if (before === generation || before === (generation === 1 ? LAST_GENERATION : generation - 1)) {
      file.missed[block] = 0;
      return true;
    }
    file.missed[block] = generation;
    if (++this.#missesInGeneration * 2 > this.#blocks.length) {
      this.#missesInGeneration = 0;
      this.#generation = generation === LAST_GENERATION ? 1 : generation + 1;
    }
    return false;
  }

  /** Keeps a block that {@link get} did not find; its bytes must not change any more. */
  put(file: CachedFile, block: number, bytes: Uint8Array): void {
    const cost = bytes.length + OVERHEAD_BYTES;
    if (file.dropped || cost > this.capacityBytes / LARGEST_PART) return;
    while (this.#sizeBytes + cost > this.capacityBytes) {
      this.#full = true;
      this.#evictOne();
    }
    const place = this.#free.pop() ?? this.#blocks.length;
    if (place === this.#used.length) {
      const larger = new Uint8Array(this.#used.length * 2);
      larger.set(this.#used);
      this.#used = larger;
    }
    this.#blocks[place] = bytes;
    this.#owners[place] = file;
    this.#numbers[place] = block;
    this.#used[place] = 0;
    file.places[block] = place;
    this.#sizeBytes += cost;
  }

  /** Forgets the blocks of a file that was removed. */
  dropFile(fileId: number): void {
    const file = this.#files.get(fileId);
    if (file === undefined) return;
    this.#files.delete(fileId);
    file.dropped = true;
    for (const place of file.places) if (place !== ABSENT) this.#release(place);
  }

  /** There is at least one block when the cache is too full. */
  #evictOne(): void {
    for (;;) {
      if (this.#hand >= this.#blocks.length) this.#hand = 0;
      const place = this.#hand++;
      if (this.#blocks[place] === undefined) continue;
      if (this.#used[place] === 1) {
        this.#used[place] = 0;
        continue;
      }
      this.#release(place);
      this.#evictions++;
      return;
    }
  }

  #release(place: number): void {
    const owner = this.#owners[place] as CachedFile;
    owner.places[this.#numbers[place] as number] = ABSENT;
    // Space that a removed file gives back is filled without more ado.
    if (owner.dropped) this.#full = false;
    this.#sizeBytes -= (this.#blocks[place] as Uint8Array).length + OVERHEAD_BYTES;
    this.#blocks[place] = undefined;
    this.#owners[place] = undefined;
    this.#free.push(place);
  }
}

/** Where the blocks of a file are in the cache; only the cache reads or writes it. */
export interface CachedFile {
  readonly places: Int32Array;
  /** Generation of each block's last miss; 0 for none. */
  readonly missed: Uint8Array;
  dropped: boolean;
}
