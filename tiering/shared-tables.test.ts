import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { IcebergCatalog } from '../catalog/catalog.ts';
import { parseJson, stringifyJson } from '../catalog/json.ts';
import { FixedClock, InterferingStore, SeededRandom } from '../catalog/test-support/fixtures.ts';
import { LocalObjectStore } from '../connectors/store/local.ts';
import type { ColdChange, ColdTableDefinition } from '../engine/ports/cold-table.ts';
import { AlopexDB } from '../index.ts';

const PREFIX = 'main/t-1';
const DEFINITION: ColdTableDefinition = {
  schema: {
    schemaId: 0,
    columns: [
      { id: 1, name: 'id', type: { kind: 'primitive', name: 'BIGINT' }, required: false },
      { id: 2, name: 'name', type: { kind: 'primitive', name: 'VARCHAR' }, required: false },
    ],
    primaryKey: [],
    checks: [],
    lastFieldId: 2,
  },
  partition: [],
  sort: [],
};

let folder: string;
let db: AlopexDB;
let store: LocalObjectStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alopex-shared-'));
  db = await AlopexDB.open(folder);
  store = new LocalObjectStore(`${folder}/warehouse`);
  await db.execute('CREATE TABLE t (id BIGINT, name VARCHAR)');
  await db.execute("INSERT INTO t SELECT range, 'x' FROM range(10)");
  await db.execute('ALTER TABLE t TIER PARTITION WHERE id < 5 TO COLD');
});

afterEach(async () => {
  await db.close();
  await rm(folder, { recursive: true });
});

async function ask(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; json: Record<string, unknown> }> {
  const text = body === undefined ? '' : stringifyJson(body);
  const query = new URLSearchParams();
  const response = await db.catalog().handle({ method, path: `/v1/namespaces${path}`, query, headers: {}, body: text });
  return {
    status: response.status,
    json: response.body === undefined ? {} : (parseJson(response.body) as Record<string, unknown>),
  };
}

async function count(where = 'true'): Promise<number> {
  const [row] = (await db.query(`SELECT count(*)::INTEGER AS n FROM t WHERE ${where}`)).toArray() as { n: number }[];
  return row?.n ?? -1;
}

const dataFiles = async () =>
  (await new IcebergCatalog({ store, clock: new FixedClock(), random: new SeededRandom(1) }).table(PREFIX).load())
    ?.dataFiles ?? [];

let seed = 100;

/** What another engine does: it writes the files of a snapshot, and asks the catalog to add it. */
async function commitAsOther(change: Partial<ColdChange>): Promise<{ status: number; json: Record<string, unknown> }> {
  const interfering = new InterferingStore(store);
  interfering.onCreate = () => Promise.reject(new Error('it is the catalog that creates pointers'));
  const ports = { store: interfering.store, clock: new FixedClock(), random: new SeededRandom(seed++) };
  ports.clock.now = Date.now() + 1000;
  const before = new Set(await metadataKeys());
  const none = { addData: [], removeData: [], addDeletes: [], removeDeletes: [] };
  await new IcebergCatalog(ports).table(PREFIX).commit(DEFINITION, { jobId: `other-${seed}`, ...none, ...change });
  const [key] = (await metadataKeys()).filter((each) => !before.has(each));
  const metadata = parseJson(Buffer.from((await store.get(key ?? 'none')) ?? []).toString()) as { snapshots: object[] };
  const snapshot = metadata.snapshots.at(-1) as Record<string, unknown>;
  return await ask('POST', '/main/tables/t', {
    requirements: [],
    updates: [
      { action: 'add-snapshot', snapshot },
      { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': snapshot['snapshot-id'] },
    ],
  });
}

async function metadataKeys(): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(`${PREFIX}/metadata/`)) if (key.endsWith('.metadata.json')) keys.push(key);
  return keys;
}

/** Another data file with the rows of the first. */
async function copyOfFirst(key: string): Promise<ColdChange['addData'][number]> {
  const [first] = await dataFiles();
  if (first === undefined) throw new Error('there is no cold file');
  await store.put(key, (await store.get(first.key)) ?? new Uint8Array());
  return { ...first, key };
}

