import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { print, printTable, whole } from '../print.ts';
import { median } from '../statistics.ts';
import type { CommitContestant } from './contestant.ts';
import { probeDisk } from './disk-probe.ts';
import { findPostgres, postgres } from './postgres.ts';

const WRITERS = [1, 8, 64] as const;
const NAMES = ['alopex-kv', 'alopex-sql', 'alopex-sql-no-key', 'sqlite', 'sqlite-threads', 'postgres'] as const;
type Name = (typeof NAMES)[number];

/** Commits a second of each turn, by contestant and number of writers. */
class Rates {
  readonly #rates = new Map<string, number[]>();

  add(name: Name, writers: number, rate: number): void {
    const label = `${name} ${writers}`;
    this.#rates.set(label, [...(this.#rates.get(label) ?? []), rate]);
  }

  of(name: Name, writers: number): number {
    return median(this.#rates.get(`${name} ${writers}`) ?? []);
  }
}

/** Durable one-row commits: everybody on the same disk, one after the other, every commit synced before it is acknowledged. */
export async function run(): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(3),
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '2' },
      folder: { type: 'string', default: tmpdir() },
      only: { type: 'string' },
    },
  });
  const folder = await mkdtemp(join(values.folder, 'alopex-commit-'));
  const contestants = new Map<Name, CommitContestant>();
  try {
    const { appendMs, overwriteMs } = await probeDisk(folder);
    print(
      `a write of 256 bytes and its fdatasync: ${appendMs.toFixed(3)} ms at the end of a file, ${overwriteMs.toFixed(3)} ms inside it`,
    );
    for (const name of chosen(values.only)) {
      const contestant = await open(name, folder, values.folder);
      if (contestant !== undefined) contestants.set(name, contestant);
    }
    const rates = await takeTurns(contestants, Number(values.rounds), Number(values.seconds) * 1000);
    printRates(rates, contestants);
  } finally {
    for (const contestant of contestants.values()) await contestant.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function open(name: Name, folder: string, base: string): Promise<CommitContestant | undefined> {
  switch (name) {
    case 'alopex-kv':
      return (await import('./alopex.ts')).alopexKv(join(folder, name));
    case 'alopex-sql':
    case 'alopex-sql-no-key':
      return (await import('./alopex.ts')).alopexSql(join(folder, name), name === 'alopex-sql');
    case 'sqlite':
      return (await import('./sqlite.ts')).sqliteInProcess(folder);
    case 'sqlite-threads':
      return (await import('./sqlite.ts')).sqliteWorkers(folder);
    case 'postgres': {
      const found = await findPostgres();
      if ('missing' in found) {
        print(`PostgreSQL is left out: ${found.missing}`);
        return undefined;
      }
      print(`${found.version}, client pgbench`);
      return postgres(base, found.binaries);
    }
  }
}

/** Another contestant begins in every round. At the end every store must hold exactly the rows that it acknowledged. */
async function takeTurns(
  contestants: ReadonlyMap<Name, CommitContestant>,
  rounds: number,
  durationMs: number,
): Promise<Rates> {
  const rates = new Rates();
  const acknowledged = new Map<Name, number>();
  const order = [...contestants];
  for (let round = 0; round < rounds; round++) {
    for (const writers of WRITERS) {
      for (let turn = 0; turn < order.length; turn++) {
        const next = order[(round + turn) % order.length];
        if (next === undefined) continue;
        const [name, contestant] = next;
        const { commits, elapsedMs } = await contestant.commit(writers, durationMs);
        rates.add(name, writers, (commits / elapsedMs) * 1000);
        acknowledged.set(name, (acknowledged.get(name) ?? 0) + commits);
      }
    }
  }
  for (const [name, contestant] of contestants) {
    const rows = await contestant.rows();
    if (rows !== acknowledged.get(name)) {
      throw new Error(`${contestant.name} holds ${rows} rows and acknowledged ${acknowledged.get(name)}`);
    }
  }
  return rates;
}

function printRates(rates: Rates, contestants: ReadonlyMap<Name, CommitContestant>): void {
  print('');
  print('commits a second, medians');
  printTable(
    ['contestant', ...WRITERS.map((writers) => `${writers} writers`)],
    [...contestants].map(([name, contestant]) => [
      contestant.name,
      ...WRITERS.map((writers) => whole(rates.of(name, writers))),
    ]),
  );
  const ours = NAMES.filter((name) => name.startsWith('alopex') && contestants.has(name));
  const theirs = [...contestants].filter(([name]) => !name.startsWith('alopex'));
  if (ours.length === 0 || theirs.length === 0) return;
  print('');
  print('ratio = AlopexDB / other; of the two ways to run SQLite the faster one is to be quoted');
  printTable(
    ['ratio', ...WRITERS.map((writers) => `${writers} writers`)],
    ours.flatMap((name) =>
      theirs.map(([other, contestant]) => [
        `${contestants.get(name)?.name} / ${contestant.name}`,
        ...WRITERS.map((writers) => (rates.of(name, writers) / rates.of(other, writers)).toFixed(2)),
      ]),
    ),
  );
}

function chosen(only: string | undefined): readonly Name[] {
  if (only === undefined) return NAMES;
  return only.split(',').map((text) => {
    const name = NAMES.find((candidate) => candidate === text);
    if (name === undefined) throw new Error(`--only takes names out of ${NAMES.join(', ')}, not "${text}"`);
    return name;
  });
}
