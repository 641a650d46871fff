import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { MemoryObjectStore } from '../connectors/store/memory.ts';
import type { ColdCommit, ColdSnapshot, ColdTable } from '../engine/ports/cold-table.ts';
import { decodeAvroFile } from './avro-file.ts';
import { IcebergCatalog } from './catalog.ts';
import { decodeManifest, Status } from './manifest.ts';
import { decodeManifestList } from './manifest-list.ts';
import { createMetadata, currentSnapshot, decodeMetadata, encodeMetadata, fieldTypes, specById } from './metadata.ts';
import type { TableMetadata } from './metadata.ts';
import {
  change,
  column,
  columns,
  dataFile,
  definition,
  deleteFile,
  FixedClock,
  prefix,
  SeededRandom,
} from './test-support/fixtures.ts';

function setUp() {
  const store = new MemoryObjectStore();
  const clock = new FixedClock();
  const catalog = new IcebergCatalog({ store, clock, random: new SeededRandom(7) });
  return { store, clock, catalog, table: catalog.table(prefix) };
}

function committed(commit: ColdCommit): ColdSnapshot {
  if (commit.kind !== 'committed') throw new Error(`the commit is ${commit.kind}`);
  return commit.snapshot;
}

const keys = (files: readonly { key: string }[]) => files.map(({ key }) => key).sort();

async function read(store: MemoryObjectStore, key: string): Promise<Uint8Array> {
  const bytes = await store.get(key);
  if (bytes === undefined) throw new Error(`${key} is absent`);
  return bytes;
}

async function metadataOf(store: MemoryObjectStore, snapshot: ColdSnapshot | undefined): Promise<TableMetadata> {
  return decodeMetadata(await read(store, (snapshot?.metadataUri ?? '').slice(store.uri.length + 1)));
}

/** The current snapshot's manifests with all their entries, deleted ones included. */
async function manifestsOf(store: MemoryObjectStore, table: ColdTable) {
  const metadata = await metadataOf(store, await table.load());
  const listUri = currentSnapshot(metadata)?.['manifest-list'] ?? '';
  const list = decodeManifestList(await read(store, listUri.slice(store.uri.length + 1)));
  return await Promise.all(
    list.map(async (info) => {
      const bytes = await read(store, info.path.slice(store.uri.length + 1));
      const context = { content: info.content, spec: specById(metadata, info.specId), types: fieldTypes(metadata) };
      const inherited = { snapshotId: info.addedSnapshotId, sequenceNumber: info.sequenceNumber };
      return { info, header: decodeAvroFile(bytes).header, entries: decodeManifest(context, inherited, bytes) };
    }),
  );
}

