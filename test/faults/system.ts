// Faults of the real system: calls that strace makes fail, and a disk that gets full. Needs Linux, strace, and the right to mount (root's, or by unshare).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Durability } from '../../index.ts';
import { injectFault, type SystemFault } from './system-calls.ts';

const LOG = 'log/0000000001.log';
const NEXT_LOG = 'log/0000000002.log';
const MANIFEST = 'manifest/MANIFEST-000001';
/** Which number the first one has depends on what else is flushed. */
const KEY_SEGMENTS = ['kv/00000001.seg', 'kv/00000002.seg', 'kv/00000003.seg'];
const WRITES = 'write,pwrite64,writev,pwritev';
const SYNCS = 'fdatasync,fsync';

let passed = 0;
let failed = 0;

await failingCalls();
smallDisk();
print(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** The log is written by descriptors with `O_DSYNC` at durability `full`, where a failed write is a failed sync, and by writes and fdatasync at `interval`. */
async function failingCalls(): Promise<void> {
  const missing = missingProgram('strace', ['-V'], 'install strace');
  if (missing !== undefined) {
    result('system calls that fail', [missing]);
    return;
  }
  const groups: readonly [
    files: readonly string[],
    calls: string,
    whens: string,
    durability: Durability,
    atATime?: 1,
  ][] = [
    [[LOG], WRITES, '1 2 3 5 8 11 14', 'full'],
    [[LOG], WRITES, '4+', 'full'],
    [[LOG], WRITES, '1 3 6 9 12', 'full', 1],
    [[LOG], WRITES, '7+', 'full', 1],
    [[LOG], WRITES, '3 9', 'interval'],
    [[LOG], SYNCS, '1 2 4 7', 'interval'],
    [[LOG], SYNCS, '3+', 'interval'],
    [[NEXT_LOG], WRITES, '1 3', 'full'],
    [[MANIFEST], WRITES, '1 2 3 4', 'full'],
    [[MANIFEST], SYNCS, '1', 'full'],
    [KEY_SEGMENTS, WRITES, '1 1+', 'full'],
    [KEY_SEGMENTS, SYNCS, '1 1+', 'full'],
  ];
  for (const [files, calls, whens, durability, atATime = 3] of groups) {
    for (const when of whens.split(' ')) {
      for (const error of calls === SYNCS ? (['EIO'] as const) : (['EIO', 'ENOSPC'] as const)) {
        // The log and the manifest end the life of the database; a segment is written again.
        await check({ files, calls, error, when, durability, atATime, isFinal: files !== KEY_SEGMENTS });
      }
    }
  }
}

async function check(fault: SystemFault): Promise<void> {
  const { injected, acknowledged, problems } = await injectFault(fault);
  const { files, calls, error, when, durability, atATime } = fault;
  const title = `${error} by ${calls} number ${when} of ${files.join(' ')}, durability ${durability}, ${atATime} at a time`;
  const unreached = injected === 0 ? ['the call was never made'] : [];
  result(`${title}: ${acknowledged} acknowledged`, [...unreached, ...problems]);
}

function smallDisk(): void {
  const isRoot = process.getuid?.() === 0;
  const unshare = isRoot ? ['--mount'] : ['--map-root-user', '--mount'];
  const remedy = 'run as root, or let users make namespaces (sysctl kernel.unprivileged_userns_clone)';
  const missing = missingProgram('unshare', [...unshare, 'true'], remedy);
  if (missing !== undefined) {
    result('a disk that gets full', [missing]);
    return;
  }
  const disk = mkdtempSync(join(tmpdir(), 'alopex-small-disk-'));
  const worker = fileURLToPath(new URL('small-disk-worker.ts', import.meta.url));
  const script = 'mount -t tmpfs -o size=12m tmpfs "$0" && exec "$@"';
  const { status, stdout, stderr } = spawnSync(
    'unshare',
    [...unshare, 'sh', '-c', script, disk, process.execPath, worker, disk],
    { encoding: 'utf8' },
  );
  rmSync(disk, { recursive: true, force: true });
  for (const line of stdout.split('\n')) if (line !== '') print(`        ${line}`);
  result('a disk that gets full', status === 0 ? [] : [`exit status ${status}: ${stderr}`]);
}

/** Why a program cannot be used, if so. */
function missingProgram(program: string, check: readonly string[], remedy: string): string | undefined {
  const { status, error, stderr } = spawnSync(program, check, { encoding: 'utf8' });
  if (error === undefined && status === 0) return undefined;
  return `${program} cannot be used (${error?.message ?? stderr.trim()}): ${remedy}`;
}

function result(title: string, problems: readonly string[]): void {
  if (problems.length === 0) passed++;
  else failed++;
  print(`${problems.length === 0 ? 'ok    ' : 'FAILED'}  ${title}`);
  for (const problem of problems) print(`        ${problem}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
