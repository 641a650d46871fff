import { IcebergCatalog } from '../../catalog/catalog.ts';
import { InlineJobRunner } from '../../engine/kv/compaction/inline-job-runner.ts';
import type { ColdStorage } from '../../engine/ports/cold-storage.ts';
import type { FileSystem } from '../../engine/ports/file-system.ts';
import { SimClock, SimTime } from '../../engine/sim/clock.ts';
import { SimDisk } from '../../engine/sim/disk.ts';
import type { FaultCounters, FaultPolicy } from '../../engine/sim/fault.ts';
import { SimFileSystem } from '../../engine/sim/file-system.ts';
import { SimIo } from '../../engine/sim/io.ts';
import { SimObjectStore, type StoredObjects } from '../../engine/sim/object-store.ts';
import { SeededRandom, SimRandom } from '../../engine/sim/random.ts';
import { SimScheduler, type Outcome } from '../../engine/sim/scheduler.ts';
import { Trace } from '../../engine/sim/trace.ts';
import { AlopexDB, type OpenOptions } from '../../index.ts';
import type { Kernels } from './kernels.ts';
import { SimKernel } from './kernel.ts';
import { TemporaryNativeFolder } from './native-folder.ts';

/** Puts a bug between the database and its files. */
export type PlantedBug = (files: FileSystem, dataDir: string) => FileSystem;

export interface WorldOptions {
  readonly seed: number;
  readonly kernels: Kernels;
  readonly counters: FaultCounters;
  readonly keepTrace?: boolean;
  readonly bug?: PlantedBug;
  readonly database?: Omit<OpenOptions, 'fileSystem' | 'storage' | 'machine'>;
}

/** A machine with a disk, a clock and a remote store, on which processes live and die. Everything that happens on it follows from the seed. */
export class World {
  readonly random: SeededRandom;
  readonly trace: Trace;
  readonly counters: FaultCounters;
  readonly disk: SimDisk;
  readonly time = new SimTime();
  readonly #native = new TemporaryNativeFolder();
  readonly #objects: StoredObjects = new Map();
  readonly #scheduler: SimScheduler;
  readonly #options: WorldOptions;
  readonly #diskRandom: SeededRandom;
  readonly #portRandom: SeededRandom;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.random = new SeededRandom(options.seed);
    this.trace = new Trace(options.keepTrace ?? false);
    this.counters = options.counters;
    this.disk = new SimDisk(this.counters, this.#native);
    this.#scheduler = new SimScheduler(this.random.fork(), this.time, atRest);
    this.#diskRandom = this.random.fork();
    this.#portRandom = this.random.fork();
    this.disk.makeFolder(this.dataDir);
  }

  get dataDir(): string {
    return this.#native.dataDir;
  }

  /** Opens the database in a new process; the process before is dead. Runs within `drive`. */
  async startProcess(policy: FaultPolicy): Promise<() => Promise<AlopexDB>> {
    const process = this.#scheduler.startProcess();
    const kernels = await this.#options.kernels.reset();
    const trace = new RelativeTrace(this.trace, this.dataDir);
    const io = new SimIo(process, policy, this.counters, trace);
    const files = new SimFileSystem(this.disk, io, this.#diskRandom);
    const clock = new SimClock(this.time, process);
    const random = new SimRandom(this.#portRandom);
    const store = new SimObjectStore(this.#objects, io, this.time, (path) => this.#read(path));
    const storage: ColdStorage = { store, catalog: new IcebergCatalog({ store, clock, random }) };
    const kernelOptions = { io, native: this.#native, random: this.#diskRandom, dataDir: this.dataDir };
    let opened = 0;
    const options: OpenOptions = {
      ...this.#options.database,
      fileSystem: this.#options.bug?.(files, this.dataDir) ?? files,
      storage: { open: () => storage },
      machine: {
        clock,
        random,
        lockFolder: () => Promise.resolve({ release: () => Promise.resolve() }),
        openJobRunner: (fileSystem, clock) => new InlineJobRunner(fileSystem, clock),
        openKernel: () => Promise.resolve(new SimKernel(kernels[opened++ % 2] ?? kernels[0], kernelOptions)),
      },
      onWarning: (warning) => trace.add(`warning ${warning.code} ${warning.message}`),
    };
    return () => AlopexDB.open(this.dataDir, options);
  }

  drive<T>(life: () => Promise<T>): Promise<Outcome<T>> {
    return this.#scheduler.drive(life);
  }

  powerCut(): void {
    this.counters.count('power cut');
    this.trace.add('power cut');
    this.disk.powerCut(this.#diskRandom);
  }

  dispose(): void {
    this.#native.dispose();
  }

  #read(path: string): Uint8Array {
    const bytes = this.disk.bytes(path);
    if (bytes === undefined) throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });
    return bytes;
  }
}

/** A turn of the event loop comes after all code that can run by itself. */
function atRest(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Leaves out where the data directory is, which is not the seed's choice. */
class RelativeTrace extends Trace {
  readonly #trace: Trace;
  readonly #dataDir: string;

  constructor(trace: Trace, dataDir: string) {
    super();
    this.#trace = trace;
    this.#dataDir = dataDir;
  }

  override add(line: string): void {
    this.#trace.add(line.replaceAll(this.#dataDir, ''));
  }
}
