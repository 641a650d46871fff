import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AlopexDB, type Durability } from '../../index.ts';
import { perform, problemsOf, COMMITS, type Line } from './system-commits.ts';

/** System calls on some files that fail, by `strace`. */
export interface SystemFault {
  /** Paths below the data directory. */
  readonly files: readonly string[];
  readonly calls: string;
  readonly error: 'EIO' | 'ENOSPC';
  /** Number of the call that fails, from 1; with `+` every later one too. */
  readonly when: string;
  readonly durability: Durability;
  /** Commits that are made at a time. */
  readonly atATime: 1 | 3;
  /** Whether nothing may be acknowledged after it. */
  readonly isFinal: boolean;
}

export interface SystemReport {
  /** How often a call was made to fail; 0 when it never came to that. */
  readonly injected: number;
  readonly acknowledged: number;
  readonly problems: readonly string[];
}

const CLEAR_CODES: ReadonlySet<string> = new Set(['58030', '53100', '57P03']);

/** Lets a process commit while calls fail, and checks what it has said, and what is there afterwards. */
export async function injectFault(fault: SystemFault): Promise<SystemReport> {
  const folder = await mkdtemp(join(tmpdir(), 'alopex-faults-'));
  try {
    const { lines, exit, stderr, injected, harmless } = await runTraced(fault, folder);
    const problems = exit === 0 ? [] : [`the process ended with ${exit}: ${stderr.slice(0, 500)}`];
    const acknowledged = new Set<number>();
    const possible = new Set<number>();
    let isRefused = false;
    for (const line of lines) {
      if (line.line === 'done') {
        acknowledged.add(line.number);
        if (isRefused && fault.isFinal) problems.push(`commit ${line.number} was acknowledged after a refusal`);
      } else if (line.line === 'refused') {
        isRefused = true;
        if (!CLEAR_CODES.has(line.code)) problems.push(`refused with ${line.code} ${line.message}`);
        if (line.code !== '57P03') possible.add(line.number);
      }
    }
    if (injected > harmless && fault.isFinal && !isRefused) problems.push('a call failed, and nothing was refused');
    problems.push(...(await problemsAfter(folder, acknowledged, possible)));
    return { injected, acknowledged: acknowledged.size, problems };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function problemsAfter(
  folder: string,
  acknowledged: ReadonlySet<number>,
  possible: ReadonlySet<number>,
): Promise<string[]> {
  const path = join(folder, 'data');
  try {
    const db = await AlopexDB.open(path, { threads: 1 });
    const problems = await problemsOf(db, acknowledged, possible);
    await perform(db, COMMITS + 1);
    await db.close();
    const again = await AlopexDB.open(path, { threads: 1 });
    problems.push(...(await problemsOf(again, acknowledged, possible)));
    await again.close();
    return problems;
  } catch (error) {
    return [`opening it again: ${error instanceof Error ? error.message : String(error)}`];
  }
}

async function runTraced(
  { files, calls, error, when, durability, atATime }: SystemFault,
  folder: string,
): Promise<{ lines: Line[]; exit: number | null; stderr: string; injected: number; harmless: number }> {
  const data = join(folder, 'data');
  const traced = join(folder, 'calls');
  const worker = fileURLToPath(new URL('system-worker.ts', import.meta.url));
  const paths = files.flatMap((file) => ['-P', join(data, file)]);
  const faults = ['-e', `trace=${calls}`, '-e', `inject=${calls}:error=${error}:when=${when}`];
  const command = [process.execPath, worker, data, durability, String(atATime)];
  const child = spawn(
    'strace',
    ['-f', '--seccomp-bpf', '-qq', '-o', traced, ...paths, ...faults, ...command],
    // strace counts calls for each thread: with one thread for files, all calls of a file are that one's, or made within a call of the main thread.
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, UV_THREADPOOL_SIZE: '1' } },
  );
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [exit] = (await once(child, 'close')) as [number | null];
  const lines = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
  const failures = (await readFile(traced, 'utf8')).split('\n').filter((line) => line.includes('(INJECTED)'));
  // Where there is no room for zeros ahead of the log, it goes on without.
  const harmless = failures.filter((line) => line.includes('ENOSPC') && line.includes(', "\\0\\0\\0\\0'));
  return { lines, exit, stderr, injected: failures.length, harmless: harmless.length };
}
