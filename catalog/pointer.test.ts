import { beforeEach, expect, test } from 'vitest';
import { MemoryObjectStore } from '../connectors/store/memory.ts';
import { MetadataObjects } from './metadata-objects.ts';
import { type Pointer, PointerLog } from './pointer.ts';
import { TransactionDecisions } from './transaction-decisions.ts';

const [ONE, TWO] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];

let store: MemoryObjectStore;
let log: PointerLog;
let decisions: TransactionDecisions;

beforeEach(() => {
  store = new MemoryObjectStore();
  log = new PointerLog(store, new MetadataObjects(store), 't/metadata');
  decisions = new TransactionDecisions(store);
});

function pointer(version: number, transaction?: string): Pointer {
  const metadata = `0000${version}-a.metadata.json`;
  return { version, metadata, crc32: version, ...(transaction === undefined ? {} : { transaction }) };
}

async function create(...pointers: readonly Pointer[]): Promise<void> {
  for (const each of pointers) expect(await log.create(each)).toBe('created');
}

test('the greatest version counts', async () => {
  expect(await log.current()).toEqual({ pointer: undefined, lastVersion: 0 });
  await create(pointer(1), pointer(2));
  expect(await log.current()).toEqual({ pointer: pointer(2), lastVersion: 2 });
  expect(await log.create(pointer(2))).toBe('exists');
});

test('a version of a transaction counts once that is committed', async () => {
  await create(pointer(1), pointer(2, ONE));
  expect(await log.current()).toEqual({ pointer: pointer(1), lastVersion: 2 });
  expect(await decisions.decide(ONE, 'committed')).toBe('committed');
  expect(await log.current()).toEqual({ pointer: pointer(2, ONE), lastVersion: 2 });
  expect(await log.settled()).toEqual({ pointer: pointer(2, ONE), lastVersion: 2 });
});

test('a writer aborts what is undecided, for good, and goes on after it', async () => {
  await create(pointer(1), pointer(2, ONE), pointer(3, TWO));
  expect(await log.settled()).toEqual({ pointer: pointer(1), lastVersion: 3 });
  for (const transaction of [ONE, TWO]) expect(await decisions.decide(transaction, 'committed')).toBe('aborted');
  await create(pointer(4));
  expect(await log.current()).toEqual({ pointer: pointer(4), lastVersion: 4 });
});

test('a reader decides nothing', async () => {
  await create(pointer(1), pointer(2, ONE));
  await log.current();
  expect(await decisions.find(ONE)).toBeUndefined();
});

test('a reader that knows of no transactions takes a version of one for damage', async () => {
  await create(pointer(1, ONE));
  const text = Buffer.from((await store.get(log.key(1))) ?? []).toString();
  expect(JSON.parse(text)).toEqual({
    version: 1,
    pending: { metadata: '00001-a.metadata.json', crc32: 1, transaction: ONE },
  });
});

test.each([
  '{"version":1,"metadata":"../x.metadata.json","crc32":1}',
  '{"version":2,"metadata":"1-a.metadata.json","crc32":1}',
  '{"version":1,"pending":{"metadata":"1-a.metadata.json","crc32":1,"transaction":"../../x"}}',
  '{"version":1,"metadata":null,"crc32":1}',
  '[]',
])('%s is damage', async (text) => {
  await store.create(log.key(1), Buffer.from(text));
  await expect(log.current()).rejects.toMatchObject({ code: 'XX001', message: expect.stringContaining(log.key(1)) });
});

test('a decision that is none is damage', async () => {
  await create(pointer(1, ONE));
  await store.create(decisions.key(ONE), Buffer.from('maybe'));
  await expect(log.current()).rejects.toMatchObject({ code: 'XX001' });
});
