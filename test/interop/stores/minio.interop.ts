import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseAddress } from '../../../connectors/store/address.ts';
import { probeConditionalWrites } from '../../../connectors/store/conditional-write-probe.ts';
import { openS3 } from '../../../connectors/store/s3/open-s3.ts';
import { text } from '../../../connectors/store/test-support/ports.ts';
import { startServer, type ServerProcess } from '../../../connectors/store/test-support/server-process.ts';
import {
  errorSuite,
  faultySuite,
  plainSuite,
  servicePorts,
} from '../../../connectors/store/test-support/service-suites.ts';
import { freePort } from './free-port.ts';
import { serverPath } from './server-path.ts';

const SECRET = 'alopex-secret-1';
let folder: string;
let server: ServerProcess;
let endpoint: string;

beforeAll(async () => {
  process.env['AWS_ACCESS_KEY_ID'] = 'alopex';
  process.env['AWS_SECRET_ACCESS_KEY'] = SECRET;
  folder = await mkdtemp(join(tmpdir(), 'alopex-minio-'));
  const address = `127.0.0.1:${await freePort()}`;
  const account = { MINIO_ROOT_USER: 'alopex', MINIO_ROOT_PASSWORD: SECRET, MINIO_UPDATE: 'off', MINIO_BROWSER: 'off' };
  const parameters = ['server', folder, '--address', address, '--console-address', '127.0.0.1:0'];
  server = await startServer(serverPath('minio'), parameters, /API: (http:\S+)/, account);
  endpoint = `http://${address}`;
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: 'suite' }));
  client.destroy();
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

plainSuite(
  'S3ObjectStore at MinIO',
  () => endpoint,
  async (at, ports) => openS3(parseAddress('s3://suite/a folder'), { endpoint: at }, ports),
);
faultySuite(
  'MinIO',
  () => endpoint,
  async (at, ports) => openS3(parseAddress('s3://suite/faults'), { endpoint: at }, ports),
);
errorSuite('s3://', async (at) => openS3(parseAddress('s3://suite'), { endpoint: at }, servicePorts(3)).store);

test('MinIO keeps conditional writes', async () => {
  const { store } = openS3(parseAddress('s3://suite/probe'), { endpoint }, servicePorts(4));
  await probeConditionalWrites(store, servicePorts(4).random);
  await store.close();
});

test('a bucket that is absent is an error, and not an absent object', async () => {
  const { store } = openS3(parseAddress('s3://nowhere'), { endpoint }, servicePorts(4));
  await expect(store.get('x')).rejects.toMatchObject({ code: '58P01', kind: 'absent' });
  await expect(store.put('x', text('x'))).rejects.toMatchObject({ code: '58P01' });
  await expect(store.listPage('')).rejects.toMatchObject({ code: '58P01' });
  await store.close();
});

test('wrong credentials are told without them', async () => {
  process.env['AWS_SECRET_ACCESS_KEY'] = 'a-wrong-secret';
  try {
    const { store } = openS3(parseAddress('s3://suite'), { endpoint }, servicePorts(4));
    const failure: unknown = await store.get('x').catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'AlopexError', code: '28000' });
    expect(JSON.stringify(failure) + String(failure)).not.toContain('a-wrong-secret');
    await store.close();
  } finally {
    process.env['AWS_SECRET_ACCESS_KEY'] = SECRET;
  }
});

test('a token is stored with the object, and with one that went in parts', async () => {
  const { store } = openS3(parseAddress('s3://suite/tokens'), { endpoint }, servicePorts(4));
  await store.create('x', text('x'), { token: 'some-token-1' });
  expect(await store.head('x')).toMatchObject({ token: 'some-token-1' });
  await store.close();
});
