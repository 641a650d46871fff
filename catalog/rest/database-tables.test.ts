import { beforeEach, expect, test } from 'vitest';
import { MemoryObjectStore } from '../../connectors/store/memory.ts';
import type { ObjectStore } from '../../engine/ports/object-store.ts';
import { IcebergCatalog } from '../catalog.ts';
import { change, dataFile, definition, FixedClock, prefix, SeededRandom } from '../test-support/fixtures.ts';
import { type Client, failure, serve } from './test-support/client.ts';
import { append, SCHEMA } from './test-support/metadata.ts';

let store: MemoryObjectStore;
let elsewhere: MemoryObjectStore;
let refresh: (tableId: number) => Promise<void>;
let ask: Client;

const COMMENT = [{ action: 'set-properties', updates: { comment: 'x' } }];

/** A database with two cold tables, of which one is in a store of its own. */
beforeEach(async () => {
  store = new MemoryObjectStore();
  elsewhere = new MemoryObjectStore('memory://elsewhere');
  refresh = () => Promise.resolve();
  const table = (tableId: number, name: string, in_: ObjectStore) => ({
    tableId,
    schemaName: 'main',
    name,
    store: in_,
    prefix,
  });
  const tables = [table(1, 'here', store), table(2, 'there', elsewhere)];
  for (const [seed, each] of tables.entries()) {
    const ports = { store: each.store, clock: new FixedClock(), random: new SeededRandom(50 + seed) };
    await new IcebergCatalog(ports).table(prefix).commit(definition(), change('job', { addData: [dataFile('a')] }));
  }
  const database = { schemas: () => ['main'], tables: () => tables, refresh: (id: number) => refresh(id) };
  ask = serve({ store, database });
});

test('tables of the database are found, in whatever store they are', async () => {
  expect((await ask('GET', '/v1/namespaces/main/tables')).json['identifiers']).toHaveLength(2);
  const { json } = await ask('GET', '/v1/namespaces/main/tables/there');
  expect(json['metadata-location']).toMatch(/^memory:\/\/elsewhere\/main\/flights-1\/metadata\//);
  // And tables of the catalog can be where those of the database are.
  await ask('POST', '/v1/namespaces', { namespace: ['ns'] });
  const request = { name: 't', schema: SCHEMA, location: 'memory://elsewhere/ns/t' };
  expect((await ask('POST', '/v1/namespaces/ns/tables', request)).status).toBe(200);
});

test('the database is told of commits to its tables, and its own commits go on from them', async () => {
  const told: number[] = [];
  refresh = async (tableId) => void told.push(tableId);
  expect((await ask('POST', '/v1/namespaces/main/tables/there', { updates: COMMENT })).status).toBe(200);
  expect(told).toEqual([2]);
  const ports = { store: elsewhere, clock: new FixedClock(), random: new SeededRandom(9) };
  const commit = await new IcebergCatalog(ports)
    .table(prefix)
    .commit(definition(), change('job-2', { addData: [dataFile('b')] }));
  expect(commit.kind).toBe('committed');
  const { json } = await ask('GET', '/v1/namespaces/main/tables/there');
  expect(json['metadata']).toMatchObject({ properties: { comment: 'x' } });
});

test('a commit that has happened is not answered by a failure that came after it', async () => {
  refresh = () => Promise.reject(new Error('the disk is full'));
  expect((await ask('POST', '/v1/namespaces/main/tables/here', { updates: COMMENT })).status).toBe(200);
  expect(ask.errors).toMatchObject([{ message: 'the disk is full' }]);
});

test('a transaction can change tables of the database with others, but not those in another store', async () => {
  await ask('POST', '/v1/namespaces', { namespace: ['ns'] });
  await ask('POST', '/v1/namespaces/ns/tables', { name: 't', schema: SCHEMA });
  const transaction = (name: string, id: number) =>
    ask('POST', '/v1/transactions/commit', {
      'table-changes': [
        { identifier: { namespace: ['main'], name }, updates: COMMENT },
        { identifier: { namespace: ['ns'], name: 't' }, updates: append(id, id) },
      ],
    });
  expect((await transaction('here', 1)).status).toBe(204);
  expect((await ask('GET', '/v1/namespaces/main/tables/here')).json['metadata']).toMatchObject({
    properties: { comment: 'x' },
  });
  const ports = { store, clock: new FixedClock(), random: new SeededRandom(9) };
  const table = new IcebergCatalog(ports).table(prefix);
  expect(await table.findJob('job')).toBeDefined();
  expect((await table.commit(definition(), change('job-2', { addData: [dataFile('b')] }))).kind).toBe('committed');
  const refused = await transaction('there', 2);
  expect(failure(refused)).toMatchObject({ code: 400, message: expect.stringContaining('storage of its own') });
  expect((await ask('GET', '/v1/namespaces/ns/tables/t')).json['metadata']).toMatchObject({ 'current-snapshot-id': 1 });
});
