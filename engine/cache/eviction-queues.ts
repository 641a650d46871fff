/** What the cache holds of one file, for whoever decides what stays. */
export interface CacheEntry {
  readonly path: string;
  /** Bytes that it takes on disk. */
  readonly heldBytes: number;
}

/** New files may fill this share before they have shown that they are asked for again. */
const PROBATION_SHARE = 0.1;
const MAX_FREQUENCY = 3;

/** Names of files that left are remembered for as many as there are. */
const MIN_GHOSTS = 128;

interface Resident<T> {
  readonly entry: T;
  /** How often it was asked for since it came to its queue, by statements. */
  frequency: number;
}

/**
 * Which file goes when there is no room: two queues, first in, first out. A new file is on probation, and goes first unless it was asked for again; one that comes back soon after it went, or is asked for
 * again, joins the others, whom a large scan of files that are used once cannot push out. (The policy is known as S3-FIFO.)
 */
export class EvictionQueues<T extends CacheEntry> {
  #probation = new Map<string, Resident<T>>();
  #main = new Map<string, Resident<T>>();
  /** Files that left from probation. */
  readonly #ghosts = new Set<string>();

  get entries(): T[] {
    return [...this.#probation.values(), ...this.#main.values()].map(({ entry }) => entry);
  }

  add(entry: T): void {
    const queue = this.#ghosts.delete(entry.path) ? this.#main : this.#probation;
    queue.set(entry.path, { entry, frequency: 0 });
  }

  /** A later statement asks for it. */
  touch(path: string): void {
    const resident = this.#probation.get(path) ?? this.#main.get(path);
    if (resident !== undefined) resident.frequency = Math.min(MAX_FREQUENCY, resident.frequency + 1);
  }

  remove(path: string): void {
    this.#probation.delete(path);
    this.#main.delete(path);
  }

  /** Takes out files of `bytes` or more, or of all that may go. `limitBytes` is the size of the cache. */
  evict(bytes: number, limitBytes: number, mayGo: (entry: T) => boolean): T[] {
    const evicted: T[] = [];
    let [left, probationBytes] = [bytes, heldBytes(this.#probation)];
    while (left > 0) {
      const isNewFirst = probationBytes > limitBytes * PROBATION_SHARE;
      // Files that were not evicted while new are with the others now.
      const next = (isNewFirst ? undefined : this.#evictOld(mayGo)) ?? this.#evictNew(mayGo) ?? this.#evictOld(mayGo);
      if (next === undefined) return evicted;
      evicted.push(next);
      left -= next.heldBytes;
      if (isNewFirst) probationBytes = heldBytes(this.#probation);
    }
    return evicted;
  }

  #evictNew(mayGo: (entry: T) => boolean): T | undefined {
    for (const [path, { entry, frequency }] of this.#probation) {
      if (!mayGo(entry)) continue;
      this.#probation.delete(path);
      if (frequency > 0) {
        this.#main.set(path, { entry, frequency: 0 });
        continue;
      }
      this.#remember(path);
      return entry;
    }
    return undefined;
  }

  #evictOld(mayGo: (entry: T) => boolean): T | undefined {
    // One that gets another chance goes to the end, and is met again in the same loop.
    for (const [path, resident] of this.#main) {
      if (!mayGo(resident.entry)) continue;
      this.#main.delete(path);
      if (resident.frequency === 0) return resident.entry;
      resident.frequency--;
      this.#main.set(path, resident);
    }
    return undefined;
  }

  #remember(path: string): void {
    this.#ghosts.add(path);
    const limit = Math.max(MIN_GHOSTS, this.#main.size);
    for (const oldest of this.#ghosts) {
      if (this.#ghosts.size <= limit) return;
      this.#ghosts.delete(oldest);
    }
  }
}

function heldBytes(queue: ReadonlyMap<string, Resident<CacheEntry>>): number {
  let sum = 0;
  for (const { entry } of queue.values()) sum += entry.heldBytes;
  return sum;
}
