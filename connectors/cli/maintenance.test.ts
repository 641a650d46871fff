import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { damageFile, fileLike, SampleDatabase } from '../../engine/check/test-support/sample-database.ts';
import { AlopexDB } from '../../index.ts';
import { runReal, type RealRun } from './test-support/run-real.ts';

let sample: SampleDatabase;
let dataDir: string;
beforeAll(async () => {
  sample = await SampleDatabase.make();
  dataDir = join(sample.folder, 'data');
});
afterAll(() => sample.remove());

const run = (...args: string[]): Promise<RealRun> => runReal([...args, '--data-dir', dataDir]);

/** Damages one file, and returns its name. */
async function damage(pattern: RegExp, at = 0.5): Promise<string> {
  const file = await fileLike(dataDir, pattern);
  await damageFile(join(dataDir, file), 'flip', at);
  return file;
}

describe('check', () => {
  test('says that a sound database is sound', async () => {
    await sample.restore();
    const { status, stdout, stderr } = await run('check');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^\d+ files checked: no damage, 0 warnings\n$/);
    expect(await run('check', '--output', 'json')).toMatchObject({ status: 0, stdout: '[]\n' });
  });

  test('names every damaged file, a line each, and in JSON', async () => {
    await sample.restore();
    const segment = await damage(/^segments\/2/);
    const keys = await damage(/^kv/, 0.2);
    const { status, stdout } = await run('check');
    expect(status).toBe(1);
    expect(stdout).toContain(`DAMAGE   ${segment} (segment): its checksum is wrong (table "u")\n`);
    expect(stdout).toContain(`DAMAGE   ${keys} (key-value segment): the checksum of block`);
    expect(stdout).toMatch(/files checked: 2 damages, 0 warnings\n$/);
    const json = await run('check', '--output', 'json');
    expect(json.status).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject([
      { severity: 'damage', kind: 'segment', file: segment },
      { severity: 'damage', kind: 'key-value segment', file: keys },
    ]);
    expect(json.stderr).toMatch(/2 damages/);
  });

  test('does not work beside an open database, nor without one', async () => {
    await sample.restore();
    const db = await AlopexDB.open(dataDir);
    expect(await run('check')).toMatchObject({ status: 1, stderr: expect.stringContaining('ERROR 55006') as string });
    await db.close();
    const nowhere = join(sample.folder, 'nowhere');
    for (const command of ['check', 'repair']) {
      const { status, stderr } = await runReal([command, '--data-dir', nowhere]);
      expect({ status, stderr }).toMatchObject({ status: 1, stderr: expect.stringContaining('58P01') as string });
    }
    const empty = await mkdtemp(join(tmpdir(), 'alopex-empty-'));
    expect(await runReal(['check', '--data-dir', empty])).toMatchObject({ status: 1 });
    await rm(empty, { recursive: true });
  });
});

describe('repair', () => {
  test('has nothing to do for a sound database', async () => {
    await sample.restore();
    expect(await run('repair')).toMatchObject({ status: 0, stdout: 'nothing to repair\n', stderr: '' });
  });

  test('tells what it does, before it does it and then', async () => {
    await sample.restore();
    const segment = await damage(/^segments\/2/);
    // Rows are counted without reading them.
    expect(await runReal(['sql', '--data-dir', dataDir, '-c', 'FROM u'])).toMatchObject({ status: 1 });
    const dry = await run('repair', '--dry-run');
    expect(dry.status).toBe(1);
    expect(dry.stdout).toMatch(
      /\ndry run, nothing was changed: 1 finding: 0 restored, 1 with losses, 0 left as they are\n$/,
    );
    expect((await run('check')).status).toBe(1);
    const done = await run('repair');
    expect(done.status).toBe(1);
    expect(done.stdout).toContain(
      `LOST      ${segment}: its checksum is wrong\n          dropped; its 100 rows of table "u"`,
    );
    expect(done.stdout).toMatch(/; copies are in \S+\/lost-\d{8}T\d{6}Z\n$/);
    expect(await run('check')).toMatchObject({ status: 0 });
    const left = await runReal(['sql', '--data-dir', dataDir, '--output', 'csv', '-c', 'SELECT count(*) AS n FROM u']);
    expect(left.stdout).toBe('n\n106\n');
    expect(await run('repair')).toMatchObject({ status: 0 });
  });

  test('status 0 and a report in JSON when nothing is lost', async () => {
    await sample.restore();
    await damage(/CURRENT/);
    const { status, stdout } = await run('repair', '--output', 'json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([{ outcome: 'restored', file: 'manifest/CURRENT' }]);
  });

  test('drops a delete file when it may', async () => {
    await sample.restore();
    const file = await damage(/^deletes/);
    const { status, stdout } = await run('repair');
    expect(status).toBe(1);
    expect(stdout).toContain(`DAMAGED   ${file}`);
    expect((await run('check')).status).toBe(1);
    expect((await run('repair', '--accept-resurrected-rows')).stdout).toContain(`LOST      ${file}`);
    expect((await run('check')).status).toBe(0);
  });
});

test('stats shows tables, levels and folders', async () => {
  await sample.restore();
  const { status, stdout } = await run('stats', '--output', 'json');
  expect(status).toBe(0);
  const [tables, levels, folders] = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  expect(tables).toMatchObject([
    { table_name: 't', row_count: 100, hot_rows: 51, hot_files: 2, cold_rows: 49, cold_files: 1 },
    { table_name: 'u', row_count: 206, memory_rows: 6, hot_rows: 200, hot_files: 2, cold_rows: 0 },
  ]);
  // Two flushes, which were merged into the last level.
  const [memory, ...onDisk] = levels as { key_value_level: string; segment_count: number; size_bytes: number }[];
  expect(memory).toMatchObject({ key_value_level: 'memory', segment_count: 0 });
  expect(onDisk.map((level) => level.segment_count)).toEqual([0, 0, 0, 0, 0, 0, 1]);
  expect(onDisk.at(-1)?.size_bytes).toBeGreaterThan(1000);
  const names = (folders as { folder: string; file_count: number }[]).map(({ folder, file_count }) => [
    folder,
    file_count,
  ]);
  expect(names).toContainEqual(['kv', 1]);
  expect(names).toContainEqual(['segments', 4]);
});

test.each(['check', 'repair', 'stats'])('%s: usage', async (command) => {
  expect((await runReal([command, '--help'])).stdout).toContain(`Usage: alopex ${command}`);
  expect(await runReal([command, 'extra'])).toMatchObject({ status: 2 });
  expect(await runReal([command, '--output', 'xml'])).toMatchObject({ status: 2 });
});
