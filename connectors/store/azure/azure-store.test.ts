import { afterAll, beforeAll } from 'vitest';
import { SystemClock } from '../../node/system-clock.ts';
import { SystemRandom } from '../../node/system-random.ts';
import { parseAddress } from '../address.ts';
import { objectStoreSuite } from '../object-store.suite.ts';
import { RetryPolicy } from '../retry-policy.ts';
import { startAzurite, type Azurite } from '../test-support/azurite.ts';
import { openAzure } from './open-azure.ts';

const ports = { clock: new SystemClock(), random: new SystemRandom() };
let azurite: Azurite;
beforeAll(async () => {
  azurite = await startAzurite();
  await azurite.makeContainer('suite');
});
afterAll(async () => {
  await azurite.stop();
});

objectStoreSuite(
  'AzureObjectStore',
  async () => {
    const retries = new RetryPolicy(ports);
    const { endpoint, environment } = azurite;
    const address = parseAddress('az://suite/a folder');
    return (await openAzure(address, { endpoint }, { ...ports, retries, pageLength: 50 }, environment)).store;
  },
  { listedObjects: 120 },
);
