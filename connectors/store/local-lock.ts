import { randomInt, randomUUID } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AlopexError, SqlState } from '../../engine/errors.ts';
import { TEMPORARY_PREFIX } from '../node/durable-file.ts';
import { nodeErrorCode } from '../node/node-error.ts';

const WAIT_MS = 10_000;
const LONGEST_PAUSE_MS = 20;

/** Who works on a path in this process: the files below are for other processes. */
const queues = new Map<string, Promise<unknown>>();

/**
 * Runs `work` while no other process is in here for the same path. A process leaves a file of its own beside the path and goes in only if it then finds no other: of two that come
 * at once, the later one sees the earlier one's file. Files of dead processes of this machine are removed; one of another machine stands until somebody removes it. Throws `55P03`
 * after ten seconds of waiting.
 */
export async function withPathLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const before = queues.get(path);
  const turn = (async () => {
    await before?.catch(() => undefined);
    return withLockFile(path, work);
  })();
  queues.set(path, turn);
  try {
    return await turn;
  } finally {
    if (queues.get(path) === turn) queues.delete(path);
  }
}

async function withLockFile<T>(path: string, work: () => Promise<T>): Promise<T> {
  const folder = dirname(path);
  const prefix = `${TEMPORARY_PREFIX}lock-${basename(path)}-`;
  const own = prefix + randomUUID();
  const isBusy = async (): Promise<boolean> => {
    for (const name of await readdir(folder)) {
      if (name.startsWith(prefix) && name !== own && (await isHeld(join(folder, name)))) return true;
    }
    return false;
  };
  const deadlineMs = performance.now() + WAIT_MS;
  try {
    for (;;) {
      await writeFile(join(folder, own), JSON.stringify({ host: hostname(), pid: process.pid }), { flag: 'wx' });
      if (!(await isBusy())) return await work();
      await rm(join(folder, own), { force: true });
      if (performance.now() > deadlineMs) throw stillLocked(join(folder, prefix));
      await delay(randomInt(1, LONGEST_PAUSE_MS));
    }
  } finally {
    await rm(join(folder, own), { force: true });
  }
}

/** Whether the process that left a lock file may be alive. Removes the file of one that is not. */
async function isHeld(path: string): Promise<boolean> {
  let owner: { readonly host?: unknown; readonly pid?: unknown };
  try {
    owner = JSON.parse(await readFile(path, 'utf8')) as typeof owner;
  } catch (error) {
    // Gone meanwhile; or it is being written at this moment, by somebody who then finds ours.
    return nodeErrorCode(error) !== 'ENOENT';
  }
  if (owner.host !== hostname() || typeof owner.pid !== 'number' || isAlive(owner.pid)) return true;
  await rm(path, { force: true });
  return false;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return nodeErrorCode(error) !== 'ESRCH';
  }
}

function stillLocked(prefix: string): AlopexError {
  return new AlopexError(SqlState.lockNotAvailable, `another process works on an object: ${prefix}* is there`, {
    hint: 'Try again. A file that a machine left behind when it crashed may be removed.',
  });
}
