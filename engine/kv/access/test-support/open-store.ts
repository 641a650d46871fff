import { ReadCache } from '../../../cache/read-cache.ts';
import { CommitTimes } from '../../../history/commit-times.ts';
import { Commits } from '../../../commits.ts';
import { FileIds, FileNumbers, type EngineContext } from '../../../context.ts';
import { DEFAULT_LIMITS, type EngineLimits } from '../../../limits.ts';
import type { AlopexError } from '../../../errors.ts';
import { decodeCommit } from '../../../log/commit-record.ts';
import { FileLog, type Durability } from '../../../log/log.ts';
import { Manifest } from '../../../lsm/manifest.ts';
import { Pins } from '../../../lsm/pins.ts';
import { NO_DEFINITIONS } from '../../../table/definition.ts';
import { FileGate } from '../../../table/file-gate.ts';
import { MovedRows } from '../../../table/moved-rows.ts';
import { RowLoader } from '../../../table/row-loader.ts';
import { InlineJobRunner } from '../../compaction/inline-job-runner.ts';
import { KvReplay, KvStore } from '../../store/kv-store.ts';
import { KeyValueStore } from '../key-value-store.ts';
import { StoreTree } from '../store-tree.ts';
import { LimitedFiles } from './limited-files.ts';
import { ManualClock } from './manual-clock.ts';

export const DATA_DIR = '/data';

/** Every few writes fill a memtable. */
export const TINY_LIMITS: EngineLimits = {
  ...DEFAULT_LIMITS,
  kvMemtableBytes: 16_384,
  blockCacheBytes: 20_000,
  openFiles: 3,
  keyBytes: 1000,
  valueBytes: 10_000,
};

/** A key-value store as the engine wires it, without tables and without a kernel: on files in memory, with a clock that the test sets. */
export interface OpenStore {
  readonly kv: KeyValueStore;
  readonly store: KvStore;
  readonly tree: StoreTree;
  readonly commits: Commits;
  readonly context: EngineContext;
  readonly warnings: AlopexError[];
  readonly close: () => Promise<void>;
}

export interface StoreSettings {
  readonly files?: LimitedFiles;
  readonly clock?: ManualClock;
  readonly limits?: EngineLimits;
  readonly durability?: Durability;
}

export async function openStore({
  files = new LimitedFiles(),
  clock = new ManualClock(),
  limits = TINY_LIMITS,
  durability = 'full',
}: StoreSettings = {}): Promise<OpenStore> {
  const warnings: AlopexError[] = [];
  const manifest = await Manifest.open(files, `${DATA_DIR}/manifest`);
  const replay = new KvReplay(manifest.state.kv);
  let lastSeq = 0;
  const log = await FileLog.open(
    { fileSystem: files, clock },
    `${DATA_DIR}/log`,
    { durability, syncIntervalMs: 100 },
    (payload) => {
      const record = decodeCommit(payload);
      replay.add(record);
      lastSeq = record.seq;
      return record.seq;
    },
  );
  const kernel = { connect: noTables, close: () => undefined };
  const context: EngineContext = {
    fileSystem: files,
    clock,
    limits,
    manifest,
    log,
    dataDir: DATA_DIR,
    jobs: new InlineJobRunner(files, clock),
    random: { bytes: (length) => new Uint8Array(length), uuid: noTables, positiveInt64: noTables },
    kernel,
    storage: { open: noTables },
    commitTimes: new CommitTimes(clock),
    gate: new FileGate(files),
    cache: new ReadCache({ fileSystem: files, clock, kernel, folder: `${DATA_DIR}/cache`, limitBytes: 0 }),
    pins: new Pins((error) => warnings.push(error as AlopexError)),
    fileIds: new FileIds(),
    fileNumbers: new FileNumbers(manifest.state.nextFileId),
    loader: new RowLoader({ connect: noTables, close: () => undefined }),
    movedRows: new MovedRows(),
  };
  const seq = Math.max(manifest.state.seq, manifest.state.kv.flushedSeq, lastSeq);
  const commits = new Commits(context, { seq, tables: new Map(), definitions: NO_DEFINITIONS });
  const trims: Promise<void>[] = [];
  const trim = (): Promise<void> =>
    commits.run(async (nextSeq) => {
      await log.seal();
      await log.trim(store.isDirty ? Math.min(manifest.state.kv.flushedSeq + 1, nextSeq) : nextSeq);
    });
  const store: KvStore = await KvStore.open(context, commits, replay, {
    runner: context.jobs,
    onWarning: (warning) => warnings.push(warning),
    onFlush: () => trims.push(trim().catch(() => undefined)), // Closed meanwhile.
  });
  const tree = new StoreTree(context, commits, store);
  const close = async (): Promise<void> => {
    await store.close();
    await Promise.all(trims);
    await commits.stop();
    await log.close();
    await manifest.close();
  };
  return { kv: new KeyValueStore(tree, store), store, tree, commits, context, warnings, close };
}

function noTables(): never {
  throw new Error('there are no tables here');
}
