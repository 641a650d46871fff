import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { print } from '../print.ts';
import { compare, printComparison, type Contest } from './compare.ts';
import { growth } from './growth.ts';
import { opening } from './opening.ts';
import { replay } from './replay.ts';
import type { StoreName } from './store.ts';

const GIB = 2 ** 30;
const MIB = 2 ** 20;

/** AlopexDB's key-value store beside LevelDB. */
export async function run(): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(3),
    options: {
      keys: { type: 'string', default: '1000000' },
      rounds: { type: 'string', default: '3' },
      folder: { type: 'string', default: tmpdir() },
      memtable: { type: 'string' },
      only: { type: 'string' },
      growth: { type: 'boolean', default: false },
      replay: { type: 'boolean', default: false },
      opening: { type: 'boolean', default: false },
      gigabytes: { type: 'string', default: '10' },
    },
  });
  const names = contestants(values.only);
  const keys = positive('keys', values.keys);
  const rounds = positive('rounds', values.rounds);
  if (values.replay || values.opening) {
    if (values.replay) await replay(values.folder, names, rounds);
    if (values.opening) await opening(values.folder, positive('gigabytes', values.gigabytes) * GIB, rounds);
    return;
  }
  print(
    `each contestant in a process of its own, taking turns; nothing is synced; block cache 8 MiB each; rounds: ${rounds}`,
  );
  const contest: Contest = { base: values.folder, names, rounds, ...memtables(values.memtable) };
  if (values.growth) {
    await growth(contest, keys);
  } else {
    printComparison(await compare(contest, keys), names, keys);
  }
}

function memtables(mebibytes: string | undefined): { memtableBytes?: number } {
  print(mebibytes === undefined ? "memtables: each contestant's default" : `memtables: ${mebibytes} MiB each`);
  return mebibytes === undefined ? {} : { memtableBytes: positive('memtable', mebibytes) * MIB };
}

function contestants(only: string | undefined): readonly StoreName[] {
  if (only === undefined) return ['alopex', 'leveldb'];
  if (only === 'alopex' || only === 'leveldb') return [only];
  throw new Error('--only takes alopex or leveldb');
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${option} takes a number above 0, not "${text}"`);
  return value;
}
