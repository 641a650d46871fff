import { crc32 } from 'node:zlib';
import { readCommitRequest, readTableName, readTransaction } from './commit-request.ts';
import { IDEMPOTENCY_LIFETIME } from './idempotency.ts';
import type { Fields } from './model/fields.ts';
import { type IcebergMetadata, toMetadataJson } from './model/metadata.ts';
import { checkNamespace, checkTableName, namespaceKey, parseNamespace, tableText, type TableName } from './names.ts';
import { pageOf } from './paging.ts';
import type { RestRequest } from './protocol.ts';
import type { RestCatalog } from './rest-catalog.ts';
import { badRequest, noSuchTable, noSuchWarehouse, notFound } from './rest-error.ts';
import type { LoadedTable } from './table-log.ts';

export interface Call extends Pick<RestRequest, 'query' | 'headers'> {
  readonly catalog: RestCatalog;
  /** What stands for the `{…}` of the route, in order, without escapes. */
  readonly segments: readonly string[];
  /** Throws 400 when it is no JSON object. */
  readonly body: () => Fields;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Absent for a response without a body. */
  readonly json?: unknown;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE' | 'HEAD';
  /** As in the specification, without its prefix. */
  readonly path: string;
  readonly isMutation: boolean;
  run(call: Call): Promise<Answer>;
}

const NAMESPACES = '/v1/namespaces';
const NAMESPACE = `${NAMESPACES}/{namespace}`;
const TABLES = `${NAMESPACE}/tables`;
const TABLE = `${TABLES}/{table}`;

/** One for each endpoint that is supported; `GET /v1/config` tells clients of them. */
const ROUTES: readonly Route[] = [
  read('GET', '/v1/config', async ({ catalog, query }) => config(catalog, query.get('warehouse'))),
  read('GET', NAMESPACES, listNamespaces),
  write('POST', NAMESPACES, async ({ catalog, body }) => {
    const request = body();
    const namespace = checkNamespace(request.list('namespace'));
    const properties = request.has('properties') ? request.stringMap('properties') : {};
    return { json: { namespace, properties: await catalog.createNamespace(namespace, properties) } };
  }),
  read('GET', NAMESPACE, async ({ catalog, segments }) => {
    const namespace = parseNamespace(segments[0] ?? '');
    return { json: { namespace, properties: await catalog.loadNamespace(namespace) } };
  }),
  read('HEAD', NAMESPACE, async ({ catalog, segments }) => {
    await catalog.loadNamespace(parseNamespace(segments[0] ?? ''));
    return { status: 204 };
  }),
  write('DELETE', NAMESPACE, async ({ catalog, segments }) => {
    await catalog.dropNamespace(parseNamespace(segments[0] ?? ''));
    return { status: 204 };
  }),
  write('POST', `${NAMESPACE}/properties`, async ({ catalog, segments, body }) => {
    const request = body();
    const updates = request.has('updates') ? request.stringMap('updates') : {};
    const removals = request.has('removals') ? request.strings('removals') : [];
    return { json: await catalog.updateProperties(parseNamespace(segments[0] ?? ''), updates, removals) };
  }),
  read('GET', TABLES, async ({ catalog, segments, query }) => {
    const tables = await catalog.listTables(parseNamespace(segments[0] ?? ''));
    const { items, next } = pageOf(tables, ({ name }) => name, query);
    return { json: { identifiers: items, 'next-page-token': next } };
  }),
  write('POST', TABLES, createTable),
  write('POST', `${NAMESPACE}/register`, async ({ catalog, segments, body }) => {
    const request = body();
    const name = { namespace: parseNamespace(segments[0] ?? ''), name: checkTableName(request.string('name')) };
    const isOverwrite = request.has('overwrite') && request.boolean('overwrite');
    return loaded(await catalog.registerTable(name, request.string('metadata-location'), isOverwrite));
  }),
  read('GET', TABLE, loadTable),
  read('HEAD', TABLE, async ({ catalog, segments }) => {
    const name = tableName(segments);
    if (!(await catalog.tableExists(name))) throw noSuchTable(tableText(name));
    return { status: 204 };
  }),
  write('POST', TABLE, async ({ catalog, segments, body }) => {
    const { address, metadata } = await catalog.commitTable(tableName(segments), readCommitRequest(body()));
    const json = { 'metadata-location': address, metadata: toMetadataJson(metadata) };
    return { json, headers: { etag: etagOf(address, 'all') } };
  }),
  write('DELETE', TABLE, async ({ catalog, segments, query }) => {
    await catalog.dropTable(tableName(segments), query.get('purgeRequested')?.toLowerCase() === 'true');
    return { status: 204 };
  }),
  // Reports are taken and not kept: clients warn when nobody takes them.
  read('POST', `${TABLE}/metrics`, async ({ body }) => {
    body().string('report-type');
    return { status: 204 };
  }),
  write('POST', '/v1/tables/rename', async ({ catalog, body }) => {
    const request = body();
    await catalog.renameTable(readTableName(request.fields('source')), readTableName(request.fields('destination')));
    return { status: 204 };
  }),
  write('POST', '/v1/transactions/commit', async ({ catalog, body }) => {
    await catalog.commitTransaction(readTransaction(body()));
    return { status: 204 };
  }),
];

