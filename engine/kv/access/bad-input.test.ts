import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BatchOperation } from './keyspace.ts';
import { openStore, TINY_LIMITS, type OpenStore } from './test-support/open-store.ts';
import { collect } from './test-support/store-pair.ts';

/** What a program without types can pass. */
const wrong = (value: unknown): never => value as never;

let store: OpenStore;

beforeEach(async () => {
  store = await openStore();
});

afterEach(() => store.close());

test.each([undefined, null, 5, true, {}, [], ['a'], new ArrayBuffer(3), Symbol('k')])(
  'a key or a value of %s is refused',
  async (given) => {
    const { kv } = store;
    const key: string = wrong(given);
    const calls = [
      kv.get(key),
      kv.getMany(['a', key]),
      kv.has(key),
      kv.put(key, 'v'),
      kv.put('k', key),
      kv.delete(key),
      kv.delete('k', { ifValue: key }),
      kv.batch([
        { type: 'del', key: 'a' },
        { type: 'put', key, value: 'v' },
      ]),
      kv.batch([{ type: 'put', key: 'a', value: key }]),
      kv.deleteRange({ lt: key }),
      collect(kv.scan({ prefix: key })),
    ];
    // A bound or a condition that is undefined is none, as everywhere in JavaScript.
    const optional = given === undefined ? [6, 9, 10] : [];
    for (const [index, call] of calls.entries()) {
      if (optional.includes(index)) await call;
      else await expect(call, `call ${index}`).rejects.toMatchObject({ name: 'AlopexError', code: '22023' });
    }
    expect(await collect(kv.scan())).toEqual([]);
  },
);

test('keys and values have greatest sizes, and those are allowed', async () => {
  const { kv } = store;
  const key = new Uint8Array(TINY_LIMITS.keyBytes).fill(7);
  const value = new Uint8Array(TINY_LIMITS.valueBytes).fill(8);
  await kv.put(key, value);
  await kv.flush();
  expect(await kv.get(key)).toEqual(value);
  const longKey = new Uint8Array(TINY_LIMITS.keyBytes + 1);
  const longValue = new Uint8Array(TINY_LIMITS.valueBytes + 1);
  for (const call of [
    kv.put(longKey, ''),
    kv.put('k', longValue),
    kv.delete(longKey),
    kv.batch([{ type: 'put', key: longKey, value: '' }]),
    kv.batch([
      { type: 'put', key: 'k', value: '' },
      { type: 'put', key: 'k', value: longValue },
    ]),
  ]) {
    await expect(call).rejects.toMatchObject({ code: '54000', hint: expect.stringContaining('limits.') });
  }
  expect(await kv.get('k')).toBeUndefined();
  // Asking for a key that cannot be there is no error.
  expect(await kv.get(longKey)).toBeUndefined();
});

test.each([1.5, NaN, -Infinity, '5', null, {}])('a limit of %s is refused', (limit) => {
  expect(() => store.kv.scan({ limit: wrong(limit) })).toThrow(expect.objectContaining({ code: '22023' }));
});

test.each([0, -1, NaN, Infinity, '5', null])('a time to live of %s is refused', async (ttlMs) => {
  await expect(store.kv.put('k', 'v', { ttlMs: wrong(ttlMs) })).rejects.toMatchObject({ code: '22023' });
  const operation: BatchOperation<Uint8Array> = { type: 'put', key: 'k', value: 'v', ttlMs: wrong(ttlMs) };
  await expect(store.kv.batch([operation])).rejects.toMatchObject({ code: '22023' });
  expect(await store.kv.get('k')).toBeUndefined();
});

test('options that make no sense are refused', async () => {
  const { kv } = store;
  await expect(kv.put('k', 'v', { ifAbsent: true, ifValue: 'w' })).rejects.toMatchObject({ code: '22023' });
  await expect(kv.deleteRange(wrong({ from: 'a' }))).rejects.toMatchObject({ code: '22023' });
  expect(() => kv.scan(wrong({ start: 'a' }))).toThrow(expect.objectContaining({ code: '22023' }));
  await expect(kv.batch(wrong([{ type: 'get', key: 'a' }]))).rejects.toMatchObject({ code: '22023' });
  await expect(kv.batch(wrong({ type: 'del', key: 'a' }))).rejects.toMatchObject({ code: '22023' });
  await expect(kv.batch(wrong([null]))).rejects.toMatchObject({ code: '22023' });
  await expect(kv.getMany(wrong('abc'))).rejects.toMatchObject({ code: '22023' });
});

test.each([undefined, null, 5, '', {}])('a keyspace named %s is refused', async (name) => {
  expect(() => store.kv.keyspace(wrong(name))).toThrow(expect.objectContaining({ code: '22023' }));
  if (name === undefined) return;
  const operation = { type: 'put', key: 'k', value: 'v', keyspace: name };
  await expect(store.kv.batch(wrong([operation]))).rejects.toMatchObject({ code: '22023' });
});

test('an unknown encoding is refused', () => {
  expect(() => store.kv.keyspace('a', { keyEncoding: wrong('json') })).toThrow(
    expect.objectContaining({ code: '22023' }),
  );
  expect(() => store.kv.keyspace('a', { valueEncoding: wrong('xml') })).toThrow(
    expect.objectContaining({ code: '22023' }),
  );
});

test('a batch with a wrong operation stores nothing of the others', async () => {
  const { kv } = store;
  await expect(
    kv.batch([
      { type: 'put', key: 'a', value: '1' },
      { type: 'put', key: 'b', value: wrong(7) },
    ]),
  ).rejects.toMatchObject({ code: '22023' });
  expect(await kv.get('a')).toBeUndefined();
});

describe('encodings', () => {
  test('text and JSON come back as they were given', async () => {
    const text = store.kv.keyspace('text', { keyEncoding: 'text', valueEncoding: 'text' });
    await text.put('ключ', 'Zürich 🌍');
    expect(await text.get('ключ')).toBe('Zürich 🌍');
    expect(await collect(text.scan())).toEqual([['ключ', 'Zürich 🌍']]);
    const json = store.kv.keyspace('json', { keyEncoding: 'text', valueEncoding: 'json' });
    const values = [null, 0, '', 'text', [1, 'a'], { a: { b: [true] } }];
    for (const [index, value] of values.entries()) await json.put(`k${index}`, value);
    expect((await collect(json.scan())).map(([, value]) => value)).toEqual(values);
    expect(await json.put('k3', 'new', { ifValue: 'text' })).toBe(true);
    expect(await json.get('k3')).toBe('new');
  });

  test('what has no form in JSON is refused', async () => {
    const json = store.kv.keyspace('json', { valueEncoding: 'json' });
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    for (const value of [undefined, () => 1, Symbol('s'), 10n, circle]) {
      await expect(json.put('k', value)).rejects.toMatchObject({ code: '22023' });
    }
    expect(await json.has('k')).toBe(false);
  });

  test('stored bytes that are not what a keyspace reads are errors of that read alone', async () => {
    const { kv } = store;
    await kv.put('utf', Uint8Array.of(0xc3));
    await kv.put('word', 'word');
    const text = kv.keyspace('default', { valueEncoding: 'text' });
    const json = kv.keyspace('default', { valueEncoding: 'json' });
    await expect(text.get('utf')).rejects.toMatchObject({ code: '22021' });
    await expect(json.get('word')).rejects.toMatchObject({ code: '22P02' });
    await expect(collect(json.scan())).rejects.toMatchObject({ code: '22021' });
    expect(await text.get('word')).toBe('word');
  });
});
