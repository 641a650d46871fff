import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AlopexDB } from '../../index.ts';
import { Fuse } from './fuse.ts';
import { FusedFileSystem } from './fused-files.ts';
import { FusedStorage } from './fused-storage.ts';
import { apply, toSql, type Model, type Operation } from './operation.ts';
import { makeTemplate } from './template.ts';
import { checkFigures, differences, readColdTable, readModel } from './verify.ts';

/** Nothing in the background: the changes are counted. */
const LIMITS = { memtableBytes: 1 << 20, largeRows: 50, mergeSegments: 0 };

/** Cold files of two months and one hot segment, with deletes on all of them that are in a delete file, and some that are in the log only. */
const SETUP: readonly Operation[] = [
  { kind: 'insert-large', firstId: 1, count: 200, tag: 0 },
  { kind: 'tier-cold', fromDay: 0, toDay: 50 },
  { kind: 'update', modulus: 5, remainder: 0, amount: 7 },
  { kind: 'delete', modulus: 17, remainder: 3 },
  { kind: 'flush' },
  { kind: 'update', modulus: 13, remainder: 1, amount: 3 },
  { kind: 'delete', modulus: 19, remainder: 2 },
  { kind: 'insert', firstId: 1001, count: 3, tag: 5 },
];

/** What others do while the files are being written, and again just before the Iceberg commit. */
const MEANWHILE: readonly Operation[] = [
  { kind: 'update', modulus: 7, remainder: 3, amount: 1000 },
  { kind: 'delete', modulus: 11, remainder: 5 },
  { kind: 'upsert', conflict: 'add', firstId: 60, count: 4, tag: 9 },
];
const LATER: readonly Operation[] = [
  { kind: 'update-day', modulus: 7, remainder: 4, days: 2 },
  { kind: 'delete', modulus: 23, remainder: 6 },
];

