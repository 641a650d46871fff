import fc from 'fast-check';
import type { ModelScan } from './model-store.ts';

export interface KeyAndValue {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface BatchCommandOperation extends KeyAndValue {
  readonly type: 'put' | 'del';
  readonly keyspace: string | undefined;
  readonly ttlMs: number | undefined;
}

/** `snapshot` chooses among those that are held; with none, or in half of the cases, the newest state is read. */
export type StoreCommand =
  | (KeyAndValue & {
      readonly kind: 'put';
      readonly keyspace: string;
      readonly ttlMs: number | undefined;
      readonly condition: 'none' | 'absent' | 'same value' | 'other value';
    })
  | (KeyAndValue & {
      readonly kind: 'delete';
      readonly keyspace: string;
      readonly condition: 'none' | 'same value' | 'other value';
    })
  | { readonly kind: 'batch'; readonly keyspace: string; readonly operations: readonly BatchCommandOperation[] }
  | { readonly kind: 'delete-range'; readonly keyspace: string; readonly range: ModelScan }
  /** Many writes at once, without waiting for each. */
  | { readonly kind: 'burst'; readonly keyspace: string; readonly writes: readonly KeyAndValue[] }
  | { readonly kind: 'get'; readonly keyspace: string; readonly keys: readonly Uint8Array[]; readonly snapshot: number }
  | { readonly kind: 'scan'; readonly keyspace: string; readonly options: ModelScan; readonly snapshot: number }
  | { readonly kind: 'take-snapshot' | 'release-snapshot' | 'flush' | 'settle' | 'reopen' | 'kill' }
  | { readonly kind: 'pass-time'; readonly durationMs: number };

const KEYSPACES = ['default', 'users', 'ü'];
const text = (key: string): Uint8Array => new TextEncoder().encode(key);

/** Few, so that commands meet the keys of others: the empty one, prefixes of each other, and bytes at the ends of the range. */
export const KEYS: readonly Uint8Array[] = [
  ...['', 'a', 'a\0', 'a\0\0', 'ab', 'abc', 'b', 'ä', `long${'x'.repeat(300)}`].map(text),
  ...Array.from({ length: 24 }, (_, number) => text(`k${String(number).padStart(3, '0')}`)),
  Uint8Array.of(0),
  Uint8Array.of(255),
  Uint8Array.of(255, 255),
  Uint8Array.of(255, 255, 0),
  Uint8Array.of(255, 255, 255, 255, 255),
];

const key = fc.constantFrom(...KEYS);
const keyspace = fc.constantFrom(...KEYSPACES);
const value = fc
  .tuple(fc.constantFrom(0, 1, 20, 100, 2000), fc.nat(255))
  .map(([length, seed]) => Uint8Array.from({ length }, (_, at) => (seed + at * 7) & 255));
const ttlMs = fc.oneof(
  { arbitrary: fc.constant(undefined), weight: 4 },
  { arbitrary: fc.constantFrom(1, 50, 1000, 0.5, 1e300), weight: 1 },
);

const bound = fc.oneof(key, fc.uint8Array({ maxLength: 3 }));
const prefix = fc.constantFrom(
  ...['', 'a', 'a\0', 'k0', 'k01', 'k', 'zz', 'long'].map(text),
  Uint8Array.of(255),
  Uint8Array.of(255, 255),
);
const range = fc.record({ gt: bound, gte: bound, lt: bound, lte: bound, prefix }, { requiredKeys: [] });
const scan: fc.Arbitrary<ModelScan> = fc
  .tuple(
    range,
    fc.record({ reverse: fc.boolean(), limit: fc.constantFrom(-1, 0, 1, 2, 7, Infinity) }, { requiredKeys: [] }),
  )
  .map(([bounds, options]) => ({ ...bounds, ...options }));
const pair = fc.record({ key, value });
const batchOperation = fc.record({
  type: fc.constantFrom('put' as const, 'put' as const, 'del' as const),
  key,
  value,
  ttlMs,
  keyspace: fc.option(keyspace, { nil: undefined }),
});
const snapshot = fc.nat(7);

export const storeCommand: fc.Arbitrary<StoreCommand> = fc.oneof(
  {
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      keyspace,
      key,
      value,
      ttlMs,
      condition: fc.constantFrom(
        'none' as const,
        'none' as const,
        'absent' as const,
        'same value' as const,
        'other value' as const,
      ),
    }),
    weight: 12,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant('delete' as const),
      keyspace,
      key,
      value,
      condition: fc.constantFrom('none' as const, 'same value' as const, 'other value' as const),
    }),
    weight: 4,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant('batch' as const),
      keyspace,
      operations: fc.array(batchOperation, { maxLength: 12 }),
    }),
    weight: 5,
  },
  { arbitrary: fc.record({ kind: fc.constant('delete-range' as const), keyspace, range }), weight: 3 },
  {
    arbitrary: fc.record({
      kind: fc.constant('burst' as const),
      keyspace,
      writes: fc.array(pair, { minLength: 5, maxLength: 40, size: 'max' }),
    }),
    weight: 2,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant('get' as const),
      keyspace,
      keys: fc.array(key, { minLength: 1, maxLength: 5 }),
      snapshot,
    }),
    weight: 5,
  },
  { arbitrary: fc.record({ kind: fc.constant('scan' as const), keyspace, options: scan, snapshot }), weight: 8 },
  {
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'take-snapshot' as const,
        'take-snapshot' as const,
        'release-snapshot' as const,
        'flush' as const,
        'flush' as const,
        'settle' as const,
        'reopen' as const,
        'kill' as const,
      ),
    }),
    weight: 5,
  },
  {
    arbitrary: fc.record({ kind: fc.constant('pass-time' as const), durationMs: fc.constantFrom(1, 60, 2000) }),
    weight: 1,
  },
);
