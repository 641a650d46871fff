import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AlopexDB, AlopexError } from '../../index.ts';
import { Fuse } from './fuse.ts';
import { FusedStorage, type StoreFaults } from './fused-storage.ts';
import { apply, CREATE_TABLE, toSql, type Model, type Operation } from './operation.ts';
import { checkFigures, differences, readColdTable, readModel } from './verify.ts';

const LIMITS = { memtableBytes: 1 << 20, largeRows: 50 };
const TO_COLD: Operation = { kind: 'tier-cold', fromDay: 40, toDay: 80 };
const TO_HOT: Operation = { kind: 'tier-hot', fromDay: 5, toDay: 20 };

let folder: string;
let model: Model;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alopex-crash-'));
  model = new Map();
  const db = await AlopexDB.open(folder, { limits: LIMITS });
  await db.execute(CREATE_TABLE);
  await run(db, { kind: 'insert-large', firstId: 1, count: 200, tag: 0 });
  await run(db, { kind: 'tier-cold', fromDay: 0, toDay: 50 });
  await run(db, { kind: 'update', modulus: 5, remainder: 0, amount: 7 });
  await db.close();
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe.each([
  { direction: 'to cold', move: TO_COLD },
  { direction: 'to hot', move: TO_HOT },
])('a move $direction of which the commit gets no answer', ({ move }) => {
  test('is finished when the store then shows that it has happened', async () => {
    const db = await openWith({ commit: 'answer lost', isDownAfterwards: false, isDown: false });
    await run(db, move);
    await check(db);
    await db.close();
    await checkReopened();
  });

  test.each([
    { commit: 'request lost', isDownAfterwards: false },
    { commit: 'request lost', isDownAfterwards: true },
    { commit: 'answer lost', isDownAfterwards: true },
  ] as const)(
    'is in doubt, and settled when the database is opened again: $commit, store down: $isDownAfterwards',
    async (faults) => {
      const db = await openWith({ ...faults, isDown: false });
      expect(await failure(db.execute(toSql(move)))).toMatchObject({
        code: '58030',
        message: 'it is not known whether the cold table of "t" was changed',
        hint: expect.stringContaining('Every row is safe.'),
      });
      // Rows of the doubtful move are read and changed as ever.
      expect(differences(model, await readModel(db))).toEqual([]);
      await run(db, { kind: 'update', modulus: 7, remainder: 2, amount: 100 });
      await run(db, { kind: 'delete', modulus: 11, remainder: 4 });
      await run(db, { kind: 'flush' });
      await run(db, { kind: 'update', modulus: 13, remainder: 2, amount: 1000 });
      expect(differences(model, await readModel(db))).toEqual([]);
      expect(await failure(db.execute(toSql(move)))).toMatchObject({
        code: '55006',
        hint: expect.stringContaining('Open the database again'),
      });
      await db.close();
      await checkReopened();
    },
  );

  test('keeps the database closed while the store does not answer, and harms nothing', async () => {
    const db = await openWith({ commit: 'answer lost', isDownAfterwards: true, isDown: false });
    expect(await failure(db.execute(toSql(move)))).toMatchObject({ code: '58030' });
    await run(db, { kind: 'delete', modulus: 11, remainder: 4 });
    await db.close();
    const refused = await failure(openWith({ commit: undefined, isDownAfterwards: false, isDown: true }));
    expect(refused).toBeInstanceOf(AlopexError);
    await checkReopened();
  });
});

function openWith(faults: StoreFaults): Promise<AlopexDB> {
  return AlopexDB.open(folder, { limits: LIMITS, storage: new FusedStorage(new Fuse(), folder, faults) });
}

async function run(db: AlopexDB, operation: Operation): Promise<void> {
  await db.execute(toSql(operation));
  model = apply(model, operation);
}

async function check(db: AlopexDB): Promise<void> {
  expect(differences(model, await readModel(db))).toEqual([]);
  await checkFigures(db, folder, model);
}

async function checkReopened(): Promise<void> {
  const db = await AlopexDB.open(folder, { limits: LIMITS });
  await check(db);
  await run(db, { kind: 'tier-cold', fromDay: -1000, toDay: 1000 });
  await check(db);
  await db.close();
  expect(differences(model, await readColdTable(folder))).toEqual([]);
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}
