import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryObjectStore } from '../../connectors/store/memory.ts';
import { type Client, failure, serve } from './test-support/client.ts';
import { append, SCHEMA } from './test-support/metadata.ts';

let store: MemoryObjectStore;
let ask: Client;

beforeEach(async () => {
  store = new MemoryObjectStore();
  ask = serve({ store });
  await ask('POST', '/v1/namespaces', { namespace: ['ns'], properties: { owner: 'ann' } });
});

const create = (name: string, more: object = {}) =>
  ask('POST', '/v1/namespaces/ns/tables', { name, schema: SCHEMA, ...more });
const commit = (name: string, updates: object[], requirements: object[] = []) =>
  ask('POST', `/v1/namespaces/ns/tables/${name}`, { requirements, updates });
const load = (name: string) => ask('GET', `/v1/namespaces/ns/tables/${name}`);

async function keys(prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list(prefix)) found.push(key);
  return found;
}

describe('namespaces', () => {
  test('are created, loaded, changed and dropped', async () => {
    expect(await ask('GET', '/v1/namespaces/ns')).toMatchObject({
      status: 200,
      json: { properties: { owner: 'ann' } },
    });
    const changed = await ask('POST', '/v1/namespaces/ns/properties', {
      removals: ['owner', 'no'],
      updates: { a: 'b' },
    });
    expect(changed.json).toEqual({ updated: ['a'], removed: ['owner'], missing: ['no'] });
    expect((await ask('GET', '/v1/namespaces/ns')).json['properties']).toEqual({ a: 'b' });
    expect((await ask('HEAD', '/v1/namespaces/ns')).status).toBe(204);
    expect((await ask('DELETE', '/v1/namespaces/ns')).status).toBe(204);
    expect((await ask('HEAD', '/v1/namespaces/ns')).status).toBe(404);
  });

  test('are nested, and listed by level', async () => {
    for (const namespace of [['ns', 'a'], ['ns', 'b', 'c'], ['nsx']])
      await ask('POST', '/v1/namespaces', { namespace });
    const listed = async (query: string) => (await ask('GET', `/v1/namespaces${query}`)).json['namespaces'];
    expect(await listed('')).toEqual([['ns'], ['nsx']]);
    expect(await listed('?parent=ns')).toEqual([['ns', 'a']]);
    expect(await listed('?parent=ns%1Fb')).toBeUndefined();
    expect((await ask('GET', '/v1/namespaces/ns%1Fa')).json['namespace']).toEqual(['ns', 'a']);
    expect(failure(await ask('DELETE', '/v1/namespaces/ns')).type).toBe('NamespaceNotEmptyException');
  });

  test.each<[string, string, string, unknown, number, string]>([
    ['that are there', 'POST', '/v1/namespaces', { namespace: ['ns'] }, 409, 'AlreadyExistsException'],
    ['without a name', 'POST', '/v1/namespaces', { namespace: [] }, 400, 'BadRequestException'],
    ['with a separator', 'POST', '/v1/namespaces', { namespace: ['a\u001fb'] }, 400, 'BadRequestException'],
    ['that are not there', 'GET', '/v1/namespaces/no', undefined, 404, 'NoSuchNamespaceException'],
    ['that are not there', 'DELETE', '/v1/namespaces/no', undefined, 404, 'NoSuchNamespaceException'],
    ['that are not there', 'GET', '/v1/namespaces?parent=no', undefined, 404, 'NoSuchNamespaceException'],
    [
      'that are not there',
      'POST',
      '/v1/namespaces/no/properties',
      { updates: { a: 'b' } },
      404,
      'NoSuchNamespaceException',
    ],
    [
      'with a key twice',
      'POST',
      '/v1/namespaces/ns/properties',
      { updates: { a: 'b' }, removals: ['a'] },
      422,
      'UnprocessableEntityException',
    ],
    ['in no JSON', 'POST', '/v1/namespaces', '{', 400, 'BadRequestException'],
    ['in no object', 'POST', '/v1/namespaces', '[]', 400, 'BadRequestException'],
  ])('%s: %s %s', async (_what, method, path, body, status, type) => {
    const response = await ask(method, path, body);
    expect(response.status).toBe(status);
    expect(failure(response)).toMatchObject({ type, code: status });
    expect(ask.errors).toEqual([]);
  });
});

