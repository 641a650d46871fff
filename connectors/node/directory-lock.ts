import { DuckDBInstance } from '@duckdb/node-api';
import { access, constants, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AlopexError, SqlState } from '../../engine/errors.ts';
import { makeFolder, placeFile } from './durable-file.ts';
import { fileError, nodeErrorCode } from './node-error.ts';

/** Real paths of the folders that this process holds: the locks of the operating system do not exclude their own process. Known per JavaScript realm only: worker threads must not share a folder. */
const heldHere = new Set<string>();

const IN_USE_HINT =
  'A database folder is used by one process at a time: close the other one, or start `alopex server` on the folder and connect to it.';

/**
 * An exclusive lock of a database folder. It rests on the lock that DuckDB takes on a database file, here the file `LOCK` in the folder;
 * the operating system drops it when the process ends, however it ends, so nothing has to be cleaned up after a crash.
 *
 * POSIX drops such a lock as soon as the process closes *any* handle on the file: nothing else may open `LOCK` in this process.
 */
export class DirectoryLock {
  readonly #path: string;
  #instance: DuckDBInstance | undefined;

  private constructor(path: string, instance: DuckDBInstance) {
    this.#path = path;
    this.#instance = instance;
  }

  /**
   * Locks the folder and creates it if need be.
   * Errors: 55006 the folder is in use, by this process or another; 58030 the folder cannot be written; XX001 the file `LOCK` is damaged.
   */
  static async acquire(path: string): Promise<DirectoryLock> {
    const folder = await writableFolder(path);
    if (heldHere.has(folder)) throw inUse(folder, process.pid);
    heldHere.add(folder);
    try {
      const file = join(folder, 'LOCK');
      await makeLockFile(file);
      return new DirectoryLock(folder, await holdLockFile(folder, file));
    } catch (error) {
      heldHere.delete(folder);
      throw error;
    }
  }

  /** Gives the folder up; a second call does nothing. */
  async release(): Promise<void> {
    const instance = this.#instance;
    if (instance === undefined) return;
    this.#instance = undefined;
    const connection = await instance.connect();
    try {
      await connection.run('DETACH held');
    } finally {
      connection.closeSync();
      instance.closeSync();
      heldHere.delete(this.#path);
    }
  }
}

async function writableFolder(path: string): Promise<string> {
  try {
    await makeFolder(path);
    const folder = await realpath(path);
    await access(folder, constants.W_OK);
    return folder;
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

async function makeLockFile(file: string): Promise<void> {
  try {
    if (await exists(file)) return;
    // A file that is taken means that another process was as quick: any complete one will do.
    await placeFile(file, 'create', makeDatabase);
  } catch (error) {
    throw cannotWrite(file, error);
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (nodeErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

async function makeDatabase(file: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  try {
    const connection = await instance.connect();
    await connection.run(`ATTACH ${sqlText(file)} AS made`);
    await connection.run('DETACH made');
    connection.closeSync();
  } finally {
    instance.closeSync();
  }
}

async function holdLockFile(folder: string, file: string): Promise<DuckDBInstance> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  try {
    const connection = await instance.connect();
    await connection.run(`ATTACH ${sqlText(file)} AS held (READ_WRITE)`);
    connection.closeSync();
    return instance;
  } catch (error) {
    instance.closeSync();
    throw attachError(folder, file, error);
  }
}

function attachError(folder: string, file: string, error: unknown): AlopexError {
  const message = error instanceof Error ? error.message : String(error);
  if (/could not set lock|conflicting lock|being used by another process/i.test(message)) {
    const processId = /\bPID (\d+)/.exec(message)?.[1];
    return inUse(folder, processId === undefined ? undefined : Number(processId), error);
  }
  if (/permission denied|read-only|access is denied/i.test(message)) return cannotWrite(file, error);
  return new AlopexError(SqlState.dataCorrupted, `the lock file ${file} cannot be used: ${message}`, {
    hint: `It holds no data: make sure that no process uses ${folder}, then remove the file.`,
    cause: error,
  });
}

function inUse(folder: string, processId: number | undefined, cause?: unknown): AlopexError {
  const holder = processId === process.pid ? 'this process' : 'another process';
  const number = processId === undefined ? '' : ` (process id ${processId})`;
  return new AlopexError(SqlState.objectInUse, `the folder ${folder} is in use by ${holder}${number}`, {
    hint: IN_USE_HINT,
    cause,
  });
}

function cannotWrite(path: string, error: unknown): AlopexError {
  const known = fileError(`write ${path}`, error);
  if (known.code === SqlState.diskFull) return known;
  return new AlopexError(SqlState.ioError, `the folder of a database must be writable: ${known.message}`, {
    hint: 'Give this user the right to write there, or choose another folder.',
    cause: error,
  });
}

function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
