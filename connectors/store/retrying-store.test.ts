import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { RetryPolicy } from './retry-policy.ts';
import { RetryingStore } from './retrying-store.ts';
import { StoreError, type StoreErrorKind } from './store-error.ts';
import { RepeatingRandom, SteppingClock, text } from './test-support/ports.ts';
import { ScriptedStore } from './test-support/scripted-store.ts';

const failure = (kind: StoreErrorKind): StoreError => new StoreError(kind, `a test made it ${kind}`);

let inner: ScriptedStore;
let store: RetryingStore;
beforeEach(() => {
  inner = new ScriptedStore();
  const ports = { clock: new SteppingClock(), random: new RepeatingRandom(1) };
  store = new RetryingStore(inner, new RetryPolicy(ports, { attempts: 3 }), ports.random);
});

describe('requests that can be repeated', () => {
  test.each(['throttled', 'unavailable', 'conflict', 'unreachable', 'broken', 'timeout'] as const)(
    'are, when the store was %s',
    async (kind) => {
      await store.put('x', text('x'));
      inner.script.push({ kind: 'get', before: failure(kind) }, { kind: 'get', before: failure(kind) });
      expect(await store.get('x')).toEqual(text('x'));
      expect(inner.count('get')).toBe(3);
    },
  );

  test.each(['denied', 'unauthenticated', 'absent', 'refused'] as const)('are not, when it says %s', async (kind) => {
    inner.script.push({ kind: 'get', before: failure(kind) });
    await expect(store.get('x')).rejects.toMatchObject({ kind });
    expect(inner.count('get')).toBe(1);
  });

  test('fail with the last failure when no attempt is left', async () => {
    for (const kind of ['throttled', 'broken', 'timeout'] as const)
      inner.script.push({ kind: 'put', after: failure(kind) });
    await expect(store.put('x', text('x'))).rejects.toMatchObject({ kind: 'timeout', code: '08006' });
  });

  test('pages of a list go on where they were', async () => {
    for (const key of ['a', 'b', 'c']) await store.put(key, text(key));
    inner.script.push({ kind: 'listPage', after: failure('broken') });
    const keys = [];
    for await (const { key } of store.list('')) keys.push(key);
    expect(keys).toEqual(['a', 'b', 'c']);
  });
});

describe('a create', () => {
  test('whose answer was lost is recognized as its own', async () => {
    inner.script.push({ kind: 'create', after: failure('broken') });
    expect(await store.create('x', text('mine'))).toBe('created');
    expect(await store.get('x')).toEqual(text('mine'));
  });

  test('of bytes that somebody else has created meanwhile is not', async () => {
    const wait = inner.memory.create('x', text('the same bytes'), { token: 'of-somebody-else' });
    inner.script.push({ kind: 'create', wait, before: failure('timeout') });
    expect(await store.create('x', text('the same bytes'))).toBe('exists');
  });

  test('that never reached the store is made again', async () => {
    inner.script.push({ kind: 'create', before: failure('timeout') });
    expect(await store.create('x', text('mine'))).toBe('created');
    expect(inner.count('create')).toBe(2);
  });

  test('that was refused at once asks nothing more', async () => {
    await store.put('x', text('theirs'));
    expect(await store.create('x', text('mine'))).toBe('exists');
    expect(inner.count('head')).toBe(0);
  });

  test('that was throttled cannot have happened, and asks nothing more', async () => {
    await store.put('x', text('theirs'));
    inner.script.push({ kind: 'create', before: failure('throttled') });
    expect(await store.create('x', text('mine'))).toBe('exists');
    expect(inner.count('head')).toBe(0);
  });

  test('that cannot be settled says so', async () => {
    for (let attempt = 0; attempt < 3; attempt++) inner.script.push({ kind: 'create', before: failure('broken') });
    await expect(store.create('x', text('mine'))).rejects.toMatchObject({ kind: 'unknown-outcome', code: '08007' });
  });

  test('says so even when later attempts are denied', async () => {
    inner.script.push({ kind: 'create', after: failure('timeout') }, { kind: 'create', before: failure('denied') });
    await expect(store.create('x', text('mine'))).rejects.toMatchObject({ code: '08007' });
  });

  test('reads back again when reading back fails', async () => {
    inner.script.push({ kind: 'create', after: failure('broken') }, { kind: 'head', before: failure('throttled') });
    expect(await store.create('x', text('mine'))).toBe('created');
  });

  test('of a file is recognized too', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'alopex-retry-'));
    try {
      await writeFile(join(folder, 'file'), 'mine');
      inner.script.push({ kind: 'createFile', after: failure('timeout') });
      expect(await store.createFile('x', join(folder, 'file'))).toBe('created');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('a replace', () => {
  let version: string;
  beforeEach(async () => {
    await inner.put('x', text('first'));
    version = (await inner.head('x'))?.version ?? '';
  });

  test('whose answer was lost is recognized as its own', async () => {
    inner.script.push({ kind: 'replace', after: failure('broken') });
    expect(await store.replace('x', text('mine'), version)).toBe('replaced');
    expect(await store.get('x')).toEqual(text('mine'));
    expect(inner.count('replace')).toBe(2);
  });

  test('that never reached the store is made again', async () => {
    inner.script.push({ kind: 'replace', before: failure('broken') });
    expect(await store.replace('x', text('mine'), version)).toBe('replaced');
  });

  test('after which somebody else wrote is unknown, not lost', async () => {
    inner.script.push({
      kind: 'replace',
      meanwhile: () => inner.put('x', text('theirs')),
      after: failure('broken'),
    });
    await expect(store.replace('x', text('mine'), version)).rejects.toMatchObject({ code: '08007' });
  });

  test('that somebody else was faster with was not made, and is known not to be', async () => {
    const ports = { clock: new SteppingClock(), random: new RepeatingRandom(2) };
    const theirs = new RetryingStore(inner.memory, new RetryPolicy(ports), ports.random);
    const wait = theirs.replace('x', text('theirs'), version);
    inner.script.push({ kind: 'replace', wait, before: failure('broken') });
    expect(await store.replace('x', text('mine'), version)).toBe('changed');
    expect(await store.get('x')).toEqual(text('theirs'));
  });

  test('of another version is refused at once', async () => {
    expect(await store.replace('x', text('mine'), 'none')).toBe('changed');
    expect(inner.count('head')).toBe(1);
  });
});
