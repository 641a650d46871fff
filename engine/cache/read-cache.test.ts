import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { NodeFileSystem } from '../../connectors/node/node-file-system.ts';
import { SystemClock } from '../../connectors/node/system-clock.ts';
import { AlopexError } from '../errors.ts';
import { DuckDbKernel } from '../kernel/duckdb-kernel.ts';
import type { Kernel, KernelConnection } from '../ports/kernel.ts';
import { checksumFile } from '../table/parquet-writer.ts';
import type { RemoteFile } from './cached-file.ts';
import { readLayouts, rangesOf } from './parquet-layout.ts';
import { ReadCache, type WantedFile } from './read-cache.ts';

const ROWS = 250_000;
const FILES = 4;

let base: string;
let kernel: Kernel;
let connection: KernelConnection;
const objects: Uint8Array[] = [];
let checksums: number[] = [];

let folder: string;
let cache: ReadCache;
/** Requests that the store has got since it was last looked at. */
let asked: { readonly index: number; readonly offset: number; readonly length: number }[] = [];
let failing: Error | undefined;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'alopex-cache-'));
  kernel = await DuckDbKernel.open({ tempFolder: join(base, 'spill'), threads: 2 });
  connection = await kernel.connect();
  for (let index = 0; index < FILES; index++) {
    const path = join(base, `object-${index}.parquet`);
    await connection.run(
      `COPY (SELECT range + ${index * ROWS} AS id, 'name ' || (range % 97) AS name, {'x': range, 'y': [range % 3, NULL]} AS point, md5(range::VARCHAR) AS hash, range % 5 AS "odd, name" FROM range(${ROWS})) TO '${path}' (FORMAT parquet, FIELD_IDS {id: 1, name: 2, point: {__duckdb_field_id: 3, x: 4, y: {__duckdb_field_id: 5, element: 6}}, hash: 7, "odd, name": 8})`,
    );
    objects.push(await readFile(path));
    checksums.push((await checksumFile(new NodeFileSystem(), path)).crc32);
  }
});

afterAll(async () => {
  connection.close();
  kernel.close();
  await rm(base, { recursive: true, force: true });
});

beforeEach(async () => {
  folder = await mkdtemp(join(base, 'cache-'));
  asked = [];
  failing = undefined;
  cache = open();
});

afterEach(() => cache.close());

function open(limitBytes = 1 << 30): ReadCache {
  return new ReadCache({ fileSystem: new NodeFileSystem(), clock: new SystemClock(), kernel, folder, limitBytes });
}

function remote(index: number): RemoteFile {
  const object = objects[index] ?? new Uint8Array(0);
  return {
    path: join(folder, `${index}.parquet`),
    address: `test://${index}`,
    sizeBytes: object.length,
    rowCount: ROWS,
    leaves: 6,
    crc32: checksums[index],
    read: (offset, length) => {
      if (failing !== undefined) return Promise.reject(failing);
      asked.push({ index, offset, length });
      return Promise.resolve(object.slice(offset, offset + length));
    },
  };
}

const want = (index: number, ...names: string[]): WantedFile => ({
  file: remote(index),
  columns: { by: 'name', names: new Set(names) },
});

const bytesAsked = (): number => asked.reduce((sum, { length }) => sum + length, 0);

async function answer(sql: string): Promise<unknown> {
  const [row] = await connection.rows(sql.replaceAll('FILE', `'${join(folder, '0.parquet')}'`));
  return Object.values(row ?? {})[0];
}

test('brings the columns that are wanted and the footer, and hardly more', async () => {
  await cache.ensure([want(0, 'id', 'odd, name')]);
  const whole = join(base, 'object-0.parquet');
  const layout = (await readLayouts(connection, [whole])).get(whole);
  const ranges = rangesOf(layout ?? { columns: [] }, { by: 'name', names: new Set(['id', 'odd, name']) });
  const needed = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  expect(layout?.columns.map(({ name, fieldId }) => [name, fieldId])).toEqual([
    ['id', 1],
    ['name', 2],
    ['point', 3],
    ['hash', 7],
    ['odd, name', 8],
  ]);
  expect(needed).toBeGreaterThan(10_000);
  expect(bytesAsked()).toBeLessThan(needed * 1.04 + 16_384);
  expect(bytesAsked()).toBeLessThan((objects[0]?.length ?? 0) / 2);
  expect(await answer('SELECT sum(id)::BIGINT FROM read_parquet(FILE) WHERE "odd, name" = 3')).toBe(
    BigInt((ROWS / 5) * (ROWS / 2)) + BigInt(ROWS / 10),
  );
  expect(await answer('SELECT count(*)::INTEGER FROM read_parquet(FILE)')).toBe(ROWS);
});

test('a column that was not brought cannot be read by mistake', async () => {
  await cache.ensure([want(0, 'id')]);
  await expect(answer('SELECT max(hash) FROM read_parquet(FILE)')).rejects.toThrow(AlopexError);
  await expect(answer(`SELECT count(*) FROM read_parquet(FILE) WHERE name = 'name 5'`)).rejects.toThrow(AlopexError);
  await cache.ensure([want(0, 'hash', 'name')]);
  expect(await answer(`SELECT count(*)::INTEGER FROM read_parquet(FILE) WHERE name = 'name 5'`)).toBe(2578);
  expect(String(await answer('SELECT max(hash) FROM read_parquet(FILE)'))).toMatch(/^fff/);
});

