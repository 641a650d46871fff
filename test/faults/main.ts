// Every kind of trouble at every call of every scenario, and every single bit of files of 64 KiB, in child processes, one for each core.
import { fork, type ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Order, Report } from './case-worker.ts';
import { FLIP_SUBJECTS } from './flip-subjects.ts';
import { SCENARIO_NAMES, Stage } from './scenarios.ts';

const USAGE = 'npm run faults -- [--only NAME,…] [--seed S] [--stride N] [--processes P]';
const FLIP_NAMES = Object.keys(FLIP_SUBJECTS).map((name) => `flips-${name}`);
const CASES_AT_ONCE = 20;
const FLIP_PARTS = 16;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: [...SCENARIO_NAMES, ...FLIP_NAMES].join(',') },
    seed: { type: 'string', default: '1' },
    stride: { type: 'string', default: '1' },
    processes: { type: 'string', default: String(availableParallelism()) },
  },
});
const seed = wholeNumber('seed', 0);
const stride = wholeNumber('stride', 1);
const failures: string[] = [];

for (const name of values.only.split(',')) {
  if (SCENARIO_NAMES.includes(name)) await play(name, await scenarioOrders(name));
  else if (FLIP_NAMES.includes(name)) await play(name, flipOrders(name.slice('flips-'.length)));
  else usage(`there is no part ${name}: ${[...SCENARIO_NAMES, ...FLIP_NAMES].join(', ')}`);
}
for (const failure of failures) print(`FAILED ${failure}`);
print(failures.length === 0 ? '\nno failure' : `\n${failures.length} failures`);
process.exitCode = failures.length === 0 ? 0 : 1;

async function scenarioOrders(name: string): Promise<Order[]> {
  const stage = new Stage();
  const all = await stage.cases(stage.scenario(name), seed);
  stage.close();
  const cases = all.filter((_, index) => index % stride === seed % stride);
  const orders: Order[] = [];
  for (let at = 0; at < cases.length; at += CASES_AT_ONCE) {
    orders.push({ part: 'scenario', name, seed, cases: cases.slice(at, at + CASES_AT_ONCE) });
  }
  return orders;
}

function flipOrders(name: string): Order[] {
  return Array.from({ length: FLIP_PARTS }, (_, part) => ({
    part: 'flips' as const,
    name,
    first: (seed % stride) + part * stride,
    stride: stride * FLIP_PARTS,
  }));
}

/** Does orders, and prints how many cases there were of each kind. */
async function play(name: string, orders: Order[]): Promise<void> {
  const startedMs = performance.now();
  const counts = new Map<string, number>();
  const before = failures.length;
  const work = async (): Promise<void> => {
    const child = fork(fileURLToPath(new URL('case-worker.ts', import.meta.url)));
    try {
      for (let order = orders.shift(); order !== undefined; order = orders.shift()) {
        const report = await ask(child, order);
        for (const [kind, times] of report.counts) counts.set(kind, (counts.get(kind) ?? 0) + times);
        failures.push(...report.failures);
      }
    } finally {
      if (child.connected) child.disconnect();
    }
  };
  await Promise.all(Array.from({ length: Math.min(wholeNumber('processes', 1), orders.length) }, work));
  const cases = [...counts.values()].reduce((sum, times) => sum + times, 0);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  print(`${name}: ${cases} cases, ${failures.length - before} failed, ${seconds} s`);
  for (const [kind, times] of counts) print(`${String(times).padStart(9)}  ${kind}`);
}

function ask(child: ChildProcess, order: Order): Promise<Report> {
  return new Promise((resolve, reject) => {
    const gone = (code: number | null): void => {
      reject(new Error(`a case ended its process (${code}): ${JSON.stringify(order)}`));
    };
    child.once('exit', gone);
    child.once('message', (report) => {
      child.off('exit', gone);
      resolve(report as Report);
    });
    child.send(order);
  });
}

function wholeNumber(name: 'seed' | 'stride' | 'processes', least: number): number {
  const number = Number(values[name]);
  return Number.isSafeInteger(number) && number >= least ? number : usage(`--${name} must be a whole number`);
}

function usage(problem: string): never {
  process.stderr.write(`${problem}\n${USAGE}\n`);
  process.exit(2);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
