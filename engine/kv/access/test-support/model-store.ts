import type { KeyRange } from '../key-range.ts';

export interface ModelEntry {
  readonly value: Uint8Array;
  /** 0 is never. */
  readonly expiresMs: number;
}

/** Keys of one keyspace, by their bytes as Latin-1 text: its order is that of the bytes. */
type ModelKeyspace = ReadonlyMap<string, ModelEntry>;

/** What is stored at one moment. Changed as a whole, so that a snapshot is a reference. */
export type ModelState = ReadonlyMap<string, ModelKeyspace>;

export type ModelOperation =
  | { readonly type: 'put'; readonly keyspace: string; readonly key: Uint8Array; readonly entry: ModelEntry }
  | { readonly type: 'del'; readonly keyspace: string; readonly key: Uint8Array };

export interface ModelScan extends KeyRange {
  readonly reverse?: boolean;
  readonly limit?: number;
}

export const latin1 = (bytes: string | Uint8Array): string => Buffer.from(bytes).toString('latin1');
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));

/** Sorted maps and no more: what the store must look like from outside. */
export class ModelStore {
  state: ModelState = new Map();

  apply(operations: readonly ModelOperation[]): void {
    const state = new Map(this.state);
    for (const operation of operations) {
      const keys = new Map(state.get(operation.keyspace));
      if (operation.type === 'put') keys.set(latin1(operation.key), operation.entry);
      else keys.delete(latin1(operation.key));
      state.set(operation.keyspace, keys);
    }
    this.state = state;
  }

  deleteRange(keyspace: string, range: KeyRange): void {
    const inside = within(range);
    const kept = [...(this.state.get(keyspace) ?? [])].filter(([key]) => !inside(key));
    this.state = new Map(this.state).set(keyspace, new Map(kept));
  }
}

export function modelGet(state: ModelState, keyspace: string, key: Uint8Array, nowMs: number): Uint8Array | undefined {
  const entry = state.get(keyspace)?.get(latin1(key));
  return entry === undefined || isGone(entry, nowMs) ? undefined : entry.value;
}

export function modelScan(
  state: ModelState,
  keyspace: string,
  options: ModelScan,
  nowMs: number,
): [Uint8Array, Uint8Array][] {
  const inside = within(options);
  const found = [...(state.get(keyspace) ?? [])]
    .filter(([key, entry]) => inside(key) && !isGone(entry, nowMs))
    .sort(([a], [b]) => (a < b ? -1 : Number(a > b)))
    .map(([key, entry]): [Uint8Array, Uint8Array] => [bytesOf(key), entry.value]);
  if (options.reverse === true) found.reverse();
  const { limit = -1 } = options;
  return limit < 0 ? found : found.slice(0, limit);
}

function within({ gt, gte, lt, lte, prefix }: KeyRange): (key: string) => boolean {
  return (key) =>
    (gt === undefined || key > latin1(gt)) &&
    (gte === undefined || key >= latin1(gte)) &&
    (lt === undefined || key < latin1(lt)) &&
    (lte === undefined || key <= latin1(lte)) &&
    (prefix === undefined || key.startsWith(latin1(prefix)));
}

function isGone({ expiresMs }: ModelEntry, nowMs: number): boolean {
  return expiresMs !== 0 && expiresMs <= nowMs;
}
