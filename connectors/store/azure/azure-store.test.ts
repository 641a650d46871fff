import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ObjectStore } from '../../../engine/ports/object-store.ts';
import { parseAddress } from '../address.ts';
import { startAzurite, type Azurite } from '../test-support/azurite.ts';
import { text } from '../test-support/ports.ts';
import { errorSuite, plainSuite, servicePorts } from '../test-support/service-suites.ts';
import { openAzure } from './open-azure.ts';

let azurite: Azurite;
beforeAll(async () => {
  azurite = await startAzurite();
  await azurite.makeContainer('suite');
});
afterAll(async () => {
  await azurite.stop();
});

plainSuite(
  'AzureObjectStore',
  () => azurite.endpoint,
  (endpoint, ports) => openAzure(parseAddress('az://suite/a folder'), { endpoint }, ports, azurite.environment),
);

async function open(address: string, environment = azurite.environment): Promise<ObjectStore> {
  const { endpoint } = azurite;
  return (await openAzure(parseAddress(address), { endpoint }, servicePorts(2), environment)).store;
}

errorSuite('az://', async (endpoint) => {
  const address = parseAddress('az://suite');
  const account = `${endpoint}/devstoreaccount1`;
  return (await openAzure(address, { endpoint: account }, servicePorts(3), azurite.environment)).store;
});

test('a container that is absent is an error, and not an absent object', async () => {
  const store = await open('az://nowhere');
  await expect(store.get('x')).rejects.toMatchObject({ code: '58P01', kind: 'absent' });
  await expect(store.put('x', text('x'))).rejects.toMatchObject({ code: '58P01' });
  await expect(store.listPage('')).rejects.toMatchObject({ code: '58P01' });
  await store.close();
});

test('a wrong key is told without it', async () => {
  const key = Buffer.from('a wrong key').toString('base64');
  const store = await open('az://suite', { AZURE_STORAGE_KEY: key });
  const failure: unknown = await store.get('x').catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: 'AlopexError', code: expect.stringMatching(/^(28000|42501)$/) as string });
  expect(JSON.stringify(failure) + String(failure)).not.toContain(key);
  await store.close();
});

test('a token is stored with the object', async () => {
  const store = await open('az://suite/tokens');
  await store.create('x', text('x'), { token: 'some-token-1' });
  expect(await store.head('x')).toMatchObject({ token: 'some-token-1' });
  await store.close();
});
