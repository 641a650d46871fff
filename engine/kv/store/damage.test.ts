import { expect, test } from 'vitest';
import { LimitedFiles } from '../access/test-support/limited-files.ts';
import { openStore } from '../access/test-support/open-store.ts';
import { collect } from '../access/test-support/store-pair.ts';

/** A store with one segment, closed, and the segment's path. */
async function written(): Promise<{ files: LimitedFiles; path: string }> {
  const files = new LimitedFiles();
  const store = await openStore({ files });
  for (let key = 0; key < 20; key++) await store.kv.put(`k${key}`, `value ${key} `.repeat(20));
  await store.kv.flush();
  await store.close();
  const path = [...files.files.keys()].find((name) => name.endsWith('.seg'));
  if (path === undefined) throw new Error('there is no segment');
  return { files, path };
}

test('a flipped bit in a segment is XX001 with the name of the file, or harmless', async () => {
  const { files, path } = await written();
  const sizeBytes = files.files.get(path)?.length ?? 0;
  let found = 0;
  for (let offset = 0; offset < sizeBytes; offset += 7) {
    const copy = files.copy();
    copy.flip(path, offset, offset % 8);
    const store = await openStore({ files: copy });
    try {
      for (const [key, value] of await collect(store.kv.scan())) {
        const name = Buffer.from(key).toString();
        expect(Buffer.from(value).toString()).toBe(`value ${name.slice(1)} `.repeat(20));
      }
    } catch (error) {
      found++;
      expect(error).toMatchObject({ code: 'XX001', message: expect.stringContaining('00000001.seg') });
    }
    await store.close();
  }
  // Walks do not read the filter, which is one line here.
  expect(found).toBeGreaterThanOrEqual(Math.floor((sizeBytes - 64) / 7));
});

test('a segment that is missing is XX001 with its name when the store is opened', async () => {
  const { files, path } = await written();
  files.files.delete(path);
  await expect(openStore({ files })).rejects.toMatchObject({
    code: 'XX001',
    message: expect.stringContaining('00000001.seg'),
  });
});

test('a segment that is cut short or replaced by another is XX001 with its name', async () => {
  const { files, path } = await written();
  const bytes = files.files.get(path) ?? new Uint8Array(0);
  for (const wrong of [bytes.slice(0, -1), bytes.slice(0, 100), new Uint8Array(0), Buffer.concat([bytes, bytes])]) {
    const copy = files.copy();
    copy.files.set(path, wrong);
    const store = await openStore({ files: copy });
    await expect(store.kv.get('k1')).rejects.toMatchObject({
      code: 'XX001',
      message: expect.stringContaining('00000001.seg'),
    });
    await store.close();
  }
});

test('a segment that nothing names, as a crash leaves it, is removed', async () => {
  const { files, path } = await written();
  const orphan = path.replace('00000001', '00000077');
  files.files.set(orphan, Uint8Array.of(1, 2, 3));
  const store = await openStore({ files });
  expect(files.files.has(orphan)).toBe(false);
  expect(await store.kv.has('k1')).toBe(true);
  await store.close();
});

test('a damaged segment stops its compaction with a warning, and other keys can be written and read', async () => {
  const { files, path } = await written();
  files.flip(path, 40);
  const store = await openStore({ files });
  for (let round = 0; round < 8; round++) {
    await store.kv.put(`new ${round}`, 'v');
    await store.kv.flush();
  }
  await expect(store.kv.settled()).rejects.toMatchObject({
    code: 'XX001',
    message: expect.stringContaining('00000001.seg'),
  });
  expect(store.warnings[0]).toMatchObject({ code: 'XX001' });
  expect(await store.kv.has('new 3')).toBe(true);
  await store.close();
});