describe('an Iceberg table', () => {
  test('is absent before its first commit', async () => {
    const { table } = setUp();
    expect(await table.load()).toBeUndefined();
    expect(await table.snapshots()).toEqual([]);
    expect(await table.findJob('j')).toBeUndefined();
    await table.drop();
  });

  test('gives back the files that were committed, from memory and from the store alike', async () => {
    const { table, catalog } = setUp();
    const files = [dataFile('a', 0n, [600n]), dataFile('b', 10n, [null])];
    const snapshot = committed(await table.commit(definition(), change('j1', { addData: files })));
    expect(snapshot.dataFiles).toEqual(files);
    expect(snapshot.deleteFiles).toEqual([]);
    expect(await table.load()).toEqual(snapshot);
    expect(await catalog.table(prefix).load()).toEqual(snapshot);
  });

  test('tells the checksum of every object that a commit wrote, and shows each to `verify` when it is read', async () => {
    const { table, catalog, store } = setUp();
    const commit = await table.commit(definition(), change('j1', { addData: [dataFile('a')] }));
    if (commit.kind !== 'committed') throw new Error(commit.kind);
    expect(commit.written).toHaveLength(4);
    for (const { key, crc32: sum } of commit.written) expect(crc32(await read(store, key))).toBe(sum);
    const verified: string[] = [];
    await catalog
      .table(prefix, (key, bytes) => {
        expect(commit.written).toContainEqual({ key, crc32: crc32(bytes) });
        verified.push(key);
      })
      .load();
    expect(verified.sort()).toEqual(keys(commit.written));
  });

  test('commits a job once', async () => {
    const { table } = setUp();
    const job = change('j1', { addData: [dataFile('a')] });
    const first = committed(await table.commit(definition(), job));
    const again = await table.commit(definition(), job);
    expect(again).toEqual({ kind: 'committed', snapshot: first, written: [] });
    expect(await table.snapshots()).toHaveLength(1);
    expect((await table.findJob('j1'))?.snapshotId).toBe(first.snapshotId);
    expect(await table.findJob('j2')).toBeUndefined();
  });

  test('keeps a history in which time and sequence numbers go up, though the clock stands still', async () => {
    const { table, clock } = setUp();
    await table.commit(definition(), change('j1', { addData: [dataFile('a')] }));
    clock.now -= 1000;
    await table.commit(definition(), change('j2', { addData: [dataFile('b')] }));
    const [first, second] = await table.snapshots();
    expect([first?.sequenceNumber, second?.sequenceNumber]).toEqual([1, 2]);
    expect(second?.timestampMs).toBe((first?.timestampMs ?? 0) + 1);
    expect([first?.parentId, second?.parentId]).toEqual([undefined, first?.snapshotId]);
    expect(Number.isSafeInteger(Number(second?.snapshotId))).toBe(false);
  });

  test('removes data files: their entries are recorded as deleted once, others stay with their numbers', async () => {
    const { table, store } = setUp();
    const [a, b, c] = [dataFile('a'), dataFile('b'), dataFile('c')];
    await table.commit(definition(), change('j1', { addData: [a, b] }));
    await table.commit(definition(), change('j2', { addData: [c] }));
    const snapshot = committed(await table.commit(definition(), change('j3', { removeData: [a.key] })));
    expect(keys(snapshot.dataFiles)).toEqual(keys([b, c]));
    const [first, second, third] = await table.snapshots();
    const entries = (await manifestsOf(store, table)).flatMap((manifest) => manifest.entries);
    expect(
      entries.map(({ status, snapshotId, sequenceNumber, file }) => [
        file.path.at(-'x.parquet'.length),
        status,
        String(snapshotId),
        sequenceNumber,
      ]),
    ).toEqual([
      ['a', Status.deleted, third?.snapshotId, 1n],
      ['b', Status.existing, first?.snapshotId, 1n],
      ['c', Status.added, second?.snapshotId, 2n],
    ]);
    expect(third).toMatchObject({
      operation: 'delete',
      summary: { 'deleted-data-files': '1', 'deleted-records': '10', 'total-data-files': '2', 'total-records': '20' },
    });
    await table.commit(definition(), change('j4', { addData: [dataFile('d')], removeData: [b.key] }));
    const later = (await manifestsOf(store, table)).flatMap((manifest) => manifest.entries);
    expect(later.filter(({ status }) => status === Status.deleted).map(({ file }) => file.path)).toEqual([
      `${store.uri}/${b.key}`,
    ]);
    expect((await table.snapshots()).at(-1)?.operation).toBe('overwrite');
  });

  test('drops manifests that have nothing live left', async () => {
    const { table, store } = setUp();
    await table.commit(definition(), change('j1', { addData: [dataFile('a')] }));
    const empty = committed(await table.commit(definition(), change('j2', { removeData: [dataFile('a').key] })));
    expect(empty.dataFiles).toEqual([]);
    await table.commit(definition(), change('j3'));
    expect(await manifestsOf(store, table)).toEqual([]);
    expect((await table.load())?.dataFiles).toEqual([]);
  });

  test('adds and removes position deletes, in manifests of deletes', async () => {
    const { table, store } = setUp();
    const [a, b] = [dataFile('a'), dataFile('b')];
    await table.commit(definition(), change('j1', { addData: [a] }));
    const [one, both] = [deleteFile(store, 'del1', a), deleteFile(store, 'del2', a, b)];
    const snapshot = committed(
      await table.commit(definition(), change('j2', { addData: [b], addDeletes: [one, both] })),
    );
    expect(snapshot.deleteFiles).toEqual([one, both]);
    const deletes = (await manifestsOf(store, table)).filter(({ info }) => info.content === 'deletes');
    expect(deletes.map(({ header }) => header.get('content'))).toEqual(['deletes']);
    // Of the same commit as `b`, and so to be applied to it: not a lower sequence number.
    expect(deletes[0]?.entries.map(({ sequenceNumber }) => sequenceNumber)).toEqual([2n, 2n]);
    expect((await table.snapshots()).at(-1)).toMatchObject({
      operation: 'overwrite',
      summary: { 'added-position-deletes': '6', 'total-position-deletes': '6', 'total-delete-files': '2' },
    });
    const after = committed(await table.commit(definition(), change('j3', { removeDeletes: [one.key] })));
    expect(after.deleteFiles).toEqual([both]);
    expect((await table.snapshots()).at(-1)?.summary).toMatchObject({
      'removed-position-deletes': '3',
      'total-position-deletes': '3',
    });
  });

  test('refuses what would count rows twice, or delete under a partition that readers do not look at', async () => {
    const { table, store } = setUp();
    const a = dataFile('a');
    await table.commit(definition(), change('j1', { addData: [a] }));
    await expect(table.commit(definition(), change('j2', { addData: [a] }))).rejects.toThrow('in the table already');
    const misplaced = { ...deleteFile(store, 'del', a), partition: [601n] };
    await expect(table.commit(definition(), change('j3', { addDeletes: [misplaced] }))).rejects.toThrow('partition');
    const unpartitioned = { ...dataFile('b'), partition: [] };
    await expect(table.commit(definition(), change('j4', { addData: [unpartitioned] }))).rejects.toThrow('0 partition');
    expect(await table.snapshots()).toHaveLength(1);
  });

  test('evolves its schema and keeps the former ones: files keep their bounds', async () => {
    const { table, store } = setUp();
    await table.commit(definition(), change('j1', { addData: [dataFile('a')] }));
    const [id, ts] = columns;
    if (id === undefined || ts === undefined) throw new Error('no columns');
    const next = definition({
      schemaId: 4,
      columns: [id, { ...ts, name: 'departure' }, column(4, 'extra', 'INTEGER', true)],
      lastFieldId: 4,
    });
    const b = { ...dataFile('b'), stats: new Map([[4, { lower: 1n, upper: 2n }]]) };
    const snapshot = committed(await table.commit(next, change('j2', { addData: [b] })));
    expect(snapshot.dataFiles).toEqual([b, dataFile('a')]);
    const metadata = await metadataOf(store, snapshot);
    expect(metadata.schemas.map((schema) => schema['schema-id'])).toEqual([0, 4]);
    expect(metadata['current-schema-id']).toBe(4);
    expect(metadata['last-column-id']).toBe(4);
    expect(metadata.schemas[1]?.fields.map(({ name, required }) => [name, required])).toEqual([
      ['id', true],
      ['departure', false],
      ['extra', false],
    ]);
    expect(metadata.snapshots.map((each) => each['schema-id'])).toEqual([0, 4]);
    // A job that was planned before the change still commits, and the schema stays.
    const late = committed(await table.commit(definition(), change('j3', { addData: [dataFile('c')] })));
    expect((await metadataOf(store, late))['current-schema-id']).toBe(4);
    await expect(
      table.commit(definition({ schemaId: 4, columns: [id], lastFieldId: 4 }), change('j4')),
    ).rejects.toThrow('another schema of id 4');
  });

  test('evolves its partitioning: files and deletes stay under the spec they were written with', async () => {
    const { table, store } = setUp();
    const a = dataFile('a');
    await table.commit(definition(), change('j1', { addData: [a] }));
    const byDay = {
      ...definition(),
      partition: [{ sourceId: 2, transform: 'day' as const, name: 'ts_day' }],
      sort: [2, 1],
    };
    const b = dataFile('b', 10n, [18262n]);
    const deletes = [deleteFile(store, 'del-a', a), deleteFile(store, 'del-b', b)];
    const snapshot = committed(await table.commit(byDay, change('j2', { addData: [b], addDeletes: deletes })));
    expect(snapshot.deleteFiles.toSorted((x, y) => (x.key < y.key ? -1 : 1))).toEqual(deletes);
    const manifests = await manifestsOf(store, table);
    expect(manifests.map(({ info }) => `${info.content} ${String(info.specId)}`).sort()).toEqual([
      'data 0',
      'data 1',
      'deletes 0',
      'deletes 1',
    ]);
    const metadata = await metadataOf(store, snapshot);
    expect(metadata['default-spec-id']).toBe(1);
    expect(metadata['last-partition-id']).toBe(1001);
    expect(metadata['sort-orders'].map((order) => [order['order-id'], order.fields.length])).toEqual([
      [1, 1],
      [2, 2],
    ]);
    const back = committed(await table.commit(definition(), change('j3', { removeData: [a.key] })));
    const last = await metadataOf(store, back);
    expect([last['default-spec-id'], last['partition-specs'].length, last['default-sort-order-id']]).toEqual([0, 2, 1]);
  });

  test('merges many small manifests, and loses nothing', async () => {
    const { table, store, catalog } = setUp();
    const files = Array.from({ length: 102 }, (_, index) => dataFile(`f${String(index)}`, BigInt(index) * 10n));
    for (const file of files) await table.commit(definition(), change(file.key, { addData: [file] }));
    expect(keys((await catalog.table(prefix).load())?.dataFiles ?? [])).toEqual(keys(files));
    const manifests = await manifestsOf(store, table);
    expect(manifests.length).toBeLessThan(5);
    const entries = manifests.flatMap((manifest) => manifest.entries);
    expect(entries.map(({ sequenceNumber }) => Number(sequenceNumber)).sort((x, y) => x - y)).toEqual(
      files.map((_, index) => index + 1),
    );
  });

  test('is gone once dropped, and a later commit makes a new one', async () => {
    const { table, store } = setUp();
    const before = await metadataOf(store, committed(await table.commit(definition(), change('j1'))));
    await table.drop();
    expect(await table.load()).toBeUndefined();
    expect(await table.findJob('j1')).toBeUndefined();
    const after = committed(await table.commit(definition(), change('j1', { addData: [dataFile('a')] })));
    const metadata = await metadataOf(store, after);
    expect(metadata['table-uuid']).not.toBe(before['table-uuid']);
    expect(metadata.snapshots).toHaveLength(1);
    expect((await table.load())?.dataFiles).toHaveLength(1);
  });

  test('leaves a hint for engines that are given the folder', async () => {
    const { table, store } = setUp();
    const snapshot = committed(await table.commit(definition(), change('j1')));
    const hint = Buffer.from(await read(store, `${prefix}/metadata/version-hint.text`)).toString();
    expect(snapshot.metadataUri).toBe(`${store.uri}/${prefix}/metadata/${hint}.metadata.json`);
    expect(hint).toMatch(/^00001-[0-9a-f-]{36}$/);
  });
});

