import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mebibytes, print, printTable, whole } from '../print.ts';
import { median } from '../statistics.ts';
import { Contestant } from './contestant.ts';
import { MEASURES, type Measure } from './measures.ts';
import type { Settled } from './player.ts';
import { BLOCK_CACHE_BYTES, type StoreName } from './store.ts';
import { pairBytes } from './workload.ts';

/** Nanoseconds a key of every turn, by measure and contestant. */
export class Results {
  readonly #costs = new Map<string, number[]>();
  readonly #settled = new Map<StoreName, Settled[]>();

  add(measure: string, name: StoreName, nanosecondsPerKey: number): void {
    const label = `${measure} ${name}`;
    this.#costs.set(label, [...(this.#costs.get(label) ?? []), nanosecondsPerKey]);
  }

  addSettled(name: StoreName, settled: Settled): void {
    this.#settled.set(name, [...(this.#settled.get(name) ?? []), settled]);
  }

  /** The median cost; `undefined` when the contestant did not take part. */
  cost(measure: string, name: StoreName): number | undefined {
    const costs = this.#costs.get(`${measure} ${name}`);
    return costs === undefined ? undefined : median(costs);
  }

  /** The median of what a contestant showed after it had settled. */
  settled(name: StoreName, value: (settled: Settled) => number | undefined): number | undefined {
    const values = (this.#settled.get(name) ?? []).map(value).filter((each) => each !== undefined);
    return values.length === 0 ? undefined : median(values);
  }

  reported(name: StoreName): Readonly<Record<string, number>> {
    return this.#settled.get(name)?.at(-1)?.reported ?? {};
  }
}

export interface Contest {
  /** Folder to make stores in. */
  readonly base: string;
  readonly names: readonly StoreName[];
  readonly rounds: number;
  /** For both; each contestant's default when absent. */
  readonly memtableBytes?: number;
}

/** Fresh stores each round; within a round the contestants take turns, the first one changing. */
export async function compare({ base, names, rounds, memtableBytes }: Contest, count: number): Promise<Results> {
  const results = new Results();
  for (let round = 0; round < rounds; round++) {
    const folder = await mkdtemp(join(base, 'alopex-kv-'));
    const contestants: Contestant[] = [];
    try {
      for (const name of round % 2 === 0 ? names : names.toReversed()) {
        const { contestant } = await Contestant.start(name, join(folder, name), {
          sync: false,
          blockCacheBytes: BLOCK_CACHE_BYTES,
          ...(memtableBytes === undefined ? {} : { memtableBytes }),
        });
        contestants.push(contestant);
      }
      for (const measure of MEASURES) await takeTurns(measure, contestants, count, round, results);
      for (const contestant of contestants) await contestant.stop();
    } finally {
      for (const contestant of contestants) await contestant.kill();
      await rm(folder, { recursive: true, force: true });
    }
  }
  return results;
}

async function takeTurns(
  measure: Measure,
  contestants: readonly Contestant[],
  count: number,
  round: number,
  results: Results,
): Promise<void> {
  for (let turn = 0; turn < measure.turns; turn++) {
    const checksums = new Set<number>();
    for (const contestant of turn % 2 === 0 ? contestants : contestants.toReversed()) {
      const request = { ask: 'measure', name: measure.name, count, turn: round * measure.turns + turn } as const;
      const outcome = await contestant.ask(request);
      results.add(measure.name, contestant.name, (outcome.ms * 1e6) / outcome.operations);
      checksums.add(outcome.checksum);
      if (!measure.writes) continue;
      const settled = await contestant.ask({ ask: 'settle' });
      if (measure.name === 'overwrite') results.addSettled(contestant.name, settled);
    }
    if (checksums.size > 1) throw new Error(`the contestants disagree about "${measure.title}"`);
  }
}

export function printComparison(results: Results, names: readonly StoreName[], count: number): void {
  print('');
  print(`${whole(count)} keys; nanoseconds a key, medians; ratio = LevelDB / AlopexDB`);
  printTable(
    ['measure', 'AlopexDB', 'LevelDB', 'ratio'],
    comparisons().map((row) => {
      const ours = results.cost(row.ours, 'alopex');
      const theirs = results.cost(row.theirs, 'leveldb');
      const ratio = ours === undefined || theirs === undefined ? '-' : (theirs / ours).toFixed(2);
      return [row.title, number(ours), number(theirs), ratio];
    }),
  );
  print('');
  print('after loading, overwriting half and settling');
  const live = pairBytes(count);
  const user = pairBytes(count + (count >>> 1));
  const amplification = (value: number | undefined, of: number): string =>
    value === undefined ? '-' : (value / of).toFixed(2);
  printTable(
    ['contestant', 'disk', 'space amplification', 'write amplification', 'settling, ms', 'peak memory'],
    names.map((name) => {
      const disk = results.settled(name, ({ diskBytes }) => diskBytes);
      const memory = results.settled(name, ({ peakMemoryBytes }) => peakMemoryBytes);
      return [
        name,
        disk === undefined ? '-' : mebibytes(disk),
        amplification(disk, live),
        amplification(
          results.settled(name, ({ writtenBytes }) => writtenBytes),
          user,
        ),
        number(results.settled(name, ({ ms }) => ms)),
        memory === undefined ? '-' : mebibytes(memory),
      ];
    }),
  );
  print(
    'write amplification: bytes handed to write() by the whole process (/proc/PID/io) over bytes of keys and values put',
  );
  print('settling: LevelDB tells nobody when it is done and is watched for a second of quiet, which is in its time');
  for (const name of names) {
    const parts = Object.entries(results.reported(name)).map(([part, bytes]) => `${part} ${mebibytes(bytes)}`);
    print(`bytes written by ${name}'s own account: ${parts.join(', ')}`);
  }
}

/** The measures, and one across: what an application that only knows `for await` gets of AlopexDB, against LevelDB at its best. */
function comparisons(): readonly { readonly title: string; readonly ours: string; readonly theirs: string }[] {
  return [
    ...MEASURES.map(({ name, title }) => ({ title, ours: name, theirs: name })),
    { title: 'iterate all: for await / nextv(1000)', ours: 'iterate', theirs: 'drain' },
  ];
}

function number(value: number | undefined): string {
  return value === undefined ? '-' : whole(value);
}
