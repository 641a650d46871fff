import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DuckDbKernel } from '../kernel/duckdb-kernel.ts';
import { checkDatabase } from './check.ts';
import {
  damageFile,
  fileLike,
  filesOf,
  findingsOf,
  portsOf,
  SampleDatabase,
  type Damage,
} from './test-support/sample-database.ts';

let sample: SampleDatabase;
beforeAll(async () => {
  sample = await SampleDatabase.make();
});
afterAll(() => sample.remove());

/** Files whose damage is to be found. `LOCK` and the hint for other engines hold no data. */
const CHECKED = /^(?!LOCK|.*version-hint\.text)/;

async function bytesOf(folder: string): Promise<Map<string, string>> {
  const files = await filesOf(folder);
  return new Map(
    await Promise.all(files.map(async (file) => [file, await readFile(join(folder, file), 'hex')] as const)),
  );
}

test('a sound database has no findings, and is as it was afterwards', async () => {
  const dataDir = await sample.restore();
  const before = await bytesOf(dataDir);
  const kernel = await DuckDbKernel.open({ tempFolder: join(dataDir, 'tmp'), threads: 1 });
  const connection = await kernel.connect();
  const findings: unknown[] = [];
  const files: string[] = [];
  const summary = await checkDatabase({ ...portsOf(dataDir), connection }, dataDir, {
    onFinding: (finding) => findings.push(finding),
    onFile: (file) => files.push(file),
  });
  kernel.close();
  expect(findings).toEqual([]);
  expect(summary).toEqual({ damage: 0, warnings: 0, files: files.length });
  for (const kind of ['segments/', 'deletes/', 'kv/', 'log/', 'manifest/MANIFEST', '/data/']) {
    expect(
      files.some((file) => file.includes(kind)),
      kind,
    ).toBe(true);
  }
  expect(await bytesOf(dataDir)).toEqual(before);
});

test('whatever is damaged, the file is named', async () => {
  const dataDir = await sample.restore();
  const files = (await filesOf(dataDir)).filter((file) => CHECKED.test(file));
  expect(files.length).toBeGreaterThan(12);
  const places = fc.sample(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { seed: 3, numRuns: 500 });
  for (const file of files) {
    // A shorter log or manifest may be a crash; that the last file of the log is gone cannot be seen.
    const isGrowing = /^(log|manifest\/MANIFEST)/.test(file);
    const ways: readonly Damage[] = isGrowing ? ['flip', 'flip', 'flip', 'flip'] : ['flip', 'flip', 'cut', 'remove'];
    for (const damage of ways) {
      const at = places.pop() ?? 0;
      await damageFile(join(dataDir, file), damage, at);
      const damaged = (await findingsOf(dataDir)).filter(({ severity }) => severity === 'damage');
      await sample.restoreFile(file);
      const texts = damaged.map((finding) => `${finding.file} ${finding.problem}`).join('\n');
      // Without its pointer a cold table is missing as a whole.
      const isGone = damage === 'remove' && file.includes('/pointer/');
      const name = file.startsWith('warehouse/') ? /[^/]+$/.exec(file)?.[0] : file;
      expect(texts, `${damage} ${file} at ${at}`).toContain(isGone ? 'main/t-1' : name);
    }
  }
});

describe('what a crash leaves is a warning', () => {
  test.each([
    ['segments/1/00000099.parquet', 'the next open removes it'],
    ['segments/77/00000001.parquet', 'the next open removes it'],
    ['kv/00000099.seg', 'the next open removes it'],
    ['manifest/MANIFEST-000009', 'nothing names it'],
    ['surprise', 'nothing names it'],
  ])('%s', async (file, problem) => {
    const dataDir = await sample.restore();
    await mkdir(join(dataDir, file, '..'), { recursive: true });
    await writeFile(join(dataDir, file), 'left over');
    expect(await findingsOf(dataDir)).toEqual([
      { severity: 'warning', kind: 'unknown file', file, problem: expect.stringContaining(problem) as string },
    ]);
  });

  test('an unfinished write at the end of log and manifest', async () => {
    const dataDir = await sample.restore();
    for (const pattern of [/^log/, /MANIFEST/]) {
      const path = join(dataDir, await fileLike(dataDir, pattern));
      await writeFile(path, Buffer.concat([await readFile(path), Buffer.from([5, 0, 0, 0, 1]), Buffer.alloc(2000)]));
    }
    const findings = await findingsOf(dataDir);
    expect(findings.map(({ severity, kind }) => [severity, kind])).toEqual([
      ['warning', 'manifest'],
      ['warning', 'log'],
    ]);
    expect(findings[1]?.problem).toContain('5 bytes of an unfinished write');
  });

  test('but unused space at the end of the log is none of that, and hides no damage', async () => {
    const dataDir = await sample.restore();
    const log = await fileLike(dataDir, /^log/);
    const bytes = Buffer.concat([await readFile(join(dataDir, log)), Buffer.alloc(300_000)]);
    await writeFile(join(dataDir, log), bytes);
    expect(await findingsOf(dataDir)).toEqual([]);
    bytes.writeUInt8(bytes.readUInt8(20) ^ 4, 20);
    await writeFile(join(dataDir, log), bytes);
    const [finding] = await findingsOf(dataDir);
    expect(finding).toMatchObject({ severity: 'damage', kind: 'log', file: log });
    expect(finding?.problem).toContain('behind it are');
  });
});

test('commits that are missing from the middle of the log are told by number', async () => {
  const dataDir = await sample.restore();
  const log = await fileLike(dataDir, /^log/);
  const bytes = await readFile(join(dataDir, log));
  const first = 12 + bytes.readUInt32LE(0);
  const second = first + 12 + bytes.readUInt32LE(first);
  await writeFile(join(dataDir, log), Buffer.concat([bytes.subarray(0, first), bytes.subarray(second)]));
  const [finding, ...more] = await findingsOf(dataDir);
  expect(more).toEqual([]);
  expect(finding).toMatchObject({ severity: 'damage', kind: 'log', file: log });
  expect(finding?.problem).toMatch(/^at byte \d+, commit (\d+) is missing before commit \d+; behind it are 10 intact/);
});

test('a manifest that is gone is damage when there are files that it explained', async () => {
  const dataDir = await sample.restore();
  await rm(join(dataDir, 'manifest'), { recursive: true });
  const findings = await findingsOf(dataDir);
  expect(findings[0]).toMatchObject({ severity: 'damage', file: 'manifest/CURRENT', problem: 'it is missing' });
});

test('a folder without a database is an error', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'alopex-check-none-'));
  await expect(findingsOf(folder)).rejects.toMatchObject({ code: '58P01' });
  await rm(folder, { recursive: true });
});

test('it stops when it is told to', async () => {
  const dataDir = await sample.restore();
  const signal = AbortSignal.abort();
  await expect(checkDatabase(portsOf(dataDir), dataDir, { signal })).rejects.toMatchObject({ code: '57014' });
});