describe('tables', () => {
  test('are created with fresh ids, and found by another process', async () => {
    const created = await create('t', {
      'partition-spec': { fields: [{ 'source-id': 12, transform: 'day', name: 'd', 'field-id': 5 }] },
      'write-order': {
        'order-id': 9,
        fields: [{ 'source-id': 11, transform: 'identity', direction: 'asc', 'null-order': 'nulls-first' }],
      },
      properties: { 'format-version': '2', a: 'b' },
    });
    expect(created.status).toBe(200);
    const loaded = await serve({ store, seed: 2 })('GET', '/v1/namespaces/ns/tables/t');
    expect(loaded.json).toEqual(created.json);
    expect(loaded.json['metadata']).toMatchObject({
      'partition-specs': [{ 'spec-id': 0, fields: [{ 'source-id': 3, 'field-id': 1000 }] }],
      'sort-orders': [{ 'order-id': 1, fields: [{ 'source-id': 2 }] }],
      schemas: [{ 'schema-id': 0, 'identifier-field-ids': [1] }],
      properties: { a: 'b' },
    });
  });

  test('that are staged are there once they are committed', async () => {
    const { json } = await create('t', { 'stage-create': true });
    expect(json).not.toHaveProperty('metadata-location');
    expect((await load('t')).status).toBe(404);
    const { location, schemas } = json['metadata'] as { location: string; schemas: object[] };
    const updates = [
      { action: 'add-schema', schema: schemas[0] },
      { action: 'set-current-schema', 'schema-id': -1 },
      { action: 'add-spec', spec: { fields: [] } },
      { action: 'set-default-spec', 'spec-id': -1 },
      { action: 'add-sort-order', 'sort-order': { fields: [] } },
      { action: 'set-default-sort-order', 'sort-order-id': -1 },
      { action: 'set-location', location },
      ...append(7, 1),
    ];
    const made = await commit('t', updates, [{ type: 'assert-create' }]);
    expect(made.json['metadata']).toMatchObject({ location, 'current-snapshot-id': 7 });
    expect((await commit('t', updates, [{ type: 'assert-create' }])).status).toBe(409);
    expect(failure(await commit('other', updates)).type).toBe('NoSuchTableException');
  });

  test('name the metadata before, and as many as they want', async () => {
    const addresses = [
      (await create('t', { properties: { 'write.metadata.previous-versions-max': '2' } })).json['metadata-location'],
    ];
    for (const value of ['1', '2', '3']) {
      const { json } = await commit('t', [{ action: 'set-properties', updates: { value } }]);
      addresses.push(json['metadata-location']);
    }
    const { metadata } = (await load('t')).json as { metadata: { 'metadata-log': object[] } };
    expect(metadata['metadata-log'].map((entry) => (entry as Record<string, unknown>)['metadata-file'])).toEqual(
      addresses.slice(1, 3),
    );
    expect(await keys('ns/')).toHaveLength(4);
    await commit('t', [
      { action: 'set-properties', updates: { 'write.metadata.delete-after-commit.enabled': 'true' } },
    ]);
    // From here on, what leaves the log is deleted.
    expect(await keys('ns/')).toHaveLength(4);
    await commit('t', [{ action: 'set-properties', updates: { last: '1' } }]);
    expect(await keys('ns/')).toHaveLength(4);
  });

  test('are packed when they want it', async () => {
    await create('t', { properties: { 'write.metadata.compression-codec': 'gzip' } });
    const { json } = await commit('t', append(9_007_199_254_740_993n, 1));
    expect(json['metadata-location']).toMatch(/\/00002-[0-9a-f-]{36}\.gz\.metadata\.json$/);
    expect((await load('t')).json['metadata']).toMatchObject({ 'current-snapshot-id': 9_007_199_254_740_993n });
  });

  test('that did not change are not sent again', async () => {
    await create('t');
    const { headers } = await load('t');
    const again = await ask('GET', '/v1/namespaces/ns/tables/t', undefined, { 'if-none-match': headers['etag'] ?? '' });
    expect(again).toMatchObject({ status: 304, json: {} });
    const refs = await ask('GET', '/v1/namespaces/ns/tables/t?snapshots=refs', undefined, {
      'if-none-match': headers['etag'] ?? '',
    });
    expect(refs.status).toBe(200);
    const { headers: later } = await commit('t', append(1, 1));
    expect(later['etag']).not.toBe(headers['etag']);
    expect((await load('t')).headers['etag']).toBe(later['etag']);
  });

  test('can be loaded with the snapshots of references alone', async () => {
    await create('t');
    await commit('t', [...append(1, 1), ...append(2, 2, 1)]);
    const { json } = await ask('GET', '/v1/namespaces/ns/tables/t?snapshots=refs');
    expect((json['metadata'] as { snapshots: object[] }).snapshots).toMatchObject([{ 'snapshot-id': 2 }]);
    expect(((await load('t')).json['metadata'] as { snapshots: object[] }).snapshots).toHaveLength(2);
  });

  test('are renamed, into other namespaces too, and commit under their new name', async () => {
    await create('t');
    await ask('POST', '/v1/namespaces', { namespace: ['other'] });
    const source = { namespace: ['ns'], name: 't' };
    const destination = { namespace: ['other'], name: 'u' };
    expect((await ask('POST', '/v1/tables/rename', { source, destination })).status).toBe(204);
    expect((await load('t')).status).toBe(404);
    const { json } = await ask('POST', '/v1/namespaces/other/tables/u', { updates: append(1, 1) });
    expect(json['metadata']).toMatchObject({ 'current-snapshot-id': 1 });
    expect(failure(await ask('POST', '/v1/tables/rename', { source, destination })).type).toBe('NoSuchTableException');
    await create('t');
    expect(failure(await ask('POST', '/v1/tables/rename', { source, destination })).type).toBe(
      'AlreadyExistsException',
    );
    const nowhere = { namespace: ['no'], name: 'u' };
    expect(failure(await ask('POST', '/v1/tables/rename', { source, destination: nowhere })).type).toBe(
      'NoSuchNamespaceException',
    );
  });

  test('are registered from metadata that is there', async () => {
    const { json } = await create('t');
    const register = (name: string, more: object = {}) =>
      ask('POST', '/v1/namespaces/ns/register', { name, 'metadata-location': json['metadata-location'], ...more });
    expect((await register('copy')).json['metadata']).toEqual(json['metadata']);
    await commit('copy', append(1, 1));
    expect((await load('t')).json['metadata']).toMatchObject({ 'current-snapshot-id': -1 });
    expect(failure(await register('copy')).type).toBe('AlreadyExistsException');
    expect((await register('copy', { overwrite: true })).status).toBe(200);
    expect((await load('copy')).json['metadata']).toEqual(json['metadata']);
    expect(
      failure(
        await ask('POST', '/v1/namespaces/ns/register', {
          name: 'x',
          'metadata-location': 'memory://test/no.metadata.json',
        }),
      ).type,
    ).toBe('NotFoundException');
  });

  test('that are dropped are gone, and their names free; their files stay unless they are purged', async () => {
    await create('t');
    expect((await ask('DELETE', '/v1/namespaces/ns/tables/t')).status).toBe(204);
    expect(failure(await load('t')).type).toBe('NoSuchTableException');
    expect((await ask('DELETE', '/v1/namespaces/ns/tables/t')).status).toBe(404);
    expect(await keys('ns/')).toHaveLength(1);
    await create('t');
    expect((await ask('DELETE', '/v1/namespaces/ns/tables/t?purgeRequested=true')).status).toBe(204);
    expect(await keys('ns/')).toHaveLength(1);
    await create('kept', { properties: { 'gc.enabled': 'false' } });
    expect((await ask('DELETE', '/v1/namespaces/ns/tables/kept?purgeRequested=true')).status).toBe(400);
    expect((await load('kept')).status).toBe(200);
  });

  test('are listed by pages that neither skip nor repeat when tables come and go', async () => {
    for (const name of ['a', 'b', 'd', 'e']) await create(name);
    const page = async (token: string) => {
      const { json } = await ask('GET', `/v1/namespaces/ns/tables?pageToken=${token}&pageSize=2`);
      return {
        names: (json['identifiers'] as { name: string }[]).map(({ name }) => name),
        next: json['next-page-token'],
      };
    };
    const first = await page('');
    expect(first.names).toEqual(['a', 'b']);
    await ask('DELETE', '/v1/namespaces/ns/tables/b');
    await create('c');
    const second = await page(String(first.next));
    expect(second.names).toEqual(['c', 'd']);
    expect(await page(String(second.next))).toEqual({ names: ['e'], next: null });
    expect((await ask('GET', '/v1/namespaces/ns/tables?pageSize=1')).json['identifiers']).toHaveLength(4);
    expect((await ask('GET', '/v1/namespaces/ns/tables?pageToken=x')).status).toBe(400);
    expect((await ask('GET', '/v1/namespaces/ns/tables?pageToken=&pageSize=0')).status).toBe(400);
  });

  test.each<[string, string, string, unknown, number, string]>([
    [
      'in a namespace that is not there',
      'POST',
      '/v1/namespaces/no/tables',
      { name: 'x', schema: SCHEMA },
      404,
      'NoSuchNamespaceException',
    ],
    [
      'that are there',
      'POST',
      '/v1/namespaces/ns/tables',
      { name: 't', schema: SCHEMA },
      409,
      'AlreadyExistsException',
    ],
    ['without a schema', 'POST', '/v1/namespaces/ns/tables', { name: 'x' }, 400, 'BadRequestException'],
    [
      'somewhere else',
      'POST',
      '/v1/namespaces/ns/tables',
      { name: 'x', schema: SCHEMA, location: 'file:///etc' },
      403,
      'ForbiddenException',
    ],
    [
      'above the warehouse',
      'POST',
      '/v1/namespaces/ns/tables',
      { name: 'x', schema: SCHEMA, location: 'memory://test/../x' },
      403,
      'ForbiddenException',
    ],
    [
      'moved somewhere else',
      'POST',
      '/v1/namespaces/ns/tables/t',
      { updates: [{ action: 'set-location', location: 'file:///etc' }] },
      403,
      'ForbiddenException',
    ],
    [
      'with metadata somewhere else',
      'POST',
      '/v1/namespaces/ns/tables/t',
      { updates: [{ action: 'set-properties', updates: { 'write.metadata.path': 'file:///etc' } }] },
      403,
      'ForbiddenException',
    ],
    [
      'of a version to come',
      'POST',
      '/v1/namespaces/ns/tables',
      { name: 'x', schema: SCHEMA, properties: { 'format-version': '4' } },
      400,
      'BadRequestException',
    ],
    ['in a namespace that is not there', 'GET', '/v1/namespaces/no/tables/x', undefined, 404, 'NoSuchTableException'],
    ['in a namespace that is not there', 'GET', '/v1/namespaces/no/tables', undefined, 404, 'NoSuchNamespaceException'],
    ['that are not there', 'HEAD', '/v1/namespaces/ns/tables/x', undefined, 404, 'NoSuchTableException'],
    ['that are views', 'GET', '/v1/namespaces/ns/views', undefined, 404, 'NotFoundException'],
    ['by another method', 'PUT', '/v1/namespaces/ns/tables/t', {}, 405, 'MethodNotAllowedException'],
    ['in another mode', 'GET', '/v1/namespaces/ns/tables/t?snapshots=some', undefined, 400, 'BadRequestException'],
    ['with an escape that is none', 'GET', '/v1/namespaces/%zz/tables', undefined, 400, 'BadRequestException'],
  ])('%s: %s %s', async (_what, method, path, body, status, type) => {
    await create('t');
    const response = await ask(method, path, body);
    expect(failure(response)).toMatchObject({ type, code: status });
    expect(response.status).toBe(status);
    expect(ask.errors).toEqual([]);
  });

  test('whose metadata is damaged or gone say so', async () => {
    const { json } = await create('t');
    const key = String(json['metadata-location']).slice('memory://test/'.length);
    const bytes = await store.get(key);
    await store.put(key, Buffer.from('{}'));
    expect(await load('t')).toMatchObject({ status: 500, json: { error: { message: expect.stringContaining(key) } } });
    expect(ask.errors).toHaveLength(1);
    await store.delete([key]);
    expect(failure(await load('t'))).toMatchObject({ code: 404, type: 'NotFoundException' });
    expect(bytes).toBeDefined();
  });

  test('have names with any characters', async () => {
    const name = 'a b+c/d.ü%';
    await ask('POST', '/v1/namespaces/ns/tables', { name, schema: SCHEMA });
    const path = `/v1/namespaces/ns/tables/${encodeURIComponent(name)}`;
    expect((await ask('GET', path)).status).toBe(200);
    expect((await ask('GET', path.replace('%20', '+'))).status).toBe(200);
  });
});

