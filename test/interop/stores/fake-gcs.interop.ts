import { Storage } from '@google-cloud/storage';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseAddress } from '../../../connectors/store/address.ts';
import { probeConditionalWrites } from '../../../connectors/store/conditional-write-probe.ts';
import { openGcs } from '../../../connectors/store/gcs/open-gcs.ts';
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

let server: ServerProcess;
let endpoint: string;

beforeAll(async () => {
  const port = String(await freePort());
  const parameters = ['-backend', 'memory', '-scheme', 'http', '-host', '127.0.0.1', '-port', port];
  server = await startServer(serverPath('fake-gcs-server'), parameters, /server started at/);
  endpoint = `http://127.0.0.1:${port}`;
  await new Storage({ apiEndpoint: endpoint, projectId: 'test' }).createBucket('suite');
});
afterAll(async () => {
  await server.stop();
});

plainSuite(
  'GcsObjectStore at fake-gcs-server',
  () => endpoint,
  async (at, ports) => openGcs(parseAddress('gs://suite/a folder'), { endpoint: at }, ports),
);
faultySuite(
  'fake-gcs-server',
  () => endpoint,
  async (at, ports) => openGcs(parseAddress('gs://suite/faults'), { endpoint: at }, ports),
);
errorSuite('gs://', async (at) => openGcs(parseAddress('gs://suite'), { endpoint: at }, servicePorts(3)).store);

test('fake-gcs-server keeps conditional writes', async () => {
  const { store } = openGcs(parseAddress('gs://suite/probe'), { endpoint }, servicePorts(4));
  await probeConditionalWrites(store, servicePorts(4).random);
  await store.close();
});

test('a token is stored with the object', async () => {
  const { store } = openGcs(parseAddress('gs://suite/tokens'), { endpoint }, servicePorts(4));
  await store.create('x', text('x'), { token: 'some-token-1' });
  expect(await store.head('x')).toMatchObject({ token: 'some-token-1' });
  await store.close();
});
