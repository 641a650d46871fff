import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ObjectStore } from '../../engine/ports/object-store.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

async function keysOf(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const info of store.list(prefix)) keys.push(info.key);
  return keys;
}

export interface SuiteOptions {
  /** Objects in the test of lists: more than two pages hold. */
  readonly listedObjects?: number;
  /** Answers get lost: a replace may fail with `08007`, which says that it is not known whether it was made. */
  readonly losesAnswers?: boolean;
  /** Size of the file that goes in parts. */
  readonly largeFileBytes?: number;
}

/**
 * The contract of `ObjectStore`. `make` gives a store in which no other test writes, which the suite closes; each test keeps to keys of its own. To be run in a file of vitest, or
 * by a runner that has `describe`, `test` and `expect` of its own.
 */
export function objectStoreSuite(name: string, make: () => Promise<ObjectStore>, options: SuiteOptions = {}): void {
  const { listedObjects = 2100, largeFileBytes = 20 << 20, losesAnswers = false } = options;
  describe(`${name} keeps the contract of an object store`, () => {
    let store: ObjectStore;
    let folder: string;
    beforeAll(async () => {
      store = await make();
      folder = await mkdtemp(join(tmpdir(), 'alopex-suite-'));
    });
    afterAll(async () => {
      await rm(folder, { recursive: true, force: true });
      await store.close();
    });

    test('its address has a scheme and no trailing slash', () => {
      expect(store.uri).toMatch(/^[a-z0-9]+:\/\/.*[^/]$/);
    });

    test('what was put is read back, and replaced by the next put', async () => {
      await store.put('put/one', text('first'));
      expect(await store.get('put/one')).toEqual(text('first'));
      await store.put('put/one', text('second and longer'));
      expect(await store.get('put/one')).toEqual(text('second and longer'));
      await store.put('put/one', text(''));
      expect(await store.get('put/one')).toEqual(text(''));
    });

    test('bytes handed in and out are copies', async () => {
      const bytes = text('original');
      await store.put('put/copy', bytes);
      bytes.fill(0);
      const read = await store.get('put/copy');
      expect(read).toEqual(text('original'));
      read?.fill(0);
      expect(await store.get('put/copy')).toEqual(text('original'));
    });

    test('an absent object is undefined for get and head, and 58P01 for a range', async () => {
      expect(await store.get('absent/x')).toBeUndefined();
      expect(await store.head('absent/x')).toBeUndefined();
      await expect(store.getRange('absent/x', 0, 1)).rejects.toMatchObject({ name: 'AlopexError', code: '58P01' });
    });

    test('the beginning of a key is not an object', async () => {
      await store.put('part/of/key', text('x'));
      expect(await store.get('part/of')).toBeUndefined();
      expect(await store.head('part/of')).toBeUndefined();
      await expect(store.getRange('part/of', 0, 1)).rejects.toMatchObject({ code: '58P01' });
      await store.delete(['part/of/key/deeper']);
      expect(await store.get('part/of/key')).toEqual(text('x'));
    });

    test('ranges are exact and shorter only at the end', async () => {
      await store.put('range/x', text('0123456789'));
      expect(await store.getRange('range/x', 0, 10)).toEqual(text('0123456789'));
      expect(await store.getRange('range/x', 3, 4)).toEqual(text('3456'));
      expect(await store.getRange('range/x', 8, 100)).toEqual(text('89'));
      expect(await store.getRange('range/x', 10, 5)).toEqual(text(''));
      expect(await store.getRange('range/x', 2, 0)).toEqual(text(''));
      await expect(store.getRange('range/x', -1, 5)).rejects.toMatchObject({ code: '22023' });
      await expect(store.getRange('range/absent', 0, 0)).rejects.toMatchObject({ code: '58P01' });
      await store.put('range/empty', text(''));
      expect(await store.getRange('range/empty', 0, 10)).toEqual(text(''));
    });

    test('many ranges at once each get their own bytes', async () => {
      const bytes = Uint8Array.from({ length: 50_000 }, (_, index) => (index * 7) % 253);
      await store.put('range/many', bytes);
      const ranges = Array.from({ length: 40 }, (_, index) => [(index * 1234) % 50_000, 1 + index * 37] as const);
      const read = await Promise.all(ranges.map(([offset, length]) => store.getRange('range/many', offset, length)));
      for (const [index, [offset, length]] of ranges.entries()) {
        expect(Buffer.compare(read[index] ?? text(''), bytes.subarray(offset, offset + length))).toBe(0);
      }
    });

    test('head tells size and age', async () => {
      await store.put('head/x', text('12345'));
      const info = await store.head('head/x');
      expect(info).toMatchObject({ key: 'head/x', sizeBytes: 5 });
      // A store's clock may differ from ours, but not by a day.
      expect(Math.abs((info?.modifiedMs ?? 0) - Date.now())).toBeLessThan(86_400_000);
    });

    test('a version is the same everywhere, and another one after each write', async () => {
      await store.put('version/x', text('one'));
      const seen = new Set<string>();
      for (const content of ['two', 'three', 'thref', 'a longer one']) {
        const info = await store.head('version/x');
        const versioned = await store.getVersion('version/x');
        const { objects } = await store.listPage('version/x');
        expect(info?.version).toMatch(/./);
        expect(versioned?.version).toBe(info?.version);
        expect(objects.map(({ version }) => version)).toEqual([info?.version]);
        seen.add(info?.version ?? '');
        await store.put('version/x', text(content));
        expect((await store.getVersion('version/x'))?.bytes).toEqual(text(content));
      }
      expect(seen.size).toBe(4);
      expect(await store.getVersion('version/absent')).toBeUndefined();
    });

    test('replace writes only over the version that it names', async () => {
      expect(await store.create('replace/x', text('one'))).toBe('created');
      const first = (await store.head('replace/x'))?.version ?? '';
      expect(await store.replace('replace/x', text('two'), first)).toBe('replaced');
      expect(await store.replace('replace/x', text('three'), first)).toBe('changed');
      expect(await store.get('replace/x')).toEqual(text('two'));
      const second = (await store.getVersion('replace/x'))?.version ?? '';
      expect(await store.replace('replace/x', text('three'), second)).toBe('replaced');
      await store.delete(['replace/x']);
      const last = store.replace('replace/x', text('four'), second).catch((error: unknown) => {
        if (!losesAnswers || (error as { code?: unknown }).code !== '08007') throw error;
        return 'changed';
      });
      expect(await last).toBe('changed');
      expect(await store.get('replace/x')).toBeUndefined();
    });

    test('of racing replaces of one version exactly one takes place', async () => {
      await store.put('race/replace', text('start'));
      for (let round = 0; round < 3; round++) {
        const version = (await store.head('race/replace'))?.version ?? '';
        const callers = Array.from({ length: 8 }, (_, caller) => `replacement ${caller} of round ${round}`);
        const outcomes = await Promise.all(
          callers.map((caller) => store.replace('race/replace', text(caller), version)),
        );
        const winners = callers.filter((_, index) => outcomes[index] === 'replaced');
        expect(winners).toHaveLength(1);
        expect(await store.get('race/replace')).toEqual(text(winners[0] ?? ''));
      }
    });

    test('a list that many add to by replacing it loses nobody, and has nobody twice', async () => {
      await store.put('race/list', text(''));
      const namesIn = (bytes: Uint8Array): string[] => new TextDecoder().decode(bytes).split(' ');
      const add = async (name: string): Promise<void> => {
        for (;;) {
          const found = await store.getVersion('race/list');
          if (found === undefined) throw new Error('the list is gone');
          if (namesIn(found.bytes).includes(name)) return;
          const longer = text(`${new TextDecoder().decode(found.bytes)} ${name}`);
          try {
            if ((await store.replace('race/list', longer, found.version)) === 'replaced') return;
          } catch (error) {
            // The list itself tells whether it was.
            if ((error as { code?: unknown }).code !== '08007') throw error;
          }
        }
      };
      const names = ['ann', 'bob', 'cyd', 'dan', 'eve'];
      await Promise.all(names.map(add));
      expect(namesIn((await store.get('race/list')) ?? text('')).sort()).toEqual(['', ...names]);
    });

    test('create takes a free key and leaves a taken one alone', async () => {
      expect(await store.create('create/x', text('mine'))).toBe('created');
      expect(await store.create('create/x', text('yours'))).toBe('exists');
      expect(await store.get('create/x')).toEqual(text('mine'));
      await store.delete(['create/x']);
      expect(await store.create('create/x', text('yours'))).toBe('created');
    });

    test('create succeeds for exactly one of racing callers, and the winner is what is there', async () => {
      for (let round = 0; round < 5; round++) {
        const callers = Array.from({ length: 16 }, (_, caller) => `caller ${caller} of round ${round}`);
        const outcomes = await Promise.all(callers.map((caller) => store.create(`race/${round}`, text(caller))));
        const winners = callers.filter((_, index) => outcomes[index] === 'created');
        expect(winners).toHaveLength(1);
        expect(await store.get(`race/${round}`)).toEqual(text(winners[0] ?? ''));
      }
    });

    test('racing puts leave one of them whole', async () => {
      const contents = Array.from({ length: 8 }, (_, index) => new Uint8Array(100_000).fill(index));
      await Promise.all(contents.map((bytes) => store.put('race/put', bytes)));
      const read = await store.get('race/put');
      expect(read?.length).toBe(100_000);
      expect(new Set(read).size).toBe(1);
    });

    test('a file is uploaded and stays where it was', async () => {
      const path = join(folder, 'upload');
      const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 31) % 251);
      await writeFile(path, bytes);
      await store.put('upload/x', text('old'));
      await store.putFile('upload/x', path);
      await writeFile(path, 'changed afterwards');
      expect(await store.get('upload/x')).toEqual(bytes);
      await expect(store.putFile('upload/y', join(folder, 'absent'))).rejects.toMatchObject({ code: '58P01' });
      expect(await store.get('upload/y')).toBeUndefined();
    });

    test('a file is created only where the key is free', async () => {
      const [mine, yours] = [join(folder, 'mine'), join(folder, 'yours')];
      await writeFile(mine, 'mine');
      await writeFile(yours, 'yours');
      expect(await store.createFile('upload/create', mine)).toBe('created');
      expect(await store.createFile('upload/create', yours)).toBe('exists');
      expect(await store.get('upload/create')).toEqual(text('mine'));
      await expect(store.createFile('upload/z', join(folder, 'absent'))).rejects.toMatchObject({ code: '58P01' });
    });

    test('a large file goes in parts, and is created only where the key is free', async () => {
      const path = join(folder, 'large');
      const bytes = Buffer.alloc(largeFileBytes + 12_345);
      for (let at = 0; at + 4 <= bytes.length; at += 4) bytes.writeUInt32LE(Math.imul(at, 2654435761) >>> 0, at);
      await writeFile(path, bytes);
      const outcomes = await Promise.all([0, 1].map(() => store.createFile('upload/large', path)));
      expect(outcomes.sort()).toEqual(['created', 'exists']);
      expect((await store.head('upload/large'))?.sizeBytes).toBe(bytes.length);
      expect(Buffer.compare((await store.get('upload/large')) ?? text(''), bytes)).toBe(0);
      bytes[largeFileBytes - 1] = (bytes[largeFileBytes - 1] ?? 0) ^ 1;
      await writeFile(path, bytes);
      await store.putFile('upload/large', path);
      const end = await store.getRange('upload/large', largeFileBytes - 1000, 20_000);
      expect(Buffer.compare(end, bytes.subarray(largeFileBytes - 1000))).toBe(0);
      await store.delete(['upload/large']);
    });

    test('a copy is made within the store', async () => {
      const name = 'copy/a b+c%41ü';
      await store.put(name, text('content'));
      await store.put('copy/to', text('old'));
      await store.copy(name, 'copy/to');
      await store.put(name, text('changed afterwards'));
      expect(await store.get('copy/to')).toEqual(text('content'));
      await expect(store.copy('copy/absent', 'copy/to')).rejects.toMatchObject({ code: '58P01' });
      expect(await store.get('copy/to')).toEqual(text('content'));
    });

    test('a request whose signal is aborted fails with its reason', async () => {
      const reason = new Error('enough');
      const signal = AbortSignal.abort(reason);
      await store.put('abort/x', text('x'));
      await expect(store.get('abort/x', { signal })).rejects.toBe(reason);
      await expect(store.getRange('abort/x', 0, 1, { signal })).rejects.toBe(reason);
      await expect(store.put('abort/x', text('y'), { signal })).rejects.toBe(reason);
      await expect(store.listPage('abort/', undefined, { signal })).rejects.toBe(reason);
      await expect(store.delete(['abort/x'], { signal })).rejects.toBe(reason);
      expect(await store.get('abort/x')).toEqual(text('x'));
    });

    test('list yields whole keys in ascending byte order', async () => {
      // "a.b" < "a/b" < "a0"; U+FF5E is above the surrogates in UTF-16 but below U+1F98A in UTF-8.
      const keys = ['a', 'a.b', 'b/b', 'b/c/d', 'b.b', 'b0', 'b-', 'ü', '\u{ff5e}', '\u{1f98a}', 'B', 'b/a b', 'b/%41'];
      for (const key of keys) await store.put(`list/${key}`, text(key));
      const expected = keys
        .map((key) => `list/${key}`)
        .sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
      expect(await keysOf(store, 'list/')).toEqual(expected);
      for await (const info of store.list('list/')) {
        expect(info.sizeBytes).toBe(Buffer.byteLength(info.key) - 'list/'.length);
      }
      expect(await keysOf(store, 'list/b')).toEqual(expected.filter((key) => key.startsWith('list/b')));
      expect(await keysOf(store, 'list/b/')).toEqual(['list/b/%41', 'list/b/a b', 'list/b/b', 'list/b/c/d']);
      expect(await keysOf(store, 'list/b/c/d')).toEqual(['list/b/c/d']);
      expect(await keysOf(store, 'list/absent')).toEqual([]);
      expect(await keysOf(store, 'list/b/c/d/')).toEqual([]);
      expect((await keysOf(store, '')).filter((key) => key.startsWith('list/'))).toEqual(expected);
    });

    test('list sees more objects than a page holds', async () => {
      const keys = Array.from({ length: listedObjects }, (_, index) => `many/${String(index).padStart(5, '0')}`);
      for (let first = 0; first < keys.length; first += 50) {
        await Promise.all(keys.slice(first, first + 50).map((key) => store.put(key, text(key))));
      }
      expect(await keysOf(store, 'many/')).toEqual(keys);
      const paged: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.listPage('many/', cursor);
        paged.push(...page.objects.map(({ key }) => key));
        cursor = page.next;
      } while (cursor !== undefined);
      expect(paged).toEqual(keys);
      await store.delete(keys.slice(1));
      expect(await keysOf(store, 'many/')).toEqual(keys.slice(0, 1));
    });

    test('delete removes, and absence is not an error', async () => {
      await store.put('delete/x', text('x'));
      await store.put('delete/y', text('y'));
      await store.delete(['delete/x', 'delete/absent']);
      await store.delete(['delete/x']);
      await store.delete([]);
      expect(await store.get('delete/x')).toBeUndefined();
      expect(await keysOf(store, 'delete/')).toEqual(['delete/y']);
    });

    test('keys that could leave the root are refused', async () => {
      for (const key of ['', '/x', 'x/', 'x//y', '..', '../x', 'x/../y', './x', 'x\0y']) {
        await expect(store.put(key, text('x'))).rejects.toMatchObject({ code: '22023' });
        await expect(store.create(key, text('x'))).rejects.toMatchObject({ code: '22023' });
        await expect(store.get(key)).rejects.toMatchObject({ code: '22023' });
        await expect(store.delete([key])).rejects.toMatchObject({ code: '22023' });
      }
    });
  });
}
