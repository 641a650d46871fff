import type { Commits } from '../../commits.ts';
import type { EngineContext } from '../../context.ts';
import { AlopexError, SqlState } from '../../errors.ts';
import { encodeCommit, type CommitRecord } from '../../log/commit-record.ts';
import type { KvState } from '../../lsm/kv-state.ts';
import { notRemoved } from '../../lsm/pins.ts';
import type { KvJobRunner } from '../../ports/kv-jobs.ts';
import { replayBatch, replayPlaces, type KvBatch } from '../batch.ts';
import { compareKeys } from '../bytes.ts';
import { hashKey } from '../hash.ts';
import { KvMemtable } from '../memtable/kv-memtable.ts';
import { kvSegmentName, type KvSegmentState } from '../segment-state.ts';
import { Backpressure } from './backpressure.ts';
import { Background } from './background.ts';
import { KvView } from './kv-view.ts';
import { emptyCounters, type KvCounters, type KvMetrics } from './metrics.ts';
import { SegmentFiles, type Segment } from './segment-files.ts';

/** A commit is one frame of the log, and in memory as a whole. */
const MAX_COMMIT_BYTES = 2 ** 31;

/** A full memtable on its way into a segment. */
export interface FrozenMemtable {
  readonly memtable: KvMemtable;
  /** Resolves when every commit in it is acknowledged. */
  readonly durable: Promise<void>;
}

/** Keys of commits that are in the log only, as they are read from it. */
export class KvReplay {
  readonly memtable = new KvMemtable();
  readonly #flushedSeq: number;

  constructor(state: KvState) {
    this.#flushedSeq = state.flushedSeq;
  }

  add(record: CommitRecord): void {
    if (record.kv.length > 0 && record.seq > this.#flushedSeq) applyBatch(this.memtable, record.seq, record.kv);
  }
}

/**
 * The key-value tree: memtables over leveled segments. It shares log, manifest and commit numbers with the tables. Reads are synchronous; a commit is applied without a
 * pause, and waits for the log alone.
 */
export class KvStore {
  readonly #context: EngineContext;
  readonly #commits: Commits;
  readonly files: SegmentFiles;
  readonly #background: Background;
  readonly #backpressure: Backpressure;
  readonly counters: KvCounters = emptyCounters();
  #active: KvMemtable;
  /** Oldest last. */
  #frozen: readonly FrozenMemtable[] = [];
  #view: KvView;

  private constructor(
    context: EngineContext,
    commits: Commits,
    runner: KvJobRunner,
    replay: KvReplay,
    files: SegmentFiles,
  ) {
    this.#context = context;
    this.#commits = commits;
    this.files = files;
    this.#active = replay.memtable;
    this.#view = new KvView(files, [this.#active], levelsOf(context.manifest.state.kv, [], files));
    this.#background = new Background(context, commits, runner, this);
    this.#backpressure = new Backpressure(context, this, this.#background);
  }

  /** `onFlush` is called when the log may be trimmed. */
  static async open(
    context: EngineContext,
    commits: Commits,
    replay: KvReplay,
    parts: { runner: KvJobRunner; onWarning: (warning: AlopexError) => void; onFlush: () => void },
  ): Promise<KvStore> {
    await checkFiles(context);
    const files = new SegmentFiles(context.fileSystem, context.dataDir, context.limits, (error) =>
      parts.onWarning(notRemoved(error)),
    );
    const store = new KvStore(context, commits, parts.runner, replay, files);
    store.#background.start(parts);
    return store;
  }

  get view(): KvView {
    return this.#view;
  }

  get active(): KvMemtable {
    return this.#active;
  }

  get frozen(): readonly FrozenMemtable[] {
    return this.#frozen;
  }

  /** Whether the log holds keys that are in no segment. */
  get isDirty(): boolean {
    return this.#frozen.length > 0 || !isEmpty(this.#active);
  }

