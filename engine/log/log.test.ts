import { expect, test } from 'vitest';
import { MemoryFileSystem } from '../test-support/memory-file-system.ts';
import { SystemClock } from '../../connectors/node/system-clock.ts';
import { FileLog, type Durability } from './log.ts';

const encode = (text: string): Uint8Array[] => [new TextEncoder().encode(text)];

async function reopen(
  files: MemoryFileSystem,
  durability: Durability = 'full',
): Promise<{ log: FileLog; commits: string[] }> {
  const commits: string[] = [];
  const ports = { fileSystem: files, clock: new SystemClock() };
  const log = await FileLog.open(ports, '/log', { durability, syncIntervalMs: 1 }, (payload) => {
    commits.push(new TextDecoder().decode(payload));
    return commits.length;
  });
  return { log, commits };
}

test('commits come back in order, over several files', async () => {
  const files = new MemoryFileSystem();
  const { log } = await reopen(files);
  await log.append(1, encode('a'));
  await log.seal();
  await log.append(2, encode('b'));
  await log.close();
  const second = await reopen(files);
  expect(second.commits).toEqual(['a', 'b']);
  await second.log.append(3, encode('c'));
  await second.log.close();
  expect((await reopen(files)).commits).toEqual(['a', 'b', 'c']);
});

test('appends that wait together share an fsync', async () => {
  const files = new MemoryFileSystem();
  const { log } = await reopen(files);
  const before = files.syncs;
  await Promise.all(Array.from({ length: 50 }, (_, index) => log.append(index + 1, encode(`${index}`))));
  expect(files.syncs - before).toBeLessThanOrEqual(2);
  await log.close();
  expect((await reopen(files)).commits).toHaveLength(50);
});

test('trimming removes only files whose commits are all older', async () => {
  const files = new MemoryFileSystem();
  const { log } = await reopen(files);
  await log.append(1, encode('a'));
  await log.append(2, encode('b'));
  await log.seal();
  await log.append(3, encode('c'));
  await log.seal();
  await log.trim(2);
  expect((await reopen(files)).commits).toEqual(['a', 'b', 'c']);
  await log.trim(3);
  expect((await reopen(files)).commits).toEqual(['c']);
});

test('a torn tail is cut off at the end of the last file, and is damage anywhere else', async () => {
  const files = new MemoryFileSystem();
  const { log } = await reopen(files);
  await log.append(1, encode('a'));
  await log.append(2, encode('b'));
  const [name = ''] = files.files.keys();
  await files.truncate(name, (await files.readFile(name)).length - 1);
  const second = await reopen(files);
  expect(second.commits).toEqual(['a']);
  await second.log.append(2, encode('c'));
  expect((await reopen(files)).commits).toEqual(['a', 'c']);
  await files.truncate(name, (await files.readFile(name)).length - 1);
  await expect(reopen(files)).rejects.toMatchObject({
    code: 'XX001',
    message: expect.stringContaining(name) as string,
  });
});

test('a flipped bit is an error that names the file', async () => {
  const files = new MemoryFileSystem();
  const { log } = await reopen(files);
  await log.append(1, encode('some text'));
  const [name = ''] = files.files.keys();
  files.flip(name, 15);
  await expect(reopen(files)).rejects.toMatchObject({
    code: 'XX001',
    message: expect.stringContaining(name) as string,
  });
});

test('after a failed fsync nothing more is acknowledged', async () => {
  const files = new MemoryFileSystem();
  const { log } = await reopen(files);
  await log.append(1, encode('a'));
  files.failSync = true;
  await expect(Promise.all([log.append(2, encode('b')), log.append(3, encode('c'))])).rejects.toMatchObject({
    code: '58030',
  });
  files.failSync = false;
  await expect(log.append(4, encode('d'))).rejects.toMatchObject({ code: '58030' });
  await expect(log.seal()).rejects.toMatchObject({ code: '58030' });
});

test('files without a commit do not pile up', async () => {
  const files = new MemoryFileSystem();
  for (let round = 0; round < 5; round++) await (await reopen(files)).log.close();
  expect(files.files.size).toBe(1);
});

test('a commit is not fsynced at level none, and soon at level interval', async () => {
  const files = new MemoryFileSystem();
  const { log } = await reopen(files, 'none');
  const before = files.syncs;
  await log.append(1, encode('a'));
  expect(files.syncs).toBe(before);
  await log.sync();
  expect(files.syncs).toBe(before + 1);
  await log.close();
  const { log: second } = await reopen(files, 'interval');
  const then = files.syncs;
  await second.append(2, encode('b'));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(files.syncs).toBe(then + 1);
  await second.close();
});

test('what is committed in one go without an fsync is one write, in order, and on its way at once', async () => {
  const files = new MemoryFileSystem();
  const writes: number[] = [];
  files.onAppendNow = (bytes) => writes.push(bytes.length);
  const { log } = await reopen(files, 'none');
  const names = Array.from({ length: 20 }, (_, index) => `${index}`);
  await Promise.all(names.map((name, index) => log.append(index + 1, encode(name))));
  expect(writes).toHaveLength(1);
  await log.append(21, encode('alone'));
  expect(writes).toHaveLength(2);
  // Too long to hold up everything else meanwhile.
  await Promise.all([log.append(22, encode('x'.repeat(300_000))), log.append(23, encode('y'))]);
  await log.append(24, encode('z'));
  expect(writes).toHaveLength(3);
  await log.close();
  const { commits } = await reopen(files);
  expect(commits).toEqual([...names, 'alone', 'x'.repeat(300_000), 'y', 'z']);
});

test('a write that fails within its call stops the log as any other', async () => {
  const files = new MemoryFileSystem();
  const { log } = await reopen(files, 'none');
  await log.append(1, encode('a'));
  files.onAppendNow = () => {
    throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  };
  const rejected = await Promise.allSettled([log.append(2, encode('b')), log.append(3, encode('c'))]);
  expect(rejected.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  files.onAppendNow = undefined;
  await expect(log.append(4, encode('d'))).rejects.toMatchObject({ code: '58030' });
  expect((await reopen(files)).commits).toEqual(['a']);
});

test('what comes in while a file is sealed goes to the next one', async () => {
  const files = new MemoryFileSystem();
  const { log } = await reopen(files);
  await Promise.all([log.append(1, encode('a')), log.seal(), log.append(2, encode('b')), log.append(3, encode('c'))]);
  await log.seal();
  await log.trim(3);
  expect((await reopen(files)).commits).not.toContain('a1');
  expect((await reopen(files)).commits).toContain('c');
});
