// Fills a small disk that is mounted for this process alone, by commits, and makes room again. Argument: the disk.
import { closeSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AlopexDB, AlopexError } from '../../index.ts';

const [, , disk = ''] = process.argv;
const folder = join(disk, 'data');
const filler = join(disk, 'filler');
const TEXT = { keyEncoding: 'text', valueEncoding: 'bytes' } as const;
const VALUE_BYTES = 1500;
const MAX_COMMITS = 20_000;

/** A full disk of any size: flushes fail, compactions fail, the log fails. */
for (const freeBytes of [0, 40_000, 200_000, 600_000, 1_500_000]) await fillAndFree(freeBytes);

async function fillAndFree(freeBytes: number): Promise<void> {
  let db = await open();
  const kept = new Map<string, number>();
  for (let number = 0; number < 40; number++) await put(db, `first ${number}`, number, kept);
  await db.execute('CREATE TABLE t (id BIGINT PRIMARY KEY, v VARCHAR)');
  takeRoom(freeBytes);
  const refusal = await commitUntilRefused(db, kept);
  if (!(refusal instanceof AlopexError) || !['53100', '58030'].includes(refusal.code)) throw refusal;
  if (!/free (some )?disk space/i.test(refusal.hint ?? '')) throw new Error(`no hint: ${refusal.message}`);
  rmSync(filler);
  let goesOn = true;
  try {
    await put(db, 'later', 1, kept);
    await check(db, kept, 1);
  } catch (error) {
    if (!(error instanceof AlopexError)) throw error;
    goesOn = error.code !== '57P03' && error.code !== '58030';
    kept.delete('later');
  }
  if (goesOn) await putWhenItIsTriedAgain(db, 'later still', 2, kept);
  await db.close();
  db = await open();
  await check(db, kept, 2);
  await put(db, 'after opening', 3, kept);
  await db.kv.flush();
  await db.kv.settled();
  await db.execute('INSERT INTO t VALUES (-1, NULL)');
  await check(db, kept, 2);
  await db.close();
  rmSync(folder, { recursive: true });
  const outcome = goesOn ? 'went on' : 'had to be opened again';
  process.stdout.write(`${freeBytes} bytes free: ${refusal.code} after ${kept.size} commits, ${outcome}\n`);
}

function open(): Promise<AlopexDB> {
  return AlopexDB.open(folder, { threads: 1, limits: { kvMemtableBytes: 64_000 }, onWarning: () => undefined });
}

function valueOf(number: number): Uint8Array {
  // Does not compress.
  let state = number + 1;
  return Uint8Array.from(
    { length: VALUE_BYTES },
    () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24,
  );
}

async function put(db: AlopexDB, key: string, number: number, kept: Map<string, number>): Promise<void> {
  await db.kv.keyspace('disk', TEXT).put(key, valueOf(number));
  kept.set(key, number);
}

/** A flush that has failed for lack of room rests for a while, and refuses commits meanwhile. */
async function putWhenItIsTriedAgain(
  db: AlopexDB,
  key: string,
  number: number,
  kept: Map<string, number>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await put(db, key, number, kept);
      return;
    } catch (error) {
      if (!(error instanceof AlopexError) || error.code !== '53100' || attempt === 100) throw error;
    }
    await delay(100);
  }
}

async function commitUntilRefused(db: AlopexDB, kept: Map<string, number>): Promise<unknown> {
  for (let number = 0; number < MAX_COMMITS; number++) {
    try {
      await put(db, `key ${number}`, number, kept);
      if (number % 25 === 24) await db.execute(`INSERT INTO t VALUES (${number}, NULL)`);
    } catch (error) {
      return error;
    }
  }
  return new Error('the disk does not get full');
}

/** Every acknowledged key is there; at most so many that were refused are. */
async function check(db: AlopexDB, kept: ReadonlyMap<string, number>, maxMore: number): Promise<void> {
  const found = new Map<string, Uint8Array>();
  for await (const [key, value] of db.kv.keyspace('disk', TEXT).scan()) found.set(key, value);
  for (const [key, number] of kept) {
    const value = found.get(key);
    if (value === undefined) throw new Error(`${key} was acknowledged and is lost`);
    if (Buffer.compare(value, valueOf(number)) !== 0) throw new Error(`${key} has another value`);
  }
  if (found.size > kept.size + maxMore) throw new Error(`${found.size - kept.size} keys more than were acknowledged`);
}

/** Takes all room but so many bytes. */
function takeRoom(freeBytes: number): void {
  const descriptor = openSync(filler, 'w');
  const block = new Uint8Array(16 << 10);
  let sizeBytes = 0;
  try {
    for (;;) sizeBytes += writeSync(descriptor, block);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ENOSPC') throw error;
  }
  ftruncateSync(descriptor, Math.max(0, sizeBytes - freeBytes));
  closeSync(descriptor);
}