function read(method: Route['method'], path: string, run: Route['run']): Route {
  return { method, path, isMutation: false, run };
}

function write(method: Route['method'], path: string, run: Route['run']): Route {
  return { method, path, isMutation: true, run };
}

export type Matched =
  | { readonly kind: 'route'; readonly route: Route; readonly segments: readonly string[] }
  | { readonly kind: 'wrong-method'; readonly allowed: readonly string[] };

/** Throws 404 for a path that is none of the supported endpoints, such as those of views. */
export function matchRoute(method: string, path: string): Matched {
  const parts = path.split('/');
  const fitting = ROUTES.flatMap((route) => {
    const segments = segmentsOf(route.path.split('/'), parts);
    return segments === undefined ? [] : [{ route, segments }];
  });
  const found = fitting.find(({ route }) => route.method === method);
  if (found !== undefined) return { kind: 'route', route: found.route, segments: found.segments.map(unescape) };
  if (fitting.length > 0) return { kind: 'wrong-method', allowed: fitting.map(({ route }) => route.method) };
  throw notFound(`This catalog does not support ${path}`);
}

function segmentsOf(pattern: readonly string[], parts: readonly string[]): string[] | undefined {
  if (pattern.length !== parts.length) return undefined;
  const segments: string[] = [];
  for (const [index, expected] of pattern.entries()) {
    const part = parts[index] ?? '';
    if (expected.startsWith('{')) segments.push(part);
    else if (expected !== part) return undefined;
  }
  return segments;
}

/** Clients escape a space either way. */
function unescape(segment: string): string {
  try {
    return decodeURIComponent(segment.replaceAll('+', '%20'));
  } catch {
    throw badRequest(`Malformed path segment: ${segment}`);
  }
}

function tableName(segments: readonly string[]): TableName {
  return { namespace: parseNamespace(segments[0] ?? ''), name: checkTableName(segments[1] ?? '') };
}

function config(catalog: RestCatalog, warehouse: string | null): Answer {
  const known = ['', 'alopex', catalog.warehouse, `${catalog.warehouse}/`];
  if (warehouse !== null && !known.includes(warehouse)) throw noSuchWarehouse(warehouse);
  const endpoints = ROUTES.filter(({ path }) => path !== '/v1/config').map(
    ({ method, path }) => `${method} ${path.replace('/v1/', '/v1/{prefix}/')}`,
  );
  return { json: { defaults: {}, overrides: {}, endpoints, 'idempotency-key-lifetime': IDEMPOTENCY_LIFETIME } };
}

async function listNamespaces({ catalog, query }: Call): Promise<Answer> {
  const parent = query.get('parent') ?? '';
  const namespaces = await catalog.listNamespaces(parent === '' ? undefined : parseNamespace(parent));
  const { items, next } = pageOf(namespaces, namespaceKey, query);
  return { json: { namespaces: items, 'next-page-token': next } };
}

async function createTable({ catalog, segments, body }: Call): Promise<Answer> {
  const request = body();
  const name = { namespace: parseNamespace(segments[0] ?? ''), name: checkTableName(request.string('name')) };
  const isStaged = request.has('stage-create') && request.boolean('stage-create');
  const created = await catalog.createTable(name, request, isStaged);
  if (created.kind === 'created') return loaded(created.table);
  return { json: { metadata: toMetadataJson(created.metadata), config: {} } };
}

type SnapshotMode = 'all' | 'refs';

async function loadTable({ catalog, segments, query, headers }: Call): Promise<Answer> {
  const mode = query.get('snapshots') ?? 'all';
  if (mode !== 'all' && mode !== 'refs') throw badRequest(`Invalid snapshot mode: ${mode}`);
  const name = tableName(segments);
  const table = await catalog.loadTable(name);
  const etag = etagOf(table.address, mode);
  if (headers['if-none-match'] === etag) return { status: 304, headers: { etag } };
  return loaded(table, mode);
}

function loaded({ address, metadata }: LoadedTable, mode: SnapshotMode = 'all'): Answer {
  const shown = mode === 'all' ? metadata : withReferencedSnapshots(metadata);
  return {
    json: { 'metadata-location': address, metadata: toMetadataJson(shown), config: {} },
    headers: { etag: etagOf(address, mode) },
  };
}

function withReferencedSnapshots(metadata: IcebergMetadata): IcebergMetadata {
  const ids = new Set(Object.values(metadata.refs).map((ref) => BigInt(ref['snapshot-id'])));
  return { ...metadata, snapshots: metadata.snapshots.filter((snapshot) => ids.has(BigInt(snapshot['snapshot-id']))) };
}

/** A metadata file never changes, so that its address tells one state of the table from another. */
function etagOf(address: string, mode: SnapshotMode): string {
  const name = address.slice(address.lastIndexOf('/') + 1);
  return `"${name.replaceAll(/[^\w.-]/g, '')}-${crc32(address).toString(16)}-${mode}"`;
}
