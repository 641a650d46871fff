import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AlopexDB } from '../../index.ts';
import { TextSink } from '../text/test-support/text-sink.ts';
import { runReal, type RealRun } from './test-support/run-real.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alopex-cli-kv-'));
});
afterEach(() => rm(directory, { recursive: true }));

const kv = (args: readonly string[], stdin?: Uint8Array | string): Promise<RealRun> =>
  runReal(['kv', '--data-dir', join(directory, 'data'), ...args], stdin === undefined ? {} : { stdin });

async function fill(entries: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  const db = await AlopexDB.open(join(directory, 'data'));
  await db.kv.batch(Object.entries(entries).map(([key, value]) => ({ type: 'put', key, value })));
  await db.close();
}

describe('get and put', () => {
  test('the bytes of a value, and nothing else', async () => {
    expect(await kv(['put', 'greeting', 'hello\nworld'])).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(await kv(['get', 'greeting'])).toMatchObject({ status: 0, stdout: 'hello\nworld', stderr: '' });
    expect(await kv(['get', 'Greeting'])).toMatchObject({
      status: 1,
      stdout: '',
      stderr: 'alopex kv: there is no key Greeting in the keyspace default\n',
    });
  });

  test('any bytes, from standard input or a file', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    await kv(['put', 'piped'], bytes);
    expect((await kv(['get', 'piped'])).bytes).toEqual(Buffer.from(bytes));
    await writeFile(join(directory, 'value'), bytes);
    await kv(['put', 'filed', '--file', join(directory, 'value')]);
    expect((await kv(['get', 'filed'])).bytes).toEqual(await readFile(join(directory, 'value')));
    expect(await kv(['put', 'filed', '-f', join(directory, 'missing')])).toMatchObject({ status: 1 });
    await kv(['put', 'empty'], '');
    expect(await kv(['get', 'empty'])).toMatchObject({ status: 0, stdout: '' });
  });

  test('a line end comes after the value on a terminal alone', async () => {
    await fill({ a: 'b' });
    const args = ['kv', 'get', 'a', '--data-dir', join(directory, 'data')];
    expect((await runReal(args, { stdout: new TextSink({ columns: 80 }) })).stdout).toBe('b\n');
  });

  test('--if-absent leaves what is there', async () => {
    expect((await kv(['put', 'a', '1', '--if-absent'])).status).toBe(0);
    expect(await kv(['put', 'a', '2', '--if-absent'])).toMatchObject({
      status: 1,
      stderr: 'alopex kv: the key a is in the keyspace default already\n',
    });
    expect((await kv(['get', 'a'])).stdout).toBe('1');
  });

  test('--ttl ends a key', async () => {
    await kv(['put', 'short', 'x', '--ttl', '1ms']);
    await kv(['put', 'long', 'x', '--ttl', '1.5h']);
    expect((await kv(['get', 'short'])).status).toBe(1);
    expect((await kv(['get', 'long'])).stdout).toBe('x');
  });

  test('--hex for keys and values', async () => {
    await kv(['put', 'ff00', '\\xC3A9', '--hex']);
    expect((await kv(['get', '\\xff00', '--hex'])).stdout).toBe('c3a9\n');
    expect((await kv(['scan', '--hex', '--output', 'csv'])).stdout).toBe('key,value\nff00,c3a9\n');
  });

  test('keys and values that begin with a dash', async () => {
    await kv(['put', '--', '-k', '-v']);
    expect((await kv(['scan', '--output', 'csv'])).stdout).toBe('key,value\n-k,-v\n');
  });
});

test('delete takes several keys, absent ones too', async () => {
  await fill({ a: '1', b: '2', c: '3' });
  expect(await kv(['delete', 'a', 'c', 'zzz'])).toMatchObject({ status: 0, stdout: '', stderr: '' });
  expect((await kv(['scan', '--output', 'csv'])).stdout).toBe('key,value\nb,2\n');
});

test('keyspaces are apart, and listed', async () => {
  await kv(['put', 'a', 'in default']);
  await kv(['put', 'a', 'in other', '--keyspace', 'other']);
  expect((await kv(['get', 'a', '-k', 'other'])).stdout).toBe('in other');
  expect((await kv(['get', 'a'])).stdout).toBe('in default');
  expect((await kv(['keyspaces', '--output', 'json'])).stdout).toBe('[{"keyspace":"default"},{"keyspace":"other"}]\n');
  expect((await kv(['scan', '-k', 'none', '--output', 'json'])).stdout).toBe('[]\n');
});

describe('scan', () => {
  test.each([
    [[], 'a ab b c'],
    [['--prefix', 'a'], 'a ab'],
    [['--gte', 'ab', '--lt', 'c'], 'ab b'],
    [['--gt', 'ab', '--lte', 'c'], 'b c'],
    [['--reverse', '--limit', '2'], 'c b'],
    [['--limit', '0'], ''],
    [['--gt', 'c'], ''],
  ])('%j', async (args, expected) => {
    await fill({ a: '', ab: '', b: '', c: '' });
    const { stdout } = await kv(['scan', '--output', 'jsonl', ...args]);
    const keys = stdout.split('\n').flatMap((line) => (line === '' ? [] : (JSON.parse(line) as { key: string }).key));
    expect(keys.join(' ')).toBe(expected);
  });

  test('shows what is no text so that nothing is lost', async () => {
    await fill({ a: new Uint8Array([0xff, 0x00]), b: '\\xff', c: '\uFEFFbom', d: 'Zoë' });
    const { stdout } = await kv(['scan', '--output', 'json']);
    expect(JSON.parse(stdout)).toEqual([
      { key: 'a', value: '\\xff00' },
      { key: 'b', value: '\\x5c786666' },
      { key: 'c', value: '\uFEFFbom' },
      { key: 'd', value: 'Zoë' },
    ]);
  });

  test('prints many rows in order, over batches', async () => {
    const entries = Array.from({ length: 5000 }, (_, at) => [`k${String(at).padStart(5, '0')}`, 'x'.repeat(at % 500)]);
    await fill(Object.fromEntries(entries) as Record<string, string>);
    const { stdout } = await kv(['scan', '--output', 'tsv']);
    expect(stdout).toBe(`key\tvalue\n${entries.map(([key, value]) => `${key}\t${value}\n`).join('')}`);
  });
});

describe('usage', () => {
  test.each([
    [[], 'what to do is missing'],
    [['fetch', 'a'], 'there is no kv fetch'],
    [['get'], 'kv get takes one key'],
    [['get', 'a', 'b'], 'kv get takes one key'],
    [['put', 'a', 'b', 'c'], 'kv put takes a key and a value'],
    [['put', 'a', 'b', '--file', 'c'], 'a value or --file'],
    [['put', 'a', 'b', '--ttl', '5'], '"5" is no duration'],
    [['put', 'a', 'b', '--ttl', '0s'], '"0s" is no duration'],
    [['delete'], 'one key or several'],
    [['scan', 'a'], 'unexpected argument "a"'],
    [['scan', '--limit', 'many'], '"many" is no number of keys'],
    [['scan', '--output', 'xml'], 'there is no format "xml"'],
    [['get', 'a', '--ttl', '5s'], 'kv get takes no option --ttl'],
    [['get', 'xyz', '--hex'], '"xyz" is not hexadecimal'],
    [['get', 'a', '--keyspace', ''], 'needs a name'],
  ])('%j', async (args, message) => {
    const { status, stderr } = await kv(args);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });

  test('help', async () => {
    expect((await kv(['--help'])).stdout).toContain('alopex kv put KEY [VALUE]');
  });
});
