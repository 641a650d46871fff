import { execFileSync } from 'node:child_process';
import { mkdir, open as openFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NodeFileSystem } from '../../connectors/node/node-file-system.ts';
import type { AppendFile } from '../../engine/ports/file-system.ts';
import { AlopexDB, type AlopexError } from '../../index.ts';
import { LIMITS, makeFolder } from './database.ts';
import { expectError, failure, rowsOf } from './refusal.ts';

let base: string;

beforeEach(async () => {
  base = await makeFolder();
});

afterEach(async () => {
  await rm(base, { recursive: true, force: true });
});

/** Fails like a full disk when it is told to. The kernel writes its data files past it. */
class FillableFileSystem extends NodeFileSystem {
  isFull = false;

  override async openAppend(path: string): Promise<AppendFile> {
    this.#check();
    const file = await super.openAppend(path);
    return {
      get sizeBytes() {
        return file.sizeBytes;
      },
      append: async (bytes) => {
        // What fits is written.
        if (this.isFull) await file.append(bytes.subarray(0, bytes.length >> 1));
        this.#check();
        await file.append(bytes);
      },
      sync: () => file.sync(),
      async appendDurably(this: AppendFile, bytes) {
        await this.append(bytes);
        await this.sync();
      },
      close: () => file.close(),
    };
  }

  override writeFileAtomic(path: string, bytes: Uint8Array): Promise<void> {
    this.#check();
    return super.writeFileAtomic(path, bytes);
  }

  override syncFile(path: string): Promise<void> {
    this.#check();
    return super.syncFile(path);
  }

  #check(): void {
    if (this.isFull) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  }
}

/** Everything that writes; what takes room does not fit into what happens to be left of a block. `t` has 1,500 rows in memory and segments, `1` to `500` in cold files. */
const WORK: readonly (readonly [name: string, sql: string, takesRoom: boolean])[] = [
  [
    'a small INSERT',
    `INSERT INTO t SELECT i, TIMESTAMP '2024-05-01', ${text('s')} FROM range(20000, 20020) AS r(i)`,
    false,
  ],
  [
    'a large INSERT',
    `INSERT INTO t SELECT i, TIMESTAMP '2024-05-01', ${text('l')} FROM range(30000, 34000) AS r(i)`,
    true,
  ],
  ['an UPDATE of all rows', `UPDATE t SET s = ${text('u')} FROM (SELECT 1) AS one(i)`, true],
  ['a small UPDATE', `UPDATE t SET s = 'small' WHERE id BETWEEN 495 AND 505`, false],
  ['a DELETE', 'DELETE FROM t WHERE id % 3 = 0', false],
  ['CREATE TABLE AS', `CREATE TABLE copied AS SELECT i, ${text('c')} AS s FROM range(4000) AS r(i)`, true],
  ['CREATE TABLE', `CREATE TABLE made (id BIGINT PRIMARY KEY, s VARCHAR)`, false],
  ['ALTER TABLE', 'ALTER TABLE t ADD COLUMN more INTEGER', false],
  ['CHECKPOINT', 'CHECKPOINT', true],
  ['a move to cold', `ALTER TABLE t TIER PARTITION WHERE ts < '2024-04-01' TO COLD`, true],
  ['a move to hot', 'ALTER TABLE t TIER PARTITION WHERE id <= 400 TO HOT', true],
];

/** Text that does not compress, different for each `i`. */
function text(salt: string): string {
  return `'${salt}' || i || md5('${salt}' || i) || md5('${salt}a' || i) || sha256('${salt}b' || i) || sha256('${salt}c' || i)`;
}

async function openFilled(folder: string, fileSystem: FillableFileSystem | undefined): Promise<AlopexDB> {
  const db = await open(folder, fileSystem);
  for (const sql of [
    `CREATE TABLE t (id BIGINT PRIMARY KEY, ts TIMESTAMP NOT NULL, s VARCHAR) WITH (sort_by = 'ts', partition_by = 'month(ts)')`,
    `INSERT INTO t SELECT i, TIMESTAMP '2024-01-01' + INTERVAL (i) HOUR, ${text('a')} FROM range(1, 1501) AS r(i)`,
    'ALTER TABLE t TIER PARTITION WHERE id <= 500 TO COLD',
    `INSERT INTO t SELECT i, TIMESTAMP '2024-01-01' + INTERVAL (i) HOUR, ${text('b')} FROM range(1501, 1541) AS r(i)`,
    'DELETE FROM t WHERE id IN (20, 520, 1520)',
  ]) {
    await db.execute(sql);
  }
  return db;
}

function open(folder: string, fileSystem: FillableFileSystem | undefined): Promise<AlopexDB> {
  return AlopexDB.open(folder, {
    limits: LIMITS,
    threads: 2,
    onWarning: () => undefined, // Of garbage that stays until the next open.
    ...(fileSystem === undefined ? {} : { fileSystem }),
  });
}

/** What a full disk may look like: nothing was done, and either the database goes on or it says that it has to be opened again. */
function expectDiskError(error: AlopexError): void {
  expect(['53100', '58030'], `${error.code} ${error.message}`).toContain(error.code);
  expect(error.hint ?? '').toMatch(/free (some )?disk space/i);
}