  /** Commits a batch; resolves when it may be acknowledged. `check` runs on top of all earlier commits, and may throw: then nothing is changed. */
  commit(batch: KvBatch, check?: () => void): Promise<void> {
    return this.commitOperations(batch.bytes, check);
  }

  /** As `commit`, of operations that are encoded already. */
  commitOperations(kv: Uint8Array, check?: () => void): Promise<void> {
    if (kv.length > MAX_COMMIT_BYTES) return Promise.reject(tooLarge(kv.length));
    const wait = this.#backpressure.delay(kv.length);
    if (wait === undefined && this.#commits.isFree) return this.#commitNow(kv, check);
    return this.#commitLater(kv, check, wait);
  }

  async #commitLater(kv: Uint8Array, check: (() => void) | undefined, wait: Promise<void> | undefined): Promise<void> {
    await wait;
    const { durable } = await this.#commits.run(() => Promise.resolve({ durable: this.#commitNow(kv, check) }));
    await durable;
  }

  #commitNow(kv: Uint8Array, check: (() => void) | undefined): Promise<void> {
    try {
      this.#commits.checkRunning();
      check?.();
      const { latest } = this.#commits;
      const seq = latest.seq + 1;
      const parts = encodeCommit({ seq, kv, changes: [] });
      const durable = this.#context.log.append(seq, parts);
      this.apply(seq, kv);
      this.counters.userBytes += kv.length;
      return this.#commits.accept({ version: { ...latest, seq }, durable, garbage: [] });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Makes the keys of a commit readable at its number. The caller has the turn to commit, and has appended the commit to the log. */
  apply(seq: number, kv: Uint8Array): void {
    if (this.#active.sizeBytes >= this.#context.limits.kvMemtableBytes) this.freeze();
    applyBatch(this.#active, seq, kv);
  }

  /** The number of the newest commit that wrote a key (0 when there is none after `sinceSeq`): only sources with newer entries are looked at. */
  lastSeq(key: Uint8Array, sinceSeq: number): number {
    const found = { kind: 0 as const, seq: 0, expiresMs: 0, value: key, valueStart: 0, valueEnd: 0 };
    const newest = this.#view.find(key, hashKey(key), Number.MAX_SAFE_INTEGER, found) ? found.seq : 0;
    return newest > sinceSeq ? newest : 0;
  }

  /** Makes the memtable one to be flushed, and starts a new one. */
  freeze(): void {
    if (isEmpty(this.#active)) return;
    this.#frozen = [{ memtable: this.#active, durable: this.#commits.lastDurable }, ...this.#frozen];
    // The next one will be like it.
    this.#active = new KvMemtable({ expectedKeys: this.#active.keyCount });
    this.#changeView();
    this.#background.wake();
  }

  /** After a manifest edit: the segments are those of the manifest now, and the oldest frozen memtables may be among them. */
  segmentsChanged(flushed: number): void {
    if (flushed > 0) this.#frozen = this.#frozen.slice(0, -flushed);
    this.#changeView(flushed > 0);
  }

  #changeView(hasFlushed = false): void {
    const before = this.#view;
    // Not only after compactions: the manifest may name the result of one already, which is not announced yet.
    if (hasFlushed || before.hasRangesInSegments) this.files.rows.clear();
    const known = before.levels.flat();
    this.#view = new KvView(
      this.files,
      [this.#active, ...this.#frozen.map((frozen) => frozen.memtable)],
      levelsOf(this.#context.manifest.state.kv, known, this.files),
    );
    before.release();
  }

  /** Writes everything in memory to segments. */
  async flush(): Promise<void> {
    this.freeze();
    await this.#background.flushed();
  }

  /** Waits until nothing is left to flush or to compact. */
  settled(): Promise<void> {
    return this.#background.settled();
  }

  metrics(): KvMetrics {
    const { cache, rows, openCount } = this.files;
    return {
      ...this.counters,
      memtableBytes: this.#active.sizeBytes + this.#frozen.reduce((sum, { memtable }) => sum + memtable.sizeBytes, 0),
      levels: this.#view.levels.map((level) => ({
        segmentCount: level.length,
        sizeBytes: level.reduce((sum, segment) => sum + segment.state.sizeBytes, 0),
      })),
      openFiles: openCount,
      blockCache: cache.statistics,
      rowCache: rows.statistics,
    };
  }

  async close(): Promise<void> {
    await this.#background.close();
    await this.files.close();
  }
}

function isEmpty(memtable: KvMemtable): boolean {
  return memtable.entryCount === 0 && memtable.rangeDeletes.length === 0;
}

function applyBatch(memtable: KvMemtable, seq: number, kv: Uint8Array): void {
  let operations = 0;
  replayPlaces(kv, {
    put: (keyStart, keyEnd, valueStart, valueEnd, expiresMs, words) => {
      operations++;
      memtable.putFrom(seq, kv, words, keyStart, keyEnd, valueStart, valueEnd, expiresMs);
    },
    delete: (keyStart, keyEnd) => {
      operations++;
      const key = kv.subarray(keyStart, keyEnd);
      memtable.delete(seq, key, hashKey(key));
    },
    deleteRange: (startStart, startEnd, endStart, endEnd) => {
      const start = kv.subarray(startStart, startEnd);
      const end = kv.subarray(endStart, endEnd);
      memtable.deleteRange(seq, start, end);
      deletePutsBefore(memtable, seq, kv, operations++, { start, end });
    },
  });
}

/** A range deletion concerns commits before its own; what its own has put before it is deleted key by key. */
function deletePutsBefore(
  memtable: KvMemtable,
  seq: number,
  kv: Uint8Array,
  count: number,
  { start, end }: { start: Uint8Array; end: Uint8Array },
): void {
  let operations = 0;
  replayBatch(kv, {
    put: (key) => {
      const inRange = operations++ < count && compareKeys(start, key) <= 0 && compareKeys(key, end) < 0;
      if (inRange) memtable.delete(seq, key, hashKey(key));
    },
    delete: () => void operations++,
    deleteRange: () => void operations++,
  });
}

function tooLarge(sizeBytes: number): AlopexError {
  return new AlopexError('54000', `a commit of ${sizeBytes} bytes is larger than the limit of ${MAX_COMMIT_BYTES}`, {
    hint: 'Split it into several.',
  });
}

/** Segments by level; one that is known already is the same object, also when it has moved to another level. */
function levelsOf(state: KvState, known: readonly Segment[], files: SegmentFiles): Segment[][] {
  const byId = new Map(known.map((segment) => [segment.state.fileId, segment]));
  const levels: Segment[][] = [];
  for (const segmentState of state.segments) {
    const segment = byId.get(segmentState.fileId) ?? files.segment(segmentState);
    while (levels.length <= segmentState.level) levels.push([]);
    levels[segmentState.level]?.push(segment);
  }
  for (const [number, level] of levels.entries()) {
    level.sort((a, b) =>
      number === 0 ? b.state.maxSeq - a.state.maxSeq : Buffer.compare(a.state.smallest, b.state.smallest),
    );
  }
  return levels;
}

/** Removes segments that the manifest does not name, and refuses to open without one that it does. */
async function checkFiles({ fileSystem, dataDir, manifest }: EngineContext): Promise<void> {
  await fileSystem.makeFolder(`${dataDir}/kv`);
  const present = new Set((await fileSystem.list(`${dataDir}/kv`)).map((name) => `kv/${name}`));
  for (const segment of manifest.state.kv.segments) {
    if (!present.delete(kvSegmentName(segment.fileId))) throw missing(dataDir, segment);
  }
  for (const name of present) await fileSystem.remove(`${dataDir}/${name}`);
}

function missing(dataDir: string, segment: KvSegmentState): AlopexError {
  return new AlopexError(
    SqlState.dataCorrupted,
    `key-value segment ${dataDir}/${kvSegmentName(segment.fileId)} is missing`,
    { hint: 'Restore the file from a backup, or run: alopex repair.' },
  );
}
