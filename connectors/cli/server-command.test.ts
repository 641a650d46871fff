import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alopex-server-'));
});
afterEach(() => rm(directory, { recursive: true }));

function start(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [MAIN, 'server', ...args], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const closed = once(child, 'close').then(([status]) => status as number | null);
  return { child, closed };
}

async function firstLine(stream: AsyncIterable<Buffer>): Promise<string> {
  let line = '';
  for await (const chunk of stream) {
    line += chunk.toString();
    if (line.includes('\n')) break;
  }
  return line;
}

test('serves until it is told to stop, and leaves the database closed', async () => {
  await writeFile(join(directory, 'token'), 'secret\n');
  const { child, closed } = start(['--http', '127.0.0.1:0', '--data-dir', 'data', '--token-file', 'token']);
  const ready = await firstLine(child.stdout);
  const url = /^ready http=(http:\/\/127\.0\.0\.1:\d+)\n$/.exec(ready)?.[1] ?? '';
  const post = (headers: Record<string, string>) =>
    fetch(`${url}/sql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{"sql": "CREATE TABLE t (a INT); INSERT INTO t VALUES (1); SELECT * FROM t"}',
    });
  expect((await post({})).status).toBe(401);
  expect(await (await post({ authorization: 'Bearer secret' })).text()).toBe('[{"a":1}]\n');
  child.kill('SIGTERM');
  expect(await closed).toBe(0);
  const again = start(['--http', '0', '--data-dir', 'data'], { ALOPEX__HTTP__TOKEN: '' });
  expect(await text(again.child.stderr)).toContain('the token is empty');
  expect(await again.closed).toBe(2);
});

test.each([
  [['--http', '0.0.0.0:0'], 'other machines can reach 0.0.0.0'],
  [['--http', '[::]:0'], 'other machines can reach ::'],
  [['--http', 'here'], '"here" is no address'],
  [['--http', '127.0.0.1:99999'], 'is no address'],
  [['--token-file', 'none'], 'the token file cannot be read'],
  [['--threads', 'x'], '"x" is no number of threads'],
])('%s is bad usage', async (args, message) => {
  const { child, closed } = start(args);
  expect(await text(child.stderr)).toContain(message);
  expect(await closed).toBe(2);
});

test('says when its port is taken', async () => {
  const { child, closed } = start(['--http', '127.0.0.1:0', '--data-dir', 'one']);
  const port = /:(\d+)\n/.exec(await firstLine(child.stdout))?.[1] ?? '';
  const other = start(['--http', `127.0.0.1:${port}`, '--data-dir', 'two']);
  expect(await text(other.child.stderr)).toContain('ERROR 55006');
  expect(await other.closed).toBe(1);
  child.kill('SIGINT');
  expect(await closed).toBe(0);
});
