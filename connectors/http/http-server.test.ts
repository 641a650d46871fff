import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { AlopexDB } from '../../index.ts';
import { catalogEndpoint } from './catalog-endpoint.ts';
import { HttpServer, type HttpServerOptions } from './http-server.ts';
import { sqlEndpoint } from './sql-endpoint.ts';

let folder: string;
let db: AlopexDB;
const servers: HttpServer[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alopex-http-'));
  db = await AlopexDB.open(folder);
  await db.execute(
    "CREATE TABLE notes (id BIGINT PRIMARY KEY, body VARCHAR); INSERT INTO notes VALUES (1, 'é'), (2, NULL)",
  );
});

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close(0);
});

afterAll(async () => {
  await db.close();
  await rm(folder, { recursive: true });
});

async function start(options: Partial<HttpServerOptions> = {}): Promise<HttpServer> {
  const endpoints = [sqlEndpoint(db), catalogEndpoint(db.catalog())];
  const server = await HttpServer.start({ host: '127.0.0.1', port: 0, endpoints, ...options });
  servers.push(server);
  return server;
}

function post(server: HttpServer, body: unknown, headers: Record<string, string> = {}, signal?: AbortSignal) {
  return fetch(`${server.url}/sql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
}

describe('POST /sql', () => {
  test('answers the rows as the command line prints them', async () => {
    const response = await post(await start(), {
      sql: 'SELECT id, body, 9007199254740993 AS big, $1 AS p, $2::BIGINT AS q FROM notes ORDER BY id',
      params: ['x', 1],
    });
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('alopex-command')).toBe('SELECT');
    expect(await response.text()).toBe(
      '[{"id":1,"body":"é","big":"9007199254740993","p":"x","q":1},{"id":2,"body":null,"big":"9007199254740993","p":"x","q":1}]\n',
    );
  });

  test('takes parameters by name, and integers beyond doubles', async () => {
    const response = await post(await start(), '{"sql": "SELECT $n::BIGINT AS n", "params": {"n": 9007199254740993}}');
    expect(await response.json()).toEqual([{ n: '9007199254740993' }]);
  });

  test('without rows answers an empty array, and tells what was done', async () => {
    const response = await post(await start(), { sql: "INSERT INTO notes VALUES (3, 'x')" });
    expect(await response.json()).toEqual([]);
    expect(response.headers.get('alopex-command')).toBe('INSERT');
    expect(response.headers.get('alopex-row-count')).toBe('1');
    await db.execute('DELETE FROM notes WHERE id = 3');
    expect(await (await post(await start(), { sql: 'SELECT * FROM notes WHERE false' })).json()).toEqual([]);
  });

  test('runs several statements as one connection does, an array a line', async () => {
    const server = await start();
    const sql = 'BEGIN; DELETE FROM notes; SELECT count(*) AS n FROM notes; ROLLBACK; SELECT count(*) AS n FROM notes';
    const response = await post(server, { sql });
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    expect(await response.text()).toBe('[{"n":0}]\n[{"n":2}]\n');
    expect(await (await post(server, { sql: '-- nothing' })).json()).toEqual([]);
  });

  test('does not keep a transaction from one request to the next', async () => {
    const server = await start();
    const response = await post(server, { sql: 'BEGIN; DELETE FROM notes' });
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ error: { code: '25001' } });
    expect(await (await post(server, { sql: 'SELECT count(*) AS n FROM notes' })).json()).toEqual([{ n: 2 }]);
  });

  test.each<[string, string, number, object]>([
    ['a mistake, and where it is', 'SELECT é, nope FROM (SELECT 1 AS é)', 400, { code: '42703', position: 11 }],
    ['what is no statement', 'SELEC 1', 400, { code: '42601', position: 1 }],
    ['a table that is not there', 'SELECT * FROM nothing', 400, { code: '42P01' }],
    ['a key that is there', 'INSERT INTO notes VALUES (1, NULL)', 409, { code: '23505' }],
    ['a value that cannot be', "SELECT 'x'::INTEGER", 400, { code: '22P02' }],
  ])('tells of %s', async (_what, sql, status, error) => {
    const response = await post(await start(), { sql });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { message: expect.any(String), ...error } });
  });

  test.each<[string, string, number]>([
    ['no JSON', '{', 400],
    ['no statement', '{"params": []}', 400],
    ['a member that nobody knows', '{"sql": "SELECT 1", "parameters": []}', 400],
    ['parameters that are none', '{"sql": "SELECT 1", "params": 1}', 400],
    ['a body that is too long', `{"sql": "SELECT '${'x'.repeat(2000)}'"}`, 413],
  ])('refuses %s', async (_what, body, status) => {
    const response = await post(await start({ maxBodyBytes: 1000 }), body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { code: '22023' } });
  });

  test('refuses a body of another type, as a page of others could send it', async () => {
    const server = await start();
    expect((await post(server, '{"sql": "SELECT 1"}', { 'content-type': 'text/plain' })).status).toBe(415);
  });

  test('sends long results as they come', async () => {
    const response = await post(await start(), { sql: 'SELECT i FROM range(100000) r(i)' });
    const rows = (await response.json()) as { i: number }[];
    expect(rows).toHaveLength(100_000);
    expect(rows.at(-1)).toEqual({ i: 99_999 });
  });

  test('breaks off when it fails after rows were sent', async () => {
    const server = await start();
    const sql = "SELECT CASE WHEN i < 150000 THEN i ELSE error('late') END AS i FROM range(300000) r(i)";
    const response = await post(server, { sql });
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
  });

  test('cancels what a client that has left was waiting for', async () => {
    const server = await start();
    const left = new AbortController();
    const answer = post(server, { sql: 'SELECT count(*) FROM range(1e12::BIGINT)' }, {}, left.signal);
    await expect.poll(() => isBusy(server), { interval: 2, timeout: 20_000 }).toBe(true);
    left.abort();
    await expect(answer).rejects.toThrow();
    // It would run for hours: closing waits for it to end.
    await server.close(60_000);
  });
});

function isBusy(server: HttpServer): boolean {
  return server.runningCount > 0;
}

describe('the server', () => {
  test('says that it is well', async () => {
    const server = await start({ token: 'secret' });
    expect(await (await fetch(`${server.url}/health`)).json()).toEqual({ status: 'ok' });
    expect((await fetch(`${server.url}/health`, { method: 'POST' })).status).toBe(405);
  });

  test('serves the catalog', async () => {
    const server = await start();
    const namespaces = await fetch(`${server.url}/catalog/v1/namespaces`);
    expect(await namespaces.json()).toEqual({ namespaces: [['main']], 'next-page-token': null });
    const head = await fetch(`${server.url}/catalog/v1/namespaces/no`, { method: 'HEAD' });
    expect(head.status).toBe(404);
    expect(await (await fetch(`${server.url}/catalog/v1/namespaces/a%2Fb`)).json()).toMatchObject({
      error: { type: 'NoSuchNamespaceException', message: 'Namespace does not exist: a/b' },
    });
  });

  test('says what there is', async () => {
    const server = await start();
    const wrongPath = await fetch(`${server.url}/nothing`);
    expect(wrongPath.status).toBe(404);
    expect(await wrongPath.json()).toMatchObject({ error: { hint: expect.stringContaining('/sql') } });
    const wrongMethod = await fetch(`${server.url}/sql`);
    expect(wrongMethod.status).toBe(405);
    expect(wrongMethod.headers.get('allow')).toBe('POST');
  });

  test('lets nobody in without its token', async () => {
    const server = await start({ token: 'secret' });
    const ask = (authorization?: string) =>
      post(server, { sql: 'SELECT 1 AS a' }, authorization === undefined ? {} : { authorization });
    expect((await ask()).status).toBe(401);
    expect((await ask('Bearer other')).status).toBe(401);
    expect((await ask('Basic secret')).status).toBe(401);
    expect(await (await ask('Bearer secret')).json()).toEqual([{ a: 1 }]);
    expect((await fetch(`${server.url}/catalog/v1/config`)).headers.get('www-authenticate')).toBe('Bearer');
  });

  test.each([
    ['pages of others', { origin: 'http://example.com' }],
    ['names that others point to this machine', { host: 'example.com' }],
  ])('refuses requests of %s', async (_what, headers) => {
    const server = await start();
    const status = await new Promise((resolve, reject) => {
      const request = httpRequest(`${server.url}/catalog/v1/config`, { headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('error', reject);
      request.end();
    });
    expect(status).toBe(403);
  });

  test('finishes what runs before it closes', async () => {
    const server = await start();
    const answer = post(server, { sql: 'SELECT count(*) AS n FROM range(50000000) AS r(i) WHERE hash(i) IS NOT NULL' });
    await expect.poll(() => isBusy(server), { interval: 2, timeout: 20_000 }).toBe(true);
    await server.close(60_000);
    expect(await (await answer).json()).toEqual([{ n: 50_000_000 }]);
    await expect(fetch(`${server.url}/health`)).rejects.toThrow();
  });

  test('cancels what does not end in time', async () => {
    const server = await start();
    const answer = post(server, { sql: 'SELECT count(*) FROM range(1e12::BIGINT)' });
    await expect.poll(() => isBusy(server), { interval: 2, timeout: 20_000 }).toBe(true);
    await server.close(0);
    expect(await (await answer).json()).toMatchObject({ error: { code: '57014' } });
  });

  test('says when its port is taken', async () => {
    const server = await start();
    const port = Number(new URL(server.url).port);
    await expect(start({ port })).rejects.toMatchObject({ code: '55006' });
  });
});
