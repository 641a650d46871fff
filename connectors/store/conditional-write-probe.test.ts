import { describe, expect, test } from 'vitest';
import { probeConditionalWrites } from './conditional-write-probe.ts';
import { MemoryObjectStore } from './memory.ts';
import { ProbedStore } from './probed-store.ts';
import { StoreError } from './store-error.ts';
import { RepeatingRandom, text } from './test-support/ports.ts';
import { ScriptedStore } from './test-support/scripted-store.ts';

/** Takes conditions and ignores them, as some services do. */
class IgnorantStore extends MemoryObjectStore {
  override async create(key: string, bytes: Uint8Array): Promise<'created' | 'exists'> {
    await this.put(key, bytes);
    return 'created';
  }
}

/** Looks first and writes then: right as long as one comes after the other. */
class LookingStore extends MemoryObjectStore {
  override async create(key: string, bytes: Uint8Array): Promise<'created' | 'exists'> {
    const found = await this.head(key);
    await new Promise((resolve) => setImmediate(resolve));
    if (found !== undefined) return 'exists';
    await this.put(key, bytes);
    return 'created';
  }
}

class BlindReplaceStore extends MemoryObjectStore {
  override async replace(key: string, bytes: Uint8Array): Promise<'replaced' | 'changed'> {
    await this.put(key, bytes);
    return 'replaced';
  }
}

class RefusingStore extends MemoryObjectStore {
  override create(): Promise<'created' | 'exists'> {
    return Promise.resolve('exists');
  }
}

const random = new RepeatingRandom(1);

describe('the probe', () => {
  test('passes a store that keeps its word, and leaves nothing there', async () => {
    const store = new MemoryObjectStore();
    await probeConditionalWrites(store, random);
    expect((await store.listPage('')).objects).toEqual([]);
  });

  test.each([
    ['ignores conditions', new IgnorantStore(), 'of 8 concurrent creates, 8 succeeded'],
    ['looks before it writes', new LookingStore(), 'of 8 concurrent creates, 8 succeeded'],
    ['ignores versions', new BlindReplaceStore(), 'of 8 concurrent replaces of one version, 8 succeeded'],
    ['refuses all', new RefusingStore(), 'of 8 concurrent creates, 0 succeeded'],
  ])('refuses a store that %s', async (_, store, problem) => {
    await expect(probeConditionalWrites(store, random)).rejects.toMatchObject({
      code: '0A000',
      message: expect.stringContaining(problem) as string,
    });
    expect((await store.listPage('')).objects).toEqual([]);
  });
});

describe('ProbedStore', () => {
  test('probes before the first conditional write, once for each place', async () => {
    const inner = new ScriptedStore();
    const store = new ProbedStore(inner, 'one place', random);
    await store.put('x', text('x'));
    await store.get('x');
    expect(inner.count('create')).toBe(0);
    expect(await Promise.all(['a', 'b'].map((key) => store.create(key, text(key))))).toEqual(['created', 'created']);
    expect(inner.count('create')).toBe(8 + 2);
    await new ProbedStore(inner, 'one place', random).create('c', text('c'));
    expect(inner.count('create')).toBe(8 + 3);
    await new ProbedStore(inner, 'another place', random).create('d', text('d'));
    expect(inner.count('create')).toBe(8 + 3 + 8 + 1);
  });

  test('writes nothing conditionally where the store ignores conditions', async () => {
    const inner = new IgnorantStore();
    const store = new ProbedStore(inner, 'an ignorant place', random);
    await expect(store.create('x', text('x'))).rejects.toMatchObject({ code: '0A000' });
    await expect(store.replace('x', text('x'), '1')).rejects.toMatchObject({ code: '0A000' });
    expect(await store.get('x')).toBeUndefined();
  });

  test('a probe that failed for another reason is made again', async () => {
    const inner = new ScriptedStore();
    const store = new ProbedStore(inner, 'a shaky place', random);
    inner.script.push({ kind: 'getVersion', before: new StoreError('denied', 'no') });
    await expect(store.create('x', text('x'))).rejects.toMatchObject({ code: '42501' });
    expect(await store.create('x', text('x'))).toBe('created');
  });
});