describe('the catalog', () => {
  test('shows schemas, and tables with cold rows', async () => {
    await db.execute('CREATE SCHEMA more; CREATE TABLE more.u (id BIGINT); INSERT INTO more.u VALUES (1)');
    expect((await ask('GET', '')).json['namespaces']).toEqual([['main'], ['more']]);
    expect((await ask('GET', '/more/tables')).json['identifiers']).toEqual([]);
    await db.execute('ALTER TABLE more.u TIER PARTITION WHERE true TO COLD');
    expect((await ask('GET', '/more/tables')).json['identifiers']).toEqual([{ namespace: ['more'], name: 'u' }]);
    const { json } = await ask('GET', '/main/tables/t');
    const [row] = (await db.query("SELECT metadata_location AS at FROM alopex.tables WHERE name = 't'")).toArray() as {
      at: string;
    }[];
    expect(json['metadata-location']).toBe(row?.at);
    await db.execute('DROP TABLE t');
    expect((await ask('GET', '/main/tables/t')).status).toBe(404);
  });

  test('leaves names to the database', async () => {
    const statuses = [
      await ask('POST', '', { namespace: ['main'] }),
      await ask('DELETE', '/main'),
      await ask('POST', '/main/properties', { updates: { a: 'b' } }),
      await ask('POST', '/main/tables', { name: 'x', schema: { type: 'struct', fields: [] } }),
      await ask('DELETE', '/main/tables/t'),
    ].map(({ status }) => status);
    expect(statuses).toEqual([409, 403, 403, 403, 403]);
    expect(await count()).toBe(10);
  });
});

