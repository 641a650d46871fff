import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AlopexDB, AlopexError } from '../../index.ts';
import { LIMITS, makeFolder, openTiered } from './database.ts';
import { contents, filesIn } from './refusal.ts';

const POSITIONS = 12;
/** One bit low, one bit high, one in the middle, all of them. */
const MASKS = [0xff, 0x01, 0x80, 0x10];

/** Files that are read, whole, whenever the table is: each flip must be noticed. */
const MUST_BE_NOTICED = /^(manifest|log|segments|deletes|kv)\/|^warehouse\/.*\/data\//;
/** Files that only other engines read. */
const NEVER_READ = /version-hint\.text$/;

let base: string;
let folder: string;
let template: string;
let expected: string[];

beforeAll(async () => {
  base = await makeFolder();
  // Addresses in Iceberg tables are absolute: the database stays at its path.
  folder = join(base, 'data');
  template = join(base, 'template');
  const db = await openTiered(folder);
  for (let number = 0; number < 300; number++) await keysOf(db).put(`key ${number}`, `value ${number * number}`);
  await keysOf(db).deleteRange({ gte: 'key 10', lt: 'key 12' });
  await db.kv.flush();
  await keysOf(db).put('key in the log', 'value');
  await db.close();
  await cp(folder, template, { recursive: true });
  expected = await readAll();
});

afterAll(async () => {
  await rm(base, { recursive: true, force: true });
});

function keysOf(db: AlopexDB) {
  return db.kv.keyspace('flipped', { keyEncoding: 'text', valueEncoding: 'text' });
}

/** Opens the database and reads all that there is. */
async function readAll(): Promise<string[]> {
  const db = await AlopexDB.open(folder, { limits: LIMITS, threads: 2 });
  try {
    const snapshots = await db.query(
      'SELECT snapshot_id::VARCHAR AS id, operation FROM alopex.snapshots ORDER BY sequence_number',
    );
    const segments = await db.query(
      'SELECT name, row_count::INTEGER AS n, deleted_rows::INTEGER AS d FROM alopex.segments ORDER BY name',
    );
    const shown = [...snapshots.toArray(), ...segments.toArray()].map((row: { toJSON(): unknown }) =>
      JSON.stringify(row.toJSON()),
    );
    const keys: string[] = [];
    for await (const [key, value] of keysOf(db).scan()) keys.push(`${key}: ${value}`);
    // A look-up reads the filter, which a scan does not.
    keys.push(`by look-up: ${await keysOf(db).get('key 7')}`);
    return [...(await contents(db)), ...shown, ...keys];
  } finally {
    await db.close();
  }
}

async function restore(): Promise<void> {
  await rm(folder, { recursive: true });
  await cp(template, folder, { recursive: true });
}

/** The error that reading meets when the bytes of a file are changed, or `undefined` for the right answer; wrong answers and other errors fail. */
async function errorAfter(file: string, change: (bytes: Uint8Array) => void): Promise<AlopexError | undefined> {
  await restore();
  const path = join(folder, file);
  const bytes = new Uint8Array(await readFile(path));
  change(bytes);
  await writeFile(path, bytes);
  return errorOf(readAll().then((rows) => expect(rows).toEqual(expected)));
}

/** The error of AlopexDB that `work` ends with, if any; other errors fail. */
async function errorOf(work: Promise<void>): Promise<AlopexError | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof AlopexError) return error;
    throw error;
  }
}

test('the database has every kind of file', async () => {
  const files = await filesIn(template);
  for (const kind of [
    /^LOCK$/,
    /^manifest\/CURRENT$/,
    /^manifest\/MANIFEST-\d+$/,
    /^log\/\d+\.log$/,
    /^segments\/1\/\d+\.parquet$/,
    /^deletes\/1\/\d+\.parquet$/,
    /^kv\/\d+\.seg$/,
    /data\/[^/]*-s0-\d+\.parquet$/,
    /data\/[^/]*-deletes-\d+\.parquet$/,
    /metadata\/pointer\/\d+$/,
    /metadata\/[^/]*\.metadata\.json$/,
    /metadata\/snap-[^/]*\.avro$/,
    /metadata\/[^/]*-m\d+-crc32-[^/]*\.avro$/,
    NEVER_READ,
  ]) {
    expect(
      files.some((file) => kind.test(file)),
      String(kind),
    ).toBe(true);
  }
});

test(
  'a flipped byte in any file is an error that names the file, or makes no difference',
  { timeout: 240_000 },
  async () => {
    for (const file of await filesIn(template)) {
      const { length } = await readFile(join(template, file));
      let noticed = 0;
      for (let index = 0; index < Math.min(POSITIONS, length); index++) {
        const at = Math.round((index * (length - 1)) / (Math.min(POSITIONS, length) - 1));
        const mask = MASKS[index % MASKS.length] ?? 0xff;
        const where = `${file}, byte ${at} of ${length} ^ ${mask.toString(16)}`;
        const error = await errorAfter(file, (bytes) => {
          bytes[at] = (bytes[at] ?? 0) ^ mask;
        }).catch((wrong: unknown) => {
          throw new Error(`${where}: ${wrong instanceof Error ? wrong.message : String(wrong)}`, { cause: wrong });
        });
        if (error === undefined) {
          expect(where).not.toMatch(MUST_BE_NOTICED);
          continue;
        }
        noticed++;
        expect(error.message, where).toContain(basename(file));
        expect(error.code, `${where}: ${error.message}`).toBe('XX001');
        expect(error.hint, `${where}: ${error.message}`).toBeDefined();
      }
      if (NEVER_READ.test(file)) expect(noticed, file).toBe(0);
    }
  },
);

test('an end of the log that is a zero, as a torn write has it, loses nothing that was acknowledged', async () => {
  for (const file of (await filesIn(template)).filter((name) => /^(log\/|manifest\/MANIFEST)/.test(name))) {
    const error = await errorAfter(file, (bytes) => {
      bytes[bytes.length - 1] = 0;
    });
    if (error !== undefined)
      expect(error).toMatchObject({ code: 'XX001', message: expect.stringContaining(basename(file)) });
  }
});

test('a file that is missing is an error that names it, or makes no difference', { timeout: 120_000 }, async () => {
  // Nothing names the log's files: with one of them gone, so are its commits.
  for (const file of (await filesIn(template)).filter((name) => !name.startsWith('log/'))) {
    await restore();
    await rm(join(folder, file));
    const error = await errorOf(readAll().then((rows) => expect(rows, `without ${file}`).toEqual(expected)));
    if (error === undefined) {
      // Made anew, or of the past, or for other engines.
      expect(file).toMatch(/^LOCK$|^warehouse\/.*\/metadata\//);
      continue;
    }
    // A pointer that is gone cannot be named: the one before looks as new.
    const named = file.includes('/pointer/') ? 'warehouse/main/t-1 has lost snapshot' : basename(file);
    expect(error.message, `without ${file}`).toContain(named);
    expect(error.hint, `without ${file}: ${error.message}`).toBeDefined();
  }
});
