import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AlopexDB } from '../../index.ts';
import { LIMITS, makeFolder, openTiered } from './database.ts';
import { contents, expectError, failure, fingerprint } from './refusal.ts';

let base: string;
let folder: string;

beforeEach(async () => {
  base = await makeFolder();
  folder = join(base, 'data');
});

afterEach(async () => {
  await rm(base, { recursive: true, force: true });
});

/** What a process of its own says of a folder that it tries to open. */
async function openInChild(path: string, user = ''): Promise<unknown> {
  const script = fileURLToPath(new URL('open-in-child.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, path, user]);
  return stdout === 'opened\n' ? 'opened' : JSON.parse(stdout);
}

describe('a folder that is in use', () => {
  test('is refused to this process and to another one, and nothing is disturbed', async () => {
    const db = await openTiered(folder);
    const rows = await contents(db);
    const files = await fingerprint(folder);
    for (let attempt = 0; attempt < 2; attempt++) {
      expectError(await failure(AlopexDB.open(folder)), {
        code: '55006',
        message: `${folder} is in use by this process`,
        hint: 'used by one process at a time',
      });
      expect(await openInChild(folder)).toMatchObject({
        code: '55006',
        message: expect.stringContaining(`${folder} is in use by another process (process id ${process.pid})`),
        hint: expect.stringContaining('close the other one'),
      });
    }
    expect(await contents(db)).toEqual(rows);
    expect(await fingerprint(folder)).toEqual(files);
    await db.execute(`INSERT INTO t VALUES (9999, '2024-05-01', 1, 'after all', 1)`);
    await db.close();
    expect(await openInChild(folder)).toBe('opened');
  });
});

describe('a folder that may not be written', () => {
  async function makeReadOnly(path: string): Promise<void> {
    await chmod(base, 0o755); // Anybody may come as far as to the folder itself.
    await chmod(path, 0o555);
  }

  test.each(['an empty folder', 'a database'])('is refused: %s', async (kind) => {
    if (kind === 'a database') await (await openTiered(folder)).close();
    else await mkdir(folder);
    const files = await fingerprint(folder);
    await makeReadOnly(folder);
    try {
      expect(await openInChild(folder, 'nobody')).toMatchObject({
        code: '58030',
        message: expect.stringMatching(new RegExp(`the folder of a database must be writable: .*${folder}`)),
        hint: 'Give this user the right to write there, or choose another folder.',
      });
    } finally {
      await chmod(folder, 0o755);
    }
    expect(await fingerprint(folder)).toEqual(files);
  });

  test('is refused where a folder would have to be made', async () => {
    const parent = join(base, 'parent');
    await mkdir(parent);
    await makeReadOnly(parent);
    expect(await openInChild(join(parent, 'data'), 'nobody')).toMatchObject({
      code: '58030',
      message: expect.stringContaining(join(parent, 'data')),
      hint: expect.stringContaining('Choose a folder that can be written'),
    });
    await chmod(parent, 0o755);
    expect(await readdir(parent)).toEqual([]);
  });

  test('is refused where a file is in its place', async () => {
    await writeFile(folder, 'not a folder');
    expectError(await failure(AlopexDB.open(folder)), { code: '58030', message: folder, hint: 'can be written' });
    expect(await readFile(folder, 'utf8')).toBe('not a folder');
  });
});

describe('data of another version', () => {
  test('that is newer is refused, and left as it is', async () => {
    await (await openTiered(folder)).close();
    const path = join(folder, 'manifest', 'CURRENT');
    const current = await readFile(path, 'utf8');
    const { manifest } = JSON.parse(current.slice(0, current.lastIndexOf(' '))) as { manifest: string };
    const json = JSON.stringify({ formatVersion: 5, manifest });
    await writeFile(path, `${json} ${crc32(json).toString(16).padStart(8, '0')}\n`);
    const files = await fingerprint(folder);
    expectError(await failure(AlopexDB.open(folder)), {
      code: '0A000',
      message: `${folder}/manifest has format version 5; this AlopexDB reads up to 4`,
      hint: 'Open it with the newer AlopexDB that wrote it. Nothing was changed.',
    });
    expect(await fingerprint(folder)).toEqual(files);
    await writeFile(path, current);
    const db = await AlopexDB.open(folder, { limits: LIMITS });
    expect((await contents(db)).length).toBeGreaterThan(1000);
    await db.close();
  });
});
