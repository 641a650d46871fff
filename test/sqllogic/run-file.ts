import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { parseScript } from '../../engine/sql/sqllogic/parse-script.ts';
import { runScript, type RunOptions } from '../../engine/sql/sqllogic/run-script.ts';
import type { ScriptResult } from '../../engine/sql/sqllogic/script-result.ts';
import { hasRequirement, scriptReason, statementNotApplicable } from './not-applicable.ts';
import type { TestDatabase } from './test-database.ts';

export interface FileOptions {
  /** Opens a database in a new folder. */
  open(folder: string): Promise<TestDatabase>;
  readonly systems: readonly string[];
  readonly limitMs: number;
  readonly excused?: RunOptions['excused'];
  /** More that `require` finds. */
  readonly present?: ReadonlySet<string>;
}

/** What became of a file; a broken one has no result. */
export interface FileResult extends ScriptResult {
  readonly path: string;
  readonly elapsedMs: number;
  /** The file is not in the format, or the database failed outside of statements. */
  readonly broken: string | undefined;
}

/** Statements are stopped when time is up; a database that goes on all the same is given this long, and left behind then. */
const STOP_MS = 10_000;

/** Runs a script on a database of its own, in a temporary folder. */
export async function runFile(path: string, options: FileOptions): Promise<FileResult> {
  const startedMs = performance.now();
  const result = (part: Partial<FileResult>): FileResult => ({
    path,
    records: [],
    skipped: undefined,
    broken: undefined,
    elapsedMs: performance.now() - startedMs,
    ...part,
  });
  const reason = scriptReason(path);
  if (reason !== undefined) return result({ skipped: reason });
  const folder = await mkdtemp(join(tmpdir(), 'alopex-sqllogic-'));
  try {
    return result(await runIn(folder, path, options));
  } catch (error) {
    return result({ broken: error instanceof Error ? error.message : String(error) });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runIn(folder: string, path: string, options: FileOptions): Promise<ScriptResult> {
  const script = parseScript(await readFile(path, 'utf8'));
  const testFolder = join(folder, 'files');
  await mkdir(testFolder);
  const database = await options.open(join(folder, 'databases'));
  let expired = false;
  let left = false;
  const done = new AbortController();
  const limit = async (): Promise<never> => {
    await sleep(options.limitMs, undefined, { signal: done.signal });
    expired = true;
    database.interrupt();
    await sleep(STOP_MS, undefined, { signal: done.signal });
    left = true;
    throw new Error(`time limit: a statement could not be stopped within ${STOP_MS} ms`);
  };
  const late = limit();
  late.catch(() => undefined);
  try {
    const run = runScript(script, {
      database,
      systems: options.systems,
      variables: new Map([
        ['TEST_DIR', testFolder],
        ['TEMP_DIR', testFolder],
        ['DATA_DIR', join(process.cwd(), 'data')],
        ['WORKING_DIRECTORY', process.cwd()],
        ['TEST_NAME', path],
        ['BASE_TEST_NAME', path.replaceAll('/', '_')],
        ['UUID', crypto.randomUUID()],
      ]),
      has: (name, parameters) => options.present?.has(name) === true || hasRequirement(name, parameters),
      notApplicable: statementNotApplicable,
      ...(options.excused === undefined ? {} : { excused: options.excused }),
      md5: (text) => createHash('md5').update(text).digest('hex'),
      sleep: async (durationMs) => {
        await sleep(durationMs);
      },
      unzip: (from, to) => pipeline(createReadStream(from), createGunzip(), createWriteStream(to)),
      expectedFile,
      expired: () => expired,
    });
    run.catch(() => undefined);
    return await Promise.race([run, late]);
  } finally {
    done.abort();
    if (!left) await database.close();
  }
}

/** Values between bars, one row a line; the first line has names. */
async function expectedFile(path: string): Promise<string[]> {
  const lines = (await readFile(path, 'utf8')).split('\n').slice(1);
  return lines.filter((line) => line !== '').map((line) => line.replace(/\|$/, '').split('|').join('\t'));
}
