import type { SeededRandom } from '../../engine/sim/random.ts';
import { LIMITS } from './limits.ts';
import type { State } from './model.ts';

/** Days over which rows are spread, from 2024-01-01 on. */
const DAYS = 90;
/** Keys that a task uses. */
const KEYS = 150;
const DAY_MS = 86_400_000;
const FIRST_DAY_MS = Date.UTC(2024, 0, 1);

export type TableOperation =
  | { readonly kind: 'insert'; readonly ids: readonly number[]; readonly day: number; readonly tag: number }
  | {
      readonly kind: 'upsert';
      readonly conflict: 'add' | 'replace' | 'nothing';
      readonly ids: readonly number[];
      readonly day: number;
      readonly tag: number;
    }
  | {
      readonly kind: 'update';
      readonly firstId: number;
      readonly modulus: number;
      readonly remainder: number;
      readonly amount: number;
      readonly days: number;
    }
  | { readonly kind: 'delete'; readonly firstId: number; readonly modulus: number; readonly remainder: number }
  | { readonly kind: 'checkpoint' }
  | { readonly kind: 'tier'; readonly direction: 'COLD' | 'HOT'; readonly fromDay: number; readonly toDay: number }
  | { readonly kind: 'read' };

const WEIGHTS: readonly (readonly [TableOperation['kind'], number])[] = [
  ['insert', 24],
  ['upsert', 14],
  ['update', 12],
  ['delete', 10],
  ['checkpoint', 7],
  ['tier', 9],
  ['read', 24],
];

/** An operation of the task whose keys begin at `firstId`. */
export function draw(random: SeededRandom, firstId: number, state: State): TableOperation {
  const kind = random.weighted(WEIGHTS);
  const slice = (): { firstId: number; modulus: number; remainder: number } => {
    const modulus = random.pick([2, 5, 13, 40]);
    return { firstId, modulus, remainder: random.below(modulus) };
  };
  switch (kind) {
    case 'insert': {
      const free = Array.from({ length: KEYS }, (_, index) => firstId + index).filter(
        (id) => !state.has(String(id)) || random.chance(0.002),
      );
      return free.length === 0 ? { kind: 'read' } : { kind, ids: someOf(random, free), ...values(random) };
    }
    case 'upsert': {
      const ids = Array.from({ length: KEYS }, (_, index) => firstId + index);
      return {
        kind,
        conflict: random.pick(['add', 'replace', 'nothing']),
        ids: someOf(random, ids),
        ...values(random),
      };
    }
    case 'update':
      return { kind, ...slice(), amount: random.between(1, 99), days: random.pick([0, 0, 5, -5]) };
    case 'delete':
      return { kind, ...slice() };
    case 'tier': {
      const direction = random.chance(0.6) ? 'COLD' : 'HOT';
      if (random.chance(0.3)) return { kind, direction, fromDay: -1000, toDay: 1000 };
      const fromDay = random.below(DAYS);
      return { kind, direction, fromDay, toDay: fromDay + random.between(5, 60) };
    }
    case 'checkpoint':
    case 'read':
      return { kind };
  }
}

function values(random: SeededRandom): { day: number; tag: number } {
  return { day: random.below(DAYS), tag: random.below(1_000_000) };
}

/** A run of ids: mostly a few, now and then more than `largeRows`. */
function someOf(random: SeededRandom, ids: readonly number[]): number[] {
  const count = random.chance(0.25) ? random.between(LIMITS.largeRows + 1, LIMITS.largeRows * 2) : random.between(1, 6);
  const from = random.below(ids.length);
  return ids.slice(from, from + count);
}

export function toSql(operation: Exclude<TableOperation, { kind: 'read' }>): string {
  switch (operation.kind) {
    case 'insert':
      return `INSERT INTO t ${rows(operation, 'i')}`;
    case 'upsert': {
      if (operation.conflict === 'replace') return `INSERT OR REPLACE INTO t ${rows(operation, 'x')}`;
      const action = operation.conflict === 'nothing' ? 'NOTHING' : 'UPDATE SET v = t.v + excluded.v, s = excluded.s';
      return `INSERT INTO t ${rows(operation, 'x')} ON CONFLICT (id) DO ${action}`;
    }
    case 'update':
      return `UPDATE t SET v = v + ${operation.amount}, ts = ts + INTERVAL (${operation.days}) DAY WHERE ${matching(operation)}`;
    case 'delete':
      return `DELETE FROM t WHERE ${matching(operation)}`;
    case 'checkpoint':
      return 'CHECKPOINT';
    case 'tier':
      return `ALTER TABLE t TIER PARTITION WHERE ts >= ${dayText(operation.fromDay)} AND ts < ${dayText(operation.toDay)} TO ${operation.direction}`;
  }
}

/** Few rows are written out, as programs do: those of plain inserts then go past the kernel. */
function rows({ ids, day, tag }: { ids: readonly number[]; day: number; tag: number }, letter: string): string {
  if (ids.length < 5) {
    return `VALUES ${ids.map((id) => `(${id}, '${dateText(day)} 00:00:00', ${id + tag}, '${letter}${tag}')`).join(', ')}`;
  }
  return `SELECT unnest([${ids.join(', ')}]::BIGINT[]) AS i, ${dayText(day)}, i + ${tag}, '${letter}${tag}'`;
}

function matching({ firstId, modulus, remainder }: { firstId: number; modulus: number; remainder: number }): string {
  return `id >= ${firstId} AND id < ${firstId + KEYS} AND id % ${modulus} = ${remainder}`;
}

function dayText(day: number): string {
  return `TIMESTAMP '${dateText(day)}'`;
}

function dateText(day: number): string {
  return new Date(FIRST_DAY_MS + day * DAY_MS).toISOString().slice(0, 10);
}
