import { beforeAll, describe, expect, test } from 'vitest';
import { MemoryObjectStore } from '../connectors/store/memory.ts';
import { AlopexError } from '../engine/errors.ts';
import type { ColdSnapshot } from '../engine/ports/cold-table.ts';
import { IcebergCatalog } from './catalog.ts';
import { change, dataFile, definition, deleteFile, FixedClock, prefix, SeededRandom } from './test-support/fixtures.ts';

const store = new MemoryObjectStore();
const open = () => new IcebergCatalog({ store, clock: new FixedClock(), random: new SeededRandom(5) }).table(prefix);
const [a, b] = [dataFile('a'), dataFile('b')];
let intact: ColdSnapshot | undefined;
/** The objects that a load reads, by what they are. */
const objects = new Map<string, string>();

beforeAll(async () => {
  const table = open();
  await table.commit(definition(), change('j1', { addData: [a, b] }));
  await table.commit(definition(), change('j2', { addDeletes: [deleteFile(store, 'del', a)] }));
  await table.commit(definition(), change('j3', { removeData: [b.key] }));
  const read: string[] = [];
  const verify = (key: string) => void read.push(key);
  intact = await new IcebergCatalog({ store, clock: new FixedClock(), random: new SeededRandom(6) })
    .table(prefix, verify)
    .load();
  for (const [index, key] of read.entries()) {
    objects.set(['pointer', 'metadata', 'manifest list', 'data manifest', 'delete manifest'][index] ?? key, key);
  }
});

/** Loads with an object replaced: what the error says, or `intact` for a result that is right all the same. Anything else fails the test. */
async function loadWith(key: string, damagedBytes: Uint8Array): Promise<string> {
  const original = await store.get(key);
  if (original === undefined) throw new Error(`${key} is absent`);
  await store.put(key, damagedBytes);
  try {
    expect(await open().load()).toEqual(intact);
    return 'intact';
  } catch (error) {
    if (!(error instanceof AlopexError)) throw error;
    expect(error.code).toBe('XX001');
    return error.message;
  } finally {
    await store.put(key, original);
  }
}

describe.each(['pointer', 'metadata', 'manifest list', 'data manifest', 'delete manifest'])('a damaged %s', (name) => {
  const keyOf = () => objects.get(name) ?? '';

  test('is an object that a load reads', () => {
    expect(objects.size).toBe(5);
    expect(intact?.dataFiles).toEqual([a]);
    expect(intact?.deleteFiles).toHaveLength(1);
  });

  test('with any byte flipped is an error that names it', async () => {
    const bytes = (await store.get(keyOf())) ?? new Uint8Array();
    // Every byte of small objects, a spread of large ones.
    const step = Math.max(1, Math.floor(bytes.length / 200));
    for (let at = 0; at < bytes.length; at += step) {
      for (const mask of [0x01, 0x20, 0x80]) {
        const flipped = bytes.slice();
        flipped[at] = (flipped[at] ?? 0) ^ mask;
        expect(await loadWith(keyOf(), flipped)).toContain(keyOf());
      }
    }
  });

  test('cut short is an error that names it', async () => {
    const bytes = (await store.get(keyOf())) ?? new Uint8Array();
    for (const length of [0, 1, 4, Math.floor(bytes.length / 2), bytes.length - 1]) {
      expect(await loadWith(keyOf(), bytes.subarray(0, length))).toContain(keyOf());
    }
  });

  test('replaced by the same kind of object of another time is an error that names it', async () => {
    const other = Array.from(objects.values()).find((key) => key !== keyOf()) ?? '';
    expect(await loadWith(keyOf(), (await store.get(other)) ?? new Uint8Array())).toContain(keyOf());
  });

  test('that is absent is an error that names it', async () => {
    // Without its newest version a pointer is the one before: that is a loss which only its store can prevent.
    if (name === 'pointer') return;
    const bytes = (await store.get(keyOf())) ?? new Uint8Array();
    await store.delete([keyOf()]);
    await expect(open().load()).rejects.toMatchObject({
      code: 'XX001',
      message: expect.stringContaining(keyOf()),
    });
    await store.put(keyOf(), bytes);
  });
});

test('an error of `verify` comes through as it is', async () => {
  const refused = new AlopexError('XX001', 'the manifest is not the one that was written');
  const ports = { store, clock: new FixedClock(), random: new SeededRandom(5) };
  const table = new IcebergCatalog(ports).table(prefix, (key) => {
    if (key === objects.get('data manifest')) throw refused;
  });
  await expect(table.load()).rejects.toBe(refused);
});

test('a store under another address than the one in the metadata is told apart from damage', async () => {
  const moved = new MemoryObjectStore('memory://elsewhere');
  for await (const { key } of store.list('')) await moved.put(key, (await store.get(key)) ?? new Uint8Array());
  const ports = { store: moved, clock: new FixedClock(), random: new SeededRandom(5) };
  await expect(new IcebergCatalog(ports).table(prefix).load()).rejects.toMatchObject({ code: '58P01' });
});
