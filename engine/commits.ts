import { AlopexError, SqlState } from './errors.ts';
import type { CommitLog } from './log/log.ts';
import type { ManifestEdits } from './lsm/manifest.ts';
import type { Pins } from './lsm/pins.ts';
import { Mutex } from './mutex.ts';
import type { DatabaseVersion } from './table/version.ts';

/** What becomes removable with a change; runs when no reader can name it any more. */
export type Garbage = () => Promise<void>;

export interface AcceptedChange {
  readonly version: DatabaseVersion;
  readonly durable: Promise<void>;
  readonly garbage: readonly Garbage[];
}

/** Where the changes of a writer go. */
export interface CommitTarget {
  /** What the next change builds on. */
  readonly latest: DatabaseVersion;
  /** Runs `body`, which is given the number of its change, with no other change at work. */
  run<T>(body: (seq: number) => Promise<T>): Promise<T>;
  /** Makes a change the latest version. Only within `run`. */
  accept(change: AcceptedChange): Promise<void>;
  /** Waits until all earlier changes are on disk, if they have to be. */
  settle(): Promise<void>;
}

/**
 * The order of commits. Each takes its number here, one at a time, on top of the newest version; a version is published when its commit is durable, so an
 * unacknowledged commit is never seen.
 */
export class Commits implements CommitTarget {
  readonly #log: CommitLog;
  readonly #manifest: ManifestEdits;
  readonly #pins: Pins;
  readonly #turns = new Mutex();
  /** What the next commit builds on; ahead of `#published` while an fsync is under way. */
  #latest: DatabaseVersion;
  #published: DatabaseVersion;
  #lastDurable: Promise<void> = Promise.resolve();
  #failure: unknown;

  constructor(parts: { log: CommitLog; manifest: ManifestEdits; pins: Pins }, version: DatabaseVersion) {
    this.#log = parts.log;
    this.#manifest = parts.manifest;
    this.#pins = parts.pins;
    this.#latest = version;
    this.#published = version;
  }

  /** Every earlier commit is in it, acknowledged or about to be. */
  get latest(): DatabaseVersion {
    return this.#latest;
  }

  /** Every acknowledged commit is in it, and nothing else. */
  get published(): DatabaseVersion {
    return this.#published;
  }

  /** Resolves when every commit so far is published; rejects when one cannot be. */
  get lastDurable(): Promise<void> {
    return this.#lastDurable;
  }

  /** Whether a commit that needs no pause can be made now, without `run`. */
  get isFree(): boolean {
    return this.#turns.isFree;
  }

  /** Runs `body` with no other commit at work. `body` changes nothing before it accepts. */
  run<T>(body: (seq: number) => Promise<T>): Promise<T> {
    return this.#turns.run(() => {
      this.checkRunning();
      return body(this.#latest.seq + 1);
    });
  }

  /** Makes a change the newest version now, and the published one when it is durable. Only within `run`, or while `isFree`. */
  accept(change: AcceptedChange): Promise<void> {
    this.#latest = change.version;
    this.#lastDurable = this.#publish(change);
    // Whoever wrote waits for it; a writer that failed after its commit must not leave it unhandled.
    this.#lastDurable.catch(() => undefined);
    return this.#lastDurable;
  }

  /** Waits until all earlier commits are on disk, whatever the durability: a manifest edit must not overtake the log. */
  async settle(): Promise<void> {
    await this.#lastDurable;
    await this.#log.sync();
  }

  checkRunning(): void {
    const failure = this.#failure ?? this.#manifest.failure ?? this.#log.failure;
    if (failure === undefined) return;
    throw new AlopexError(SqlState.cannotConnectNow, 'the database has stopped', {
      hint: 'Open it again: everything that was acknowledged is there.',
      cause: failure,
    });
  }

  /** Takes no more commits: something is not as it has to be in memory. */
  fail(error: unknown): void {
    this.#failure ??= error;
  }

  /** Waits for commits under way, and takes no more. */
  async stop(): Promise<void> {
    await this.#turns.run(async () => {
      await this.#lastDurable.catch(() => undefined); // Its own caller was told.
      this.#failure ??= new Error('closed');
    });
  }

  async #publish({ version, durable, garbage }: AcceptedChange): Promise<void> {
    try {
      await durable;
    } catch (error) {
      this.#failure ??= error;
      throw error;
    }
    this.#published = version;
    if (garbage.length === 0) return;
    for (const collect of garbage) this.#pins.discard(version.seq, collect);
    this.#pins.collect();
  }
}
