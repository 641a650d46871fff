import type { SimTime } from '../../engine/sim/clock.ts';
import type { SeededRandom } from '../../engine/sim/random.ts';
import type { BatchOperation } from '../../index.ts';
import { keyOf, type TextKeyspace } from './key-space.ts';
import type { State } from './model.ts';

export type KeyChange =
  | { readonly kind: 'put'; readonly key: string; readonly value: string; readonly ttlMs?: number }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'batch'; readonly operations: readonly TextOperation[] }
  | { readonly kind: 'delete range'; readonly gte: string; readonly lt: string };

type TextOperation = BatchOperation<string> & { readonly key: string };

const HOUR_MS = 3_600_000;
/** By so much a time to live may begin later than its value says: the first put waits for its keyspace, and the clock may be set meanwhile. */
const SLACK_MS = 48 * HOUR_MS;

/** A change of a task's keys. Without a time, none that expires. */
export function drawChange(random: SeededRandom, task: number, time?: SimTime): KeyChange {
  const kind = random.weighted([
    ['put', 60],
    ['expiring put', time === undefined ? 0 : 6],
    ['delete', 15],
    ['batch', 14],
    ['delete range', 5],
  ] as const);
  switch (kind) {
    case 'put':
      return { kind, key: keyOf(random, task), value: valueOf(random) };
    case 'expiring put': {
      const ttlMs = random.pick([HOUR_MS, 12 * HOUR_MS, 60 * HOUR_MS]);
      return { kind: 'put', key: keyOf(random, task), value: expiring(time, ttlMs, valueOf(random)), ttlMs };
    }
    case 'delete':
      return { kind, key: keyOf(random, task) };
    case 'batch':
      return { kind, operations: Array.from({ length: random.between(1, 12) }, () => operation(random, task)) };
    case 'delete range': {
      const [gte = '', lt = ''] = [keyOf(random, task), keyOf(random, task)].sort();
      return { kind, gte, lt };
    }
  }
}

function operation(random: SeededRandom, task: number): TextOperation {
  const key = keyOf(random, task);
  return random.chance(0.7) ? { type: 'put', key, value: valueOf(random) } : { type: 'del', key };
}

/** Text, mostly short; now and then as long as several blocks. */
export function valueOf(random: SeededRandom): string {
  const text = random.uint32().toString(36);
  const length = random.chance(0.03) ? random.below(9000) : random.below(120);
  return text.repeat(Math.ceil(length / text.length) + 1).slice(0, Math.max(text.length, length));
}

export async function run(space: TextKeyspace, change: KeyChange): Promise<void> {
  switch (change.kind) {
    case 'put':
      await space.put(change.key, change.value, change.ttlMs === undefined ? {} : { ttlMs: change.ttlMs });
      return;
    case 'delete':
      await space.delete(change.key);
      return;
    case 'batch':
      await space.batch(change.operations);
      return;
    case 'delete range':
      await space.deleteRange({ gte: change.gte, lt: change.lt });
  }
}

/** The model after a change. */
export function changedKeys(change: KeyChange, state: State): State {
  const next = new Map(state);
  switch (change.kind) {
    case 'put':
      return next.set(change.key, change.value);
    case 'delete':
      next.delete(change.key);
      return next;
    case 'batch':
      for (const operation of change.operations) {
        if (operation.type === 'put') next.set(operation.key, String(operation.value));
        else next.delete(operation.key);
      }
      return next;
    case 'delete range':
      for (const key of state.keys()) if (key >= change.gte && key < change.lt) next.delete(key);
      return next;
  }
}

/** Says in the value when it expires. A database whose clock was set back holds on to the later time, so the end is not known to the day. */
function expiring(time: SimTime | undefined, ttlMs: number, text: string): string {
  if (time === undefined) return text;
  return `until ${time.nowMs + ttlMs} or ${time.latestMs + ttlMs + SLACK_MS} ${text}`;
}

const EXPIRY = /^until (\d+) or (\d+) /;

/** Whether the clock has ever shown that the value is over. */
export function mayBeExpired(value: string, time: SimTime): boolean {
  const earliest = EXPIRY.exec(value)?.[1];
  return earliest !== undefined && time.latestMs >= Number(earliest);
}

/** Whether the value must not be seen now. */
export function isExpired(value: string, time: SimTime): boolean {
  const latest = EXPIRY.exec(value)?.[2];
  return latest !== undefined && time.nowMs > Number(latest);
}
