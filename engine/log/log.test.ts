import { expect, test } from 'vitest';
import { MemoryFileSystem } from '../test-support/memory-file-system.ts';
import { FileLog } from './log.ts';

const encode = (text: string): Uint8Array[] => [new TextEncoder().encode(text)];

async function reopen(files: MemoryFileSystem): Promise<{ log: FileLog; commits: string[] }> {
  const commits: string[] = [];
  const log = await FileLog.open(files, '/log', (payload) => {
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
