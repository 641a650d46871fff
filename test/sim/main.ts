// Runs seeds in child processes, one for each core, and says how to repeat those that fail.
import { fork, type ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { FAULT_NAMES } from './fault-names.ts';
import type { SeedOrder, SeedReport } from './seed-worker.ts';

const USAGE = 'npm run sim -- [--seed S] [--seeds N] [--minutes M] [--operations N] [--replays N] [--processes N]';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '200' },
    minutes: { type: 'string', default: '60' },
    operations: { type: 'string', default: '2000' },
    replays: { type: 'string', default: '5' },
    processes: { type: 'string', default: String(availableParallelism()) },
  },
});
const first = wholeNumber('seed');
const count = wholeNumber('seeds');
const minutes = wholeNumber('minutes');
const operations = wholeNumber('operations');
const replays = wholeNumber('replays');
const startedMs = performance.now();

const faults = new Map<string, number>();
const failed: number[] = [];
let started = 0;
let done = 0;
let operationsDone = 0;

await Promise.all(Array.from({ length: Math.min(wholeNumber('processes'), count) }, work));
report();
process.exitCode = failed.length > 0 ? 1 : 0;

async function work(): Promise<void> {
  const child = fork(fileURLToPath(new URL('seed-worker.ts', import.meta.url)));
  try {
    while (started < count && performance.now() - startedMs < minutes * 60_000) {
      const index = started++;
      // Some seeds run twice: a failure that cannot be repeated is worth nothing.
      const runs = index < replays ? 2 : 1;
      take(await ask(child, { seed: first + index, operations, runs }));
    }
  } finally {
    child.disconnect();
  }
}

function ask(child: ChildProcess, order: SeedOrder): Promise<SeedReport> {
  return new Promise((resolve, reject) => {
    const gone = (code: number | null): void => reject(new Error(`seed ${order.seed} ended its process (${code})`));
    child.once('exit', gone);
    child.once('message', (report) => {
      child.off('exit', gone);
      resolve(report as SeedReport);
    });
    child.send(order);
  });
}

function take(seedReport: SeedReport): void {
  done++;
  operationsDone += seedReport.operations;
  for (const [name, times] of seedReport.faults) faults.set(name, (faults.get(name) ?? 0) + times);
  if (seedReport.failure !== undefined) {
    failed.push(seedReport.seed);
    print(`seed ${seedReport.seed} FAILED: ${seedReport.failure}`);
    print(`  again: npm run sim -- --seed ${seedReport.seed} --seeds 1 --operations ${operations}`);
  }
  if (done % 10 === 0 || done === count) {
    const seconds = Math.round((performance.now() - startedMs) / 1000);
    print(`${done} seeds, ${operationsDone} operations, ${failed.length} failed, ${seconds} s`);
  }
}

function report(): void {
  print('');
  for (const name of new Set([...FAULT_NAMES, ...[...faults.keys()].sort()])) {
    print(`${String(faults.get(name) ?? 0).padStart(9)}  ${name}`);
  }
  const missed = FAULT_NAMES.filter((name) => !faults.has(name));
  if (missed.length > 0) print(`\nnever happened: ${missed.join(', ')}`);
  print(failed.length === 0 ? `\n${done} seeds, no failure` : `\nfailed seeds: ${failed.join(' ')}`);
}

function wholeNumber(name: keyof typeof values): number {
  const number = Number(values[name]);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  process.stderr.write(`--${name} must be a whole number\n${USAGE}\n`);
  process.exit(2);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
