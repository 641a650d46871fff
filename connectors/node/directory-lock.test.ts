import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DirectoryLock } from './directory-lock.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "alopex-lock-it's-"));
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** Starts a process that takes the lock; resolves with the line it prints. */
async function holder(folder: string, user?: 'nobody'): Promise<{ child: Child; line: string }> {
  const script = fileURLToPath(new URL('test-support/lock-holder.ts', import.meta.url));
  const child = spawn(process.execPath, [script, folder, ...(user === undefined ? [] : [user])], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, line };
}

test('the folder is made, locked once, and free again after release', async () => {
  const folder = join(root, 'deep', 'folder');
  const lock = await DirectoryLock.acquire(folder);
  await expect(DirectoryLock.acquire(folder)).rejects.toMatchObject({ code: '55006' });
  await lock.release();
  await lock.release();
  await (await DirectoryLock.acquire(folder)).release();
  expect(await readdir(folder)).toEqual(['LOCK']);
});

test('another name of the same folder is the same lock', async () => {
  const folder = join(root, 'real');
  const lock = await DirectoryLock.acquire(folder);
  await symlink(folder, join(root, 'alias'));
  await expect(DirectoryLock.acquire(join(root, 'alias'))).rejects.toMatchObject({ code: '55006' });
  await lock.release();
});

test('what another process holds is refused, and killing it frees the folder', async () => {
  const folder = join(root, 'killed');
  const { child, line } = await holder(folder);
  expect(line).toBe('held');
  for (let attempt = 0; attempt < 3; attempt++) {
    const error: unknown = await DirectoryLock.acquire(folder).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'AlopexError', code: '55006' });
    expect(String(error)).toContain(folder);
    expect(String(error)).toContain(`process id ${child.pid}`);
    expect(error).toHaveProperty('hint', expect.stringContaining('one process at a time'));
  }
  child.kill('SIGKILL');
  await once(child, 'exit');
  await (await DirectoryLock.acquire(folder)).release();
});

test('what this process holds is refused to another, also after refused attempts here, until released', async () => {
  const folder = join(root, 'held-here');
  const lock = await DirectoryLock.acquire(folder);
  await expect(DirectoryLock.acquire(folder)).rejects.toMatchObject({ code: '55006' });
  const refused = await holder(folder);
  expect(JSON.parse(refused.line)).toMatchObject({ code: '55006' });
  expect(refused.line).toContain(`process id ${process.pid}`);
  await lock.release();
  const granted = await holder(folder);
  expect(granted.line).toBe('held');
  granted.child.stdin.end();
  await once(granted.child, 'exit');
});

test('processes that start together on a new folder: one wins', async () => {
  const folder = join(root, 'together');
  const holders = await Promise.all([holder(folder), holder(folder), holder(folder)]);
  expect(holders.filter(({ line }) => line === 'held')).toHaveLength(1);
  for (const { line } of holders) {
    if (line !== 'held') expect(JSON.parse(line)).toMatchObject({ code: '55006' });
  }
  for (const { child } of holders) {
    const exited = child.exitCode === null ? once(child, 'exit') : undefined;
    child.stdin.end();
    await exited;
  }
  expect(await readdir(folder)).toEqual(['LOCK']);
});

test('a damaged lock file is named and may be removed', async () => {
  const folder = join(root, 'damaged');
  await (await DirectoryLock.acquire(folder)).release();
  const file = join(folder, 'LOCK');
  const damages = [() => writeFile(file, 'x'.repeat(20_000)), () => truncate(file, 100)];
  for (const damage of damages) {
    await rm(file);
    await (await DirectoryLock.acquire(folder)).release();
    await damage();
    const error: unknown = await DirectoryLock.acquire(folder).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'XX001', hint: expect.stringContaining('remove the file') as string });
    expect(String(error)).toContain(file);
  }
  await rm(file);
  await (await DirectoryLock.acquire(folder)).release();
});

test('a folder that cannot be written is said to be so', async () => {
  await chmod(root, 0o755);
  const folder = join(root, 'read-only');
  await mkdir(folder);
  await chmod(folder, 0o555);
  // Root may write anywhere, so the attempt is made as somebody else then.
  const { line } = await holder(folder, 'nobody');
  expect(JSON.parse(line)).toMatchObject({ code: '58030', message: expect.stringContaining(folder) as string });
  expect(line).toContain('writable');
});

test('a path below a file is said to be no folder for a database', async () => {
  const file = join(root, 'plain-file');
  await writeFile(file, 'x');
  await expect(DirectoryLock.acquire(join(file, 'below'))).rejects.toMatchObject({ code: '58030' });
});