const MOVES: readonly { direction: string; move: Operation; steps: readonly [name: string, label: RegExp][] }[] = [
  {
    direction: 'to cold',
    // Rows of the hot segment stay behind, so it is replaced by another one.
    move: { kind: 'tier-cold', fromDay: 40, toDay: 80 },
    steps: [
      ['1, the intent', /^sync manifest/],
      ['2 and 3, an export that is uploaded', /^putFile .*-s0-\d+\.parquet$/],
      ['4, position deletes', /^putFile .*-deletes-\d+\.parquet$/],
      ['5, the intent with all files', /^sync manifest/],
      ['5, a manifest', /^put .*-m0-crc32-.*\.avro$/],
      ['5, the metadata file', /^put .*\.metadata\.json$/],
      ['5, the commit', /^create .*\/pointer\//],
      ['6, the flush before the edit', /^sync manifest/],
      ['6, the edit', /^sync manifest/],
      ['7, the garbage', /^remove tmp\//],
    ],
  },
  {
    direction: 'to hot',
    // Rows of a cold file stay behind, so it is replaced by another one; the other cold file has deletes that Iceberg does not know.
    move: { kind: 'tier-hot', fromDay: 5, toDay: 20 },
    steps: [
      ['1, the intent', /^sync manifest/],
      ['2 and 3, an export that is uploaded', /^putFile .*-s0-\d+\.parquet$/],
      ['4, position deletes', /^putFile .*-deletes-\d+\.parquet$/],
      ['5, the intent with all files', /^sync manifest/],
      ['5, the commit', /^create .*\/pointer\//],
      ['6, the flush before the edit', /^sync manifest/],
      ['6, the edit', /^sync manifest/],
      ['7, the garbage', /^remove tmp\//],
    ],
  },
];

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

describe.each(MOVES)('a move $direction', ({ move, steps }) => {
  test(
    'survives a death at each of its changes: every row is there once, nothing is left behind',
    { timeout: 120_000 },
    async () => {
      await restore(template, folder);
      const whole = await runMove(new Fuse(), move);
      let at = 0;
      for (const [name, label] of steps) {
        const found = whole.changes.findIndex((change, index) => index >= at && label.test(change));
        expect(found, `${name} in\n${whole.changes.slice(at).join('\n')}`).toBeGreaterThanOrEqual(at);
        at = found + 1;
      }
      await checkMoved(whole);
      for (const dieAt of firstAndLastOfEachKind(whole.changes)) {
        await restore(template, folder);
        const run = await runMove(new Fuse(), move, { at: dieAt });
        await atDeath(run.death, () => checkAfterDeath(run));
      }
    },
  );

  test.each([
    // Iceberg has the move and the manifest does not; rows that have moved have been changed since.
    ['finished', /version-hint/],
    ['undone', /\/pointer\//],
  ])('survives a second death while it is being %s', { timeout: 120_000 }, async (_, dieBefore) => {
    const crashed = join(base, 'crashed');
    await restore(template, folder);
    const run = await runMove(new Fuse(), move, { before: dieBefore });
    expect(run.death).toBeDefined();
    await restore(folder, crashed);
    const whole = await recover();
    await atDeath(undefined, () => checkMoved(run));
    expect(whole.changes.some((change) => change.startsWith('sync manifest'))).toBe(true);
    for (const dieAt of firstAndLastOfEachKind(whole.changes)) {
      await restore(crashed, folder);
      const { death } = await recover(dieAt);
      await atDeath(death, () => checkAfterDeath(run));
    }
  });
});

/** Where to die: files and objects of one kind are alike but for the first and the last. */
function firstAndLastOfEachKind(changes: readonly string[]): number[] {
  const kinds = changes.map((change) => change.replaceAll(/[0-9a-f-]{8,}|\d+/g, '#'));
  return changes.flatMap((_, index) => {
    const kind = kinds[index] ?? '';
    return kinds.indexOf(kind) === index || kinds.lastIndexOf(kind) === index ? index : [];
  });
}

interface MoveRun {
  /** Rows that were acknowledged. */
  readonly model: Model;
  /** The statement that was neither acknowledged nor refused. */
  readonly inFlight: Operation | undefined;
  /** Changes of files and store from the start of the move. */
  readonly changes: readonly string[];
  /** The change that was not made any more; `undefined` when the move went to its end. */
  readonly death: string | undefined;
}

/** Runs a move with changes of its rows in between; it dies at its change number `at`, or at the first that `before` matches. */
async function runMove(fuse: Fuse, move: Operation, die: { at?: number; before?: RegExp } = {}): Promise<MoveRun> {
  const db = await AlopexDB.open(folder, {
    limits: LIMITS,
    threads: 2,
    fileSystem: new FusedFileSystem(fuse, folder),
    storage: new FusedStorage(fuse, folder),
    onWarning: () => undefined, // Garbage that the dead could not remove.
  });
  let model = initial;
  let inFlight: Operation | undefined;
  const change = async (operations: readonly Operation[]): Promise<void> => {
    for (const operation of operations) {
      inFlight = operation;
      await db.execute(toSql(operation));
      inFlight = undefined;
      model = apply(model, operation);
    }
  };
  const start = fuse.passed.length;
  let isMeanwhile = true;
  let isLater = true;
  fuse.before = async (label) => {
    if (isMeanwhile && label.startsWith('putFile')) {
      isMeanwhile = false;
      await change(MEANWHILE);
    }
    if (isLater && label.includes('/pointer/')) {
      isLater = false;
      await change(LATER);
    }
    if (die.before?.test(label) === true) fuse.dieAt = fuse.passed.length;
  };
  if (die.at !== undefined) fuse.dieAt = start + die.at;
  try {
    await db.execute(toSql(move));
  } catch (error) {
    if (fuse.death === undefined) throw error;
  }
  await db.close().catch((error: unknown) => {
    if (fuse.death === undefined) throw error;
  });
  return { model, inFlight, changes: fuse.passed.slice(start), death: fuse.death };
}

/** Opens the database on ports that die at the `dieAt`-th change, if any. */
async function recover(dieAt?: number): Promise<Pick<MoveRun, 'changes' | 'death'>> {
  const fuse = new Fuse();
  if (dieAt !== undefined) fuse.dieAt = dieAt;
  try {
    const db = await AlopexDB.open(folder, {
      limits: LIMITS,
      threads: 2,
      fileSystem: new FusedFileSystem(fuse, folder),
      storage: new FusedStorage(fuse, folder),
      onWarning: () => undefined,
    });
    await db.close();
  } catch (error) {
    if (fuse.death === undefined) throw error;
  }
  return { changes: fuse.passed, death: fuse.death };
}

/** Opens twice, so that also what the recovery has written is read. */
async function checkAfterDeath({ model, inFlight }: MoveRun): Promise<Model> {
  const first = await AlopexDB.open(folder, { limits: LIMITS, threads: 2 });
  const rows = await readModel(first);
  const expected = inFlight !== undefined && differences(model, rows).length > 0 ? apply(model, inFlight) : model;
  expect(differences(expected, rows)).toEqual([]);
  await checkFigures(first, folder, rows);
  await first.close();

  const second = await AlopexDB.open(folder, { limits: LIMITS, threads: 2 });
  expect(differences(expected, await readModel(second))).toEqual([]);
  await second.close();
  return expected;
}

/** Moves all rows then, so that the Iceberg table alone must be the table. */
async function checkMoved(run: MoveRun): Promise<void> {
  const expected = await checkAfterDeath(run);
  const db = await AlopexDB.open(folder, { limits: LIMITS, threads: 2 });
  await db.execute('ALTER TABLE t TIER PARTITION WHERE true TO COLD');
  expect(differences(expected, await readModel(db))).toEqual([]);
  await checkFigures(db, folder, expected);
  await db.close();
  expect(differences(expected, await readColdTable(folder))).toEqual([]);
}

/** Says in the message of a failure at which change the process had died. */
async function atDeath(death: string | undefined, check: () => Promise<unknown>): Promise<void> {
  try {
    await check();
  } catch (error) {
    throw new Error(
      `after a death at "${death ?? 'no change'}": ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
}

async function restore(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await cp(from, to, { recursive: true });
}