/** Checks that nothing was done, and that the statement works when there is room again; opens the database again if it has stopped. */
async function recover(
  db: AlopexDB,
  sql: string,
  before: readonly string[],
  reopen: () => Promise<AlopexDB>,
): Promise<AlopexDB> {
  let current = db;
  const stopped = await db.execute('SELECT 1 FROM t').then(
    () => undefined,
    (error: unknown) => error,
  );
  if (stopped !== undefined) {
    expectError(await failure(Promise.reject(stopped)), {
      code: '57P03',
      message: 'the database has stopped',
      hint: 'Open it again: everything that was acknowledged is there.',
    });
    await db.close();
    current = await reopen();
  }
  expect(await rowsOf(current)).toEqual(before);
  const [counted] = (await current.query(`SELECT row_count AS n FROM alopex.tables WHERE name = 't'`)).toArray() as {
    n: bigint;
  }[];
  expect(Number(counted?.n)).toBe(before.length);
  await current.execute(sql);
  const after = await rowsOf(current);
  await current.close();
  const again = await reopen();
  expect(await rowsOf(again)).toEqual(after);
  return again;
}

describe('a file system that has no room', () => {
  test.each(WORK)('refuses %s, and nothing is lost', async (_name, sql) => {
    const folder = join(base, 'data');
    const fileSystem = new FillableFileSystem();
    const db = await openFilled(folder, fileSystem);
    const before = await rowsOf(db);
    fileSystem.isFull = true;
    expectDiskError(await failure(db.execute(sql)));
    fileSystem.isFull = false;
    const reopened = await recover(db, sql, before, () => open(folder, fileSystem));
    await reopened.close();
  });

  test('refuses to open, and opens when there is room again', async () => {
    const folder = join(base, 'data');
    const fileSystem = new FillableFileSystem();
    const db = await openFilled(folder, fileSystem);
    const before = await rowsOf(db);
    await db.close();
    fileSystem.isFull = true;
    expectDiskError(await failure(open(folder, fileSystem)));
    fileSystem.isFull = false;
    const reopened = await open(folder, fileSystem);
    expect(await rowsOf(reopened)).toEqual(before);
    await reopened.close();
  });
});

/** Root may mount a small disk for itself, unless the machine forbids it; the suite above runs everywhere. */
const canMount = process.platform === 'linux' && process.getuid?.() === 0 && tryMount();

function tryMount(): boolean {
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', '/mnt'], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}

describe.runIf(canMount)('a small disk', () => {
  const SIZE_BYTES = 24 << 20;
  let disk: string;
  let folder: string;

  beforeEach(async () => {
    disk = join(base, 'disk');
    folder = join(disk, 'data');
    await mkdir(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_BYTES}`, 'tmpfs', disk]);
  });

  afterEach(() => {
    execFileSync('umount', ['--lazy', disk]);
  });

  /** Takes all room but so many bytes. */
  async function fill(freeBytes: number): Promise<void> {
    const path = join(disk, 'filler');
    const handle = await openFile(path, 'w');
    let sizeBytes = 0;
    try {
      const block = new Uint8Array(64 << 10);
      for (;;) sizeBytes += (await handle.write(block)).bytesWritten;
    } catch {
      // Full.
    } finally {
      await handle.close();
    }
    await truncate(path, Math.max(0, sizeBytes - freeBytes));
  }

  test.each(WORK)(
    'that gets full during %s: it is done wholly or not at all, and nothing is lost',
    async (_name, sql, takesRoom) => {
      let refused = 0;
      for (const freeBytes of [0, 8 << 10, 48 << 10, 200 << 10]) {
        let db = await openFilled(folder, undefined);
        const before = await rowsOf(db);
        await fill(freeBytes);
        const outcome = await db.execute(sql).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (outcome === undefined) {
          await db.close();
          await rm(join(disk, 'filler'));
        } else {
          refused++;
          expectDiskError(await failure(Promise.reject(outcome)));
          await rm(join(disk, 'filler'));
          db = await recover(db, sql, before, () => open(folder, undefined));
          await db.close();
        }
        await rm(folder, { recursive: true });
      }
      if (takesRoom) expect(refused).toBeGreaterThan(0);
    },
  );

  test('that gets full by many small commits keeps every acknowledged one', async () => {
    const db = await openFilled(folder, undefined);
    await fill(300 << 10);
    let acknowledged = 0;
    const insert = async (): Promise<void> => {
      for (;;) {
        await db.execute(
          `INSERT INTO t SELECT i, TIMESTAMP '2024-05-01', ${text('s')} FROM range(${20_000 + acknowledged * 20}, ${20_020 + acknowledged * 20}) AS r(i)`,
        );
        acknowledged++;
      }
    };
    expectDiskError(await failure(insert()));
    expect(acknowledged).toBeGreaterThan(5);
    await db.close();
    await rm(join(disk, 'filler'));
    const reopened = await open(folder, undefined);
    const [row] = (await reopened.query('SELECT count(*) AS n FROM t WHERE id >= 20000')).toArray() as { n: bigint }[];
    // The one in flight may have reached the log.
    expect([acknowledged * 20, (acknowledged + 1) * 20]).toContain(Number(row?.n));
    await reopened.execute('CHECKPOINT');
    await reopened.close();
  });
});
