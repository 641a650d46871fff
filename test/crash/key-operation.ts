import type { AlopexDB } from '../../index.ts';
import { apply, toSql, type Model, type Operation } from './operation.ts';

/** What the workload does to keys, alone or together with rows. */
export type KeyOperation =
  | { readonly kind: 'key-put'; readonly key: number; readonly tag: number }
  | { readonly kind: 'key-batch'; readonly firstKey: number; readonly count: number; readonly tag: number }
  | { readonly kind: 'key-range'; readonly firstKey: number; readonly count: number }
  /** Keys and rows in one transaction: both or neither. */
  | {
      readonly kind: 'transaction';
      readonly rows: Operation & { readonly kind: 'update' };
      readonly key: number;
      readonly tag: number;
    };

export type Work = Operation | KeyOperation;

/** The keys that the database must hold, with their values. */
export type Keys = ReadonlyMap<string, string>;

export interface Contents {
  readonly rows: Model;
  readonly keys: Keys;
}

export function isKeyOperation(work: Work): work is KeyOperation {
  return work.kind.startsWith('key-') || work.kind === 'transaction';
}

const SPACE = 'crash';
/** Long, so that few of them fill a memtable. */
const FILLING = 'v'.repeat(400);

function keyText(key: number): string {
  return `key ${String(key).padStart(5, '0')}`;
}

/** Does it to the database. */
export async function perform(db: AlopexDB, work: Work): Promise<void> {
  if (!isKeyOperation(work)) {
    await db.execute(toSql(work));
    return;
  }
  const space = db.kv.keyspace(SPACE);
  switch (work.kind) {
    case 'key-put':
      await space.put(keyText(work.key), `p${work.tag}${FILLING}`);
      return;
    case 'key-batch':
      await space.batch(
        Array.from({ length: work.count }, (_, index) => ({
          type: 'put',
          key: keyText(work.firstKey + index),
          value: `b${work.tag}${FILLING}`,
        })),
      );
      return;
    case 'key-range':
      await space.deleteRange({ gte: keyText(work.firstKey), lt: keyText(work.firstKey + work.count) });
      return;
    case 'transaction':
      await db.transaction(async (tx) => {
        await tx.kv.keyspace(SPACE).put(keyText(work.key), `t${work.tag}${FILLING}`);
        await tx.execute(toSql(work.rows));
      });
  }
}

/** What should be there afterwards. */
export function applyWork({ rows, keys }: Contents, work: Work): Contents {
  if (!isKeyOperation(work)) return { rows: apply(rows, work), keys };
  const next = new Map(keys);
  switch (work.kind) {
    case 'key-put':
      next.set(keyText(work.key), `p${work.tag}${FILLING}`);
      return { rows, keys: next };
    case 'key-batch':
      for (let key = work.firstKey; key < work.firstKey + work.count; key++) {
        next.set(keyText(key), `b${work.tag}${FILLING}`);
      }
      return { rows, keys: next };
    case 'key-range':
      for (let key = work.firstKey; key < work.firstKey + work.count; key++) next.delete(keyText(key));
      return { rows, keys: next };
    case 'transaction':
      next.set(keyText(work.key), `t${work.tag}${FILLING}`);
      return { rows: apply(rows, work.rows), keys: next };
  }
}

/** All keys as a scan shows them; one that a look-up does not show too fails. */
export async function readKeys(db: AlopexDB): Promise<Keys> {
  const space = db.kv.keyspace(SPACE, { keyEncoding: 'text', valueEncoding: 'text' });
  const keys = new Map<string, string>();
  for await (const [key, value] of space.scan()) {
    if (keys.has(key)) throw new Error(`${key} is there twice`);
    keys.set(key, value);
  }
  for (const [key, value] of keys) {
    if ((await space.get(key)) !== value) throw new Error(`a look-up of ${key} differs from a scan`);
  }
  return keys;
}

/** Keys that differ, as text. */
export function keyDifferences(expected: Keys, actual: Keys): string[] {
  const shown = (value: string | undefined): string => value?.slice(0, 12) ?? 'absent';
  return [...new Set([...expected.keys(), ...actual.keys()])].flatMap((key) => {
    const [want, have] = [expected.get(key), actual.get(key)];
    return want === have ? [] : `${key}: expected ${shown(want)}, found ${shown(have)}`;
  });
}