describe('requests', () => {
  const key = '017f22e2-79b0-7cc3-98c4-dc0c0c07398f';

  test('that come again with their key run once, whatever the answer was', async () => {
    const headers = { 'idempotency-key': key };
    const request = { name: 't', schema: SCHEMA };
    const [one, other] = await Promise.all([1, 2].map(() => ask('POST', '/v1/namespaces/ns/tables', request, headers)));
    expect(other).toEqual(one);
    expect(one?.status).toBe(200);
    const drop = { 'idempotency-key': key.replace('017f', '018f') };
    expect((await ask('DELETE', '/v1/namespaces/ns/tables/no', undefined, drop)).status).toBe(404);
    await create('no');
    expect((await ask('DELETE', '/v1/namespaces/ns/tables/no', undefined, drop)).status).toBe(404);
    // Half an hour later the key is forgotten.
    ask.clock.now += 31 * 60_000;
    expect((await ask('DELETE', '/v1/namespaces/ns/tables/no', undefined, drop)).status).toBe(204);
  });

  test('with the key of others, or no key, are refused', async () => {
    await ask('POST', '/v1/namespaces', { namespace: ['a'] }, { 'idempotency-key': key });
    expect((await ask('POST', '/v1/namespaces', { namespace: ['b'] }, { 'idempotency-key': key })).status).toBe(400);
    expect((await ask('POST', '/v1/namespaces', { namespace: ['b'] }, { 'idempotency-key': 'x' })).status).toBe(400);
  });

  test('for the configuration tell of every endpoint, and know their warehouse', async () => {
    const { json } = await ask('GET', '/v1/config?warehouse=alopex');
    expect(json['endpoints']).toContain('POST /v1/{prefix}/namespaces/{namespace}/tables/{table}');
    expect(json['endpoints']).not.toContain(expect.stringContaining('view'));
    expect((await ask('GET', '/v1/config?warehouse=memory://test')).status).toBe(200);
    expect(failure(await ask('GET', '/v1/config?warehouse=other')).type).toBe('NoSuchWarehouseException');
  });

  test('with reports are taken', async () => {
    await create('t');
    expect((await ask('POST', '/v1/namespaces/ns/tables/t/metrics', { 'report-type': 'scan-report' })).status).toBe(
      204,
    );
    expect((await ask('POST', '/v1/namespaces/ns/tables/t/metrics', {})).status).toBe(400);
  });
});