describe('rows that others add', () => {
  test('are in the next query, after a reopening, and through moves', async () => {
    expect((await commitAsOther({ addData: [await copyOfFirst(`${PREFIX}/data/other-1.parquet`)] })).status).toBe(200);
    expect([await count(), await count('id < 5')]).toEqual([15, 10]);
    await db.execute('DELETE FROM t WHERE id = 0');
    expect(await count()).toBe(13);
    await db.execute('ALTER TABLE t TIER PARTITION WHERE true TO COLD');
    expect((await commitAsOther({ addData: [await copyOfFirst(`${PREFIX}/data/other-2.parquet`)] })).status).toBe(200);
    expect(await count()).toBe(18);
    await db.close();
    db = await AlopexDB.open(folder);
    expect(await count()).toBe(18);
    await db.execute('ALTER TABLE t TIER PARTITION WHERE id < 3 TO HOT');
    expect([await count(), await count('id = 0'), await count('id = 1')]).toEqual([18, 0, 2]);
  });

  test('stay out when they come while a move is prepared, until it is done', async () => {
    const added = await copyOfFirst(`${PREFIX}/data/other-1.parquet`);
    await Promise.all([
      db.execute('ALTER TABLE t TIER PARTITION WHERE true TO COLD'),
      commitAsOther({ addData: [added] }).then(({ status }) => expect([200, 409]).toContain(status)),
    ]);
    const expected = (await dataFiles()).some(({ key }) => key === added.key) ? 15 : 10;
    await db.close();
    db = await AlopexDB.open(folder);
    expect(await count()).toBe(expected);
  });

  test.each([
    ['a PRIMARY KEY', 'CREATE TABLE k (id BIGINT PRIMARY KEY)'],
    ['a UNIQUE constraint', 'CREATE TABLE k (id BIGINT UNIQUE)'],
    ['a CHECK constraint', 'CREATE TABLE k (id BIGINT CHECK (id > 0))'],
    ['GENERATED', 'CREATE TABLE k (id BIGINT, twice BIGINT GENERATED ALWAYS AS (id * 2))'],
    ['a type that others do not know', 'CREATE TABLE k (id UTINYINT)'],
  ])('are refused where they could break %s', async (reason, sql) => {
    await db.execute(sql);
    await db.execute('INSERT INTO k (id) VALUES (1)');
    await db.execute('ALTER TABLE k TIER PARTITION WHERE true TO COLD');
    const { json } = await ask('GET', '/main/tables/k');
    const { snapshots } = json['metadata'] as { snapshots: Record<string, unknown>[] };
    const snapshot = { ...snapshots[0], 'snapshot-id': 77, 'sequence-number': 2 };
    const refused = await ask('POST', '/main/tables/k', {
      updates: [
        { action: 'add-snapshot', snapshot },
        { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': 77 },
      ],
    });
    expect(refused).toMatchObject({ status: 403, json: { error: { message: expect.stringContaining(reason) } } });
  });
});

describe('refused is', () => {
  test('to take files away, or to delete rows from them', async () => {
    const [first] = await dataFiles();
    const key = first?.key ?? '';
    const replaced = { removeData: [key], addData: [await copyOfFirst(`${PREFIX}/data/other-1.parquet`)] };
    expect(await commitAsOther(replaced)).toMatchObject({
      status: 403,
      json: { error: { message: expect.stringContaining('rewrite data files') } },
    });
    const path = `${store.uri}/${key}`;
    const deletes = {
      key: `${PREFIX}/data/d.parquet`,
      rowCount: 1,
      sizeBytes: 1,
      partition: [],
      minPath: path,
      maxPath: path,
    };
    expect(await commitAsOther({ addDeletes: [deletes] })).toMatchObject({
      status: 403,
      json: { error: { message: expect.stringContaining('delete rows') } },
    });
    expect(await count()).toBe(10);
  });

  test.each<[string, object]>([
    [
      'its columns',
      {
        action: 'add-schema',
        schema: { type: 'struct', fields: [{ id: 1, name: 'id', required: false, type: 'long' }] },
      },
    ],
    [
      'its partitioning',
      { action: 'add-spec', spec: { fields: [{ 'source-id': 1, transform: 'identity', name: 'p' }] } },
    ],
    ['its format version', { action: 'upgrade-format-version', 'format-version': 3 }],
    ['its uuid', { action: 'assign-uuid', uuid: 'other' }],
  ])('to change %s', async (what, update) => {
    const refused = await ask('POST', '/main/tables/t', { updates: [update] });
    expect(refused).toMatchObject({ status: 403, json: { error: { message: expect.stringContaining(what) } } });
  });

  test('to remove snapshots, or a snapshot that cannot be read', async () => {
    const { json } = await ask('GET', '/main/tables/t');
    const { snapshots } = json['metadata'] as { snapshots: Record<string, unknown>[] };
    const ids = snapshots.map((snapshot) => snapshot['snapshot-id']);
    expect(
      (await ask('POST', '/main/tables/t', { updates: [{ action: 'remove-snapshots', 'snapshot-ids': ids }] })).status,
    ).toBe(403);
    const snapshot = {
      ...snapshots[0],
      'snapshot-id': 77,
      'sequence-number': 2,
      'manifest-list': `${store.uri}/none.avro`,
    };
    const updates = [
      { action: 'add-snapshot', snapshot },
      { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': 77 },
    ];
    expect((await ask('POST', '/main/tables/t', { updates })).status).toBe(403);
    expect(await count()).toBe(10);
  });

  test('nothing that the database does not look at', async () => {
    const { json } = await ask('GET', '/main/tables/t');
    const { snapshots } = json['metadata'] as { snapshots: Record<string, unknown>[] };
    const changed = await ask('POST', '/main/tables/t', {
      updates: [
        { action: 'set-properties', updates: { comment: 'seen' } },
        { action: 'set-snapshot-ref', 'ref-name': 'v1', type: 'tag', 'snapshot-id': snapshots[0]?.['snapshot-id'] },
      ],
    });
    expect(changed.status).toBe(200);
    await db.execute('ALTER TABLE t TIER PARTITION WHERE true TO COLD');
    expect((await ask('GET', '/main/tables/t')).json['metadata']).toMatchObject({
      properties: { comment: 'seen' },
      refs: { v1: { type: 'tag' } },
    });
    await db.close();
    db = await AlopexDB.open(folder);
    expect(await count()).toBe(10);
  });
});