describe('table metadata', () => {
  test('of a table without snapshots has everything that readers ask for', () => {
    const table = { uuid: 'u', location: 'memory://test/t', nowMs: 5 };
    const metadata = createMetadata({ ...definition(), partition: [], sort: [] }, table);
    expect(decodeMetadata(encodeMetadata(metadata))).toEqual(metadata);
    expect(currentSnapshot(metadata)).toBeUndefined();
    expect(JSON.parse(encodeMetadata(metadata).toString())).toMatchObject({
      'format-version': 2,
      'current-snapshot-id': -1,
      'last-partition-id': 999,
      'partition-specs': [{ 'spec-id': 0, fields: [] }],
      'sort-orders': [{ 'order-id': 0, fields: [] }],
      snapshots: [],
      refs: {},
    });
  });

  test('names its predecessors and the main branch', async () => {
    const { table, store } = setUp();
    const first = committed(await table.commit(definition(), change('j1')));
    const second = committed(await table.commit(definition(), change('j2')));
    const metadata = await metadataOf(store, second);
    expect(metadata['metadata-log'].map((entry) => entry['metadata-file'])).toEqual([first.metadataUri]);
    expect(metadata['snapshot-log'].map((entry) => String(entry['snapshot-id']))).toEqual([
      first.snapshotId,
      second.snapshotId,
    ]);
    expect(metadata.refs).toEqual({ main: { 'snapshot-id': BigInt(second.snapshotId ?? 0), type: 'branch' } });
  });

  test.each([
    ['{', 'JSON'],
    ['null', 'no JSON object'],
    ['{"format-version":3}', 'format version is 3'],
    ['{"format-version":2}', 'no schemas'],
  ])('%s is refused', (text, why) => {
    expect(() => decodeMetadata(Buffer.from(text))).toThrow(why);
  });
});