test('columns by field ids, nested ones with all that is in them', async () => {
  await cache.ensure([{ file: remote(0), columns: { by: 'id', ids: new Set([3]) } }]);
  expect(await answer('SELECT sum(point.x + point.y[1])::BIGINT FROM read_parquet(FILE)')).toBe(
    31_249_875_000n + 249_999n,
  );
});

test('what is here is not brought again, and by several at a time only once', async () => {
  await Promise.all([
    cache.ensure([want(0, 'id'), want(1, 'id')]),
    cache.ensure([want(0, 'id', 'name')]),
    cache.ensure([want(1, 'id')]),
  ]);
  const seen = new Map<number, Set<number>>();
  for (const { index, offset, length } of asked) {
    const bytes = seen.get(index) ?? new Set();
    for (let at = offset; at < offset + length; at++) bytes.add(at);
    seen.set(index, bytes);
  }
  const distinct = [...seen.values()].reduce((sum, bytes) => sum + bytes.size, 0);
  expect(bytesAsked()).toBeLessThanOrEqual(distinct * 1.05);
  asked = [];
  await cache.ensure([want(0, 'name', 'id'), want(1, 'id')]);
  expect(asked).toEqual([]);
});

test('a whole file is checked by its checksum, and brought again when it was damaged', async () => {
  const whole: WantedFile = { file: remote(0), columns: 'all' };
  checksums = checksums.map((checksum) => checksum + 1);
  await expect(cache.ensure([{ file: remote(0), columns: 'all' }])).rejects.toMatchObject({
    code: 'XX001',
    message: expect.stringContaining('test://0'),
  });
  checksums = checksums.map((checksum) => checksum - 1);
  asked = [];
  await cache.ensure([whole]);
  expect(bytesAsked()).toBe(objects[0]?.length);
  expect(String(await answer('SELECT max(hash) FROM read_parquet(FILE)'))).toMatch(/^fff/);
});

test('survives a restart; what was damaged meanwhile, or is not known, is brought again', async () => {
  await cache.ensure([want(0, 'id', 'name'), want(1, 'id')]);
  await cache.close();
  await writeFile(join(folder, 'unknown.parquet'), 'of nobody');
  cache = open();
  asked = [];
  await cache.ensure([want(0, 'id', 'name'), want(1, 'id')]);
  expect(asked).toEqual([]);
  await expect(stat(join(folder, 'unknown.parquet'))).rejects.toMatchObject({ code: 'ENOENT' });
  await cache.close();

  const bytes = await readFile(join(folder, '0.parquet'));
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  await writeFile(join(folder, '0.parquet'), bytes);
  cache = open();
  await cache.ensure([want(0, 'id', 'name'), want(1, 'id')]);
  expect(asked.every(({ index, offset }) => index === 0 && offset <= 100)).toBe(true);
  expect(asked.length).toBeGreaterThan(0);
  expect(await answer('SELECT sum(id)::BIGINT FROM read_parquet(FILE)')).toBe(31_249_875_000n);
  await cache.close();

  await writeFile(join(folder, 'journal'), 'no journal at all');
  cache = open();
  asked = [];
  await cache.ensure([want(1, 'id')]);
  expect(bytesAsked()).toBeGreaterThan(0);
});

test('a request that failed is made again by the next statement', async () => {
  failing = new Error('reset');
  await expect(cache.ensure([want(0, 'id')])).rejects.toThrow('reset');
  expect(cache.metrics.usedBytes).toBe(0);
  failing = undefined;
  await cache.ensure([want(0, 'id')]);
  expect(await answer('SELECT sum(id)::BIGINT FROM read_parquet(FILE)')).toBe(31_249_875_000n);
});

test('never takes more than its limit, nor what a running statement has asked for', async () => {
  await cache.ensure([want(0, 'hash')]);
  const one = cache.metrics.usedBytes;
  await cache.close();
  cache = open(one * 2.5);
  const first = cache.begin();
  await cache.ensure([want(0, 'hash')], first);
  const second = cache.begin();
  await cache.ensure([want(1, 'hash')], second);
  second.end();
  const third = cache.begin();
  await cache.ensure([want(2, 'hash')], third);
  expect(cache.metrics.usedBytes).toBeLessThanOrEqual(one * 2.5);
  expect(String(await answer('SELECT max(hash) FROM read_parquet(FILE)'))).toMatch(/^fff/);
  // Two statements hold all of it: the next one waits for one of them.
  const fourth = cache.begin();
  let isThere = false;
  const arrival = cache.ensure([want(3, 'hash')], fourth).then(() => (isThere = true));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(isThere).toBe(false);
  third.end();
  await arrival;
  // Those that are left hold all of it, and wait for each other.
  const more = cache.ensure([want(1, 'hash')], first);
  await expect(cache.ensure([want(2, 'hash')], fourth)).rejects.toMatchObject({
    code: '53400',
    hint: expect.stringContaining('readCacheBytes'),
  });
  fourth.end();
  await more;
  first.end();
  await expect(cache.ensure([want(0, 'hash'), want(1, 'hash'), want(2, 'hash')])).rejects.toMatchObject({
    code: '53400',
  });
  expect(cache.metrics.usedBytes).toBeLessThanOrEqual(one * 2.5);
}, 20_000);
