import { cp, rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AlopexDB } from '../../index.ts';
import { Fuse } from './fuse.ts';
import { FusedFileSystem } from './fused-files.ts';
import { apply, toSql, type Model, type Operation } from './operation.ts';
import { makeTemplate } from './template.ts';
import { checkFigures, differences, readModel } from './verify.ts';

/** Nothing in the background, and a few segments from one compaction. */
const LIMITS = { memtableBytes: 1 << 20, largeRows: 50, segmentBytes: 6_000, mergeSegments: 0 };

const SETUP: readonly Operation[] = [
  { kind: 'insert-large', firstId: 1, count: 700, tag: 1 },
  { kind: 'delete', modulus: 3, remainder: 1 },
  { kind: 'flush' },
  { kind: 'insert-large', firstId: 701, count: 300, tag: 2 },
  { kind: 'update', modulus: 7, remainder: 3, amount: 5 },
  { kind: 'flush' },
];
/** Done while a compaction runs: late deletes in the log, and in a delete file. */
const MEANWHILE: readonly Operation[] = [
  { kind: 'delete', modulus: 11, remainder: 2 },
  { kind: 'update', modulus: 19, remainder: 4, amount: 9 },
  { kind: 'flush' },
  { kind: 'update-day', modulus: 17, remainder: 5, days: 30 },
  { kind: 'upsert', conflict: 'add', firstId: 990, count: 40, tag: 3 },
];

/** Files that the kernel writes count as changes when they are finished, and folders when they are made. */
class FusedNativeFiles extends FusedFileSystem {
  readonly #fuse: Fuse;

  constructor(fuse: Fuse, folder: string) {
    super(fuse, folder);
    this.#fuse = fuse;
  }

  override syncFile(path: string): Promise<void> {
    return this.#fuse.pass(`finish ${path}`, () => super.syncFile(path));
  }

  override makeFolder(path: string): Promise<void> {
    return this.#fuse.pass(`make ${path}`, () => super.makeFolder(path));
  }
}

let base: string;
let folder: string;
let template: string;
let initial: Model;

beforeAll(async () => {
  ({ base, folder, template, initial } = await makeTemplate(LIMITS, SETUP));
});

afterAll(async () => {
  await rm(base, { recursive: true, force: true });
});

test(
  'a compaction survives a death at each of its changes: every row is there once, nothing is left behind',
  { timeout: 120_000 },
  async () => {
    const whole = await compact();
    const steps = [
      /^make .*tmp\/compaction-/,
      /^finish .*segments\//,
      /^finish .*tmp\/compaction-/,
      /^finish .*deletes\//,
      /^sync manifest/,
      /^remove segments\//,
      /^remove deletes\//,
    ];
    for (const label of steps) {
      expect(whole.changes.some((change) => label.test(change))).toBe(true);
    }
    await check(whole);
    for (const dieAt of whole.changes.keys()) {
      const died = await compact(dieAt);
      try {
        await check(died);
      } catch (error) {
        throw new Error(`after a death at "${died.death ?? 'no change'}": ${String(error)}`, { cause: error });
      }
    }
  },
);

interface Compacted {
  /** Rows that were acknowledged. */
  readonly model: Model;
  /** Changes of files by the compaction. */
  readonly changes: readonly string[];
  /** The change that was not made any more. */
  readonly death: string | undefined;
}

/** A compaction with changes of its rows after it has begun; it dies at its change number `dieAt`. */
async function compact(dieAt?: number): Promise<Compacted> {
  await rm(folder, { recursive: true, force: true });
  await cp(template, folder, { recursive: true });
  const fuse = new Fuse();
  const db = await AlopexDB.open(folder, {
    limits: LIMITS,
    threads: 2,
    fileSystem: new FusedNativeFiles(fuse, folder),
    onWarning: () => undefined, // Garbage that the dead could not remove.
  });
  let model = initial;
  let start = fuse.passed.length;
  fuse.before = async (label) => {
    if (!/^make .*tmp\/compaction-/.test(label)) return;
    fuse.before = () => Promise.resolve();
    for (const operation of MEANWHILE) {
      await db.execute(toSql(operation));
      model = apply(model, operation);
    }
    start = fuse.passed.length;
    if (dieAt !== undefined) fuse.dieAt = start + dieAt;
  };
  await db.execute('VACUUM t').catch((error: unknown) => {
    if (fuse.death === undefined) throw error;
  });
  await db.close().catch((error: unknown) => {
    if (fuse.death === undefined) throw error;
  });
  return { model, changes: fuse.passed.slice(start), death: fuse.death };
}

/** Opens twice, so that also what the recovery has written is read. */
async function check({ model }: Compacted): Promise<void> {
  for (let time = 0; time < 2; time++) {
    const db = await AlopexDB.open(folder, { limits: LIMITS, threads: 2 });
    expect(differences(model, await readModel(db))).toEqual([]);
    await checkFigures(db, folder, model);
    await db.close();
  }
}
