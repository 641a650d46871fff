import { afterAll, beforeAll } from 'vitest';
import { parseAddress } from '../../../connectors/store/address.ts';
import { openAzure } from '../../../connectors/store/azure/open-azure.ts';
import { startAzurite, type Azurite } from '../../../connectors/store/test-support/azurite.ts';
import { faultySuite } from '../../../connectors/store/test-support/service-suites.ts';

let azurite: Azurite;
beforeAll(async () => {
  azurite = await startAzurite();
  await azurite.makeContainer('faults');
});
afterAll(async () => {
  await azurite.stop();
});

// As it is, it is tested by `npm test`.
faultySuite(
  'Azurite',
  () => azurite.endpoint,
  (endpoint, ports) => openAzure(parseAddress('az://faults/f'), { endpoint }, ports, azurite.environment),
);
