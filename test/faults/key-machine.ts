import { IcebergCatalog } from '../../catalog/catalog.ts';
import { InlineJobRunner } from '../../engine/kv/compaction/inline-job-runner.ts';
import type { Kernel, KernelConnection } from '../../engine/ports/kernel.ts';
import { SimClock, SimTime } from '../../engine/sim/clock.ts';
import { SimDisk } from '../../engine/sim/disk.ts';
import { FaultCounters, type FaultPolicy } from '../../engine/sim/fault.ts';
import { SimFileSystem } from '../../engine/sim/file-system.ts';
import { SimIo } from '../../engine/sim/io.ts';
import { SimObjectStore } from '../../engine/sim/object-store.ts';
import { SeededRandom, SimRandom } from '../../engine/sim/random.ts';
import { SimScheduler, type Outcome, type SimProcess } from '../../engine/sim/scheduler.ts';
import { Trace } from '../../engine/sim/trace.ts';
import { AlopexDB, type FolderLock } from '../../index.ts';
import type { PlantedBug } from '../sim/world.ts';
import type { FaultyMachine, Scenario } from './scenario.ts';

const DATA_DIR = '/data';

/** A simulated machine for keys alone, all of it in memory: the kernel has no tables to work on, so there is none. */
export class KeyMachine implements FaultyMachine {
  readonly #scenario: Scenario;
  readonly #bug: PlantedBug;
  readonly #disk = new SimDisk(new FaultCounters());
  readonly #time = new SimTime();
  readonly #scheduler: SimScheduler;
  readonly #random: SeededRandom;
  #process: SimProcess | undefined;
  #isLocked = false;

  /** `bug` is put between the database and its files, to see that it is found. */
  constructor(scenario: Scenario, seed: number, bug: PlantedBug = (files) => files) {
    this.#scenario = scenario;
    this.#bug = bug;
    const random = new SeededRandom(seed);
    this.#scheduler = new SimScheduler(random.fork(), this.#time, atRest);
    this.#random = random.fork();
    this.#disk.makeFolder(DATA_DIR);
  }

  async startProcess(policy: FaultPolicy): Promise<() => Promise<AlopexDB>> {
    if (this.#isLocked && this.#process?.isAlive === true) throw new Error('the folder was not unlocked');
    const process = this.#scheduler.startProcess();
    this.#process = process;
    this.#isLocked = false;
    const io = new SimIo(process, policy, new FaultCounters(), new Trace());
    const clock = new SimClock(this.#time, process);
    const random = new SimRandom(this.#random);
    const store = new SimObjectStore(new Map(), io, this.#time, () => new Uint8Array(0));
    const storage = { store, catalog: new IcebergCatalog({ store, clock, random }) };
    return () =>
      AlopexDB.open(DATA_DIR, {
        onWarning: () => undefined,
        ...this.#scenario.database,
        fileSystem: this.#bug(new SimFileSystem(this.#disk, io, this.#random), DATA_DIR),
        storage: { open: () => storage },
        machine: {
          clock,
          random,
          lockFolder: () => Promise.resolve(this.#lock()),
          openJobRunner: (fileSystem) => new InlineJobRunner(fileSystem, clock),
          openKernel: () => Promise.resolve(NO_KERNEL),
        },
      });
  }

  #lock(): FolderLock {
    this.#isLocked = true;
    return {
      release: () => {
        this.#isLocked = false;
        return Promise.resolve();
      },
    };
  }

  drive<T>(life: () => Promise<T>): Promise<Outcome<T>> {
    return this.#scheduler.drive(life);
  }

  powerCut(): void {
    this.#disk.powerCut(this.#random);
  }

  dispose(): void {
    // All of it is memory.
  }
}

/** A turn of the event loop comes after all code that can run by itself. */
function atRest(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const NO_CONNECTION: KernelConnection = {
  run: () => Promise.resolve(0),
  rows: () => Promise.resolve([]),
  append: () => Promise.resolve(0),
  stream: () => Promise.reject(new Error('there is no kernel, and no table')),
  interrupt: () => undefined,
  close: () => undefined,
};

const NO_KERNEL: Kernel = { connect: () => Promise.resolve(NO_CONNECTION), close: () => undefined };
