import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { BlobServiceClient, StorageSharedKeyCredential, type StoragePipelineOptions } from '@azure/storage-blob';
import { AlopexError, SqlState } from '../../../engine/errors.ts';
import type { StoreAddress } from '../address.ts';
import { KeyPrefix } from '../key-prefix.ts';
import type { OpenedStore, ServicePorts } from '../open-store.ts';
import type { AzureSettings } from '../settings.ts';
import { AzureObjectStore } from './azure-store.ts';
import { uploadRequests } from './azure-upload.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Opens a container. Credentials come from the environment as Azure's own tools read it (a connection string, a key, a SAS token), else from the SDK's default chain: environment,
 * workload and managed identity, developer tools.
 */
export async function openAzure(
  address: StoreAddress,
  settings: AzureSettings,
  ports: ServicePorts,
  environment: Environment = process.env,
): Promise<OpenedStore> {
  const endpoint = endpointOf(address, settings, environment);
  const agent = (endpoint?.startsWith('http:') ?? false) ? new HttpAgent(KEEP_ALIVE) : new HttpsAgent(KEEP_ALIVE);
  // Requests are repeated above, by rules that know what is at stake. The agent is ours, so that its connections end with the store.
  const options = { agent, retryOptions: { maxTries: 1 } };
  const service = await openService(endpoint, environment, options);
  const store = new AzureObjectStore({
    uri: address.uri,
    container: service.getContainerClient(address.bucket),
    keys: new KeyPrefix(address.folder),
    ports,
    close: () => agent.destroy(),
  });
  return { store, fileRequests: uploadRequests };
}

const KEEP_ALIVE = { keepAlive: true };

async function openService(
  endpoint: string | undefined,
  environment: Environment,
  options: StoragePipelineOptions,
): Promise<BlobServiceClient> {
  const connection = environment['AZURE_STORAGE_CONNECTION_STRING'];
  if (endpoint === undefined) {
    if (connection !== undefined) return BlobServiceClient.fromConnectionString(connection, options);
    throw new AlopexError(SqlState.invalidParameter, 'az:// needs the name of a storage account', {
      hint: 'Use az://account.blob.core.windows.net/container, ALOPEX__AZURE__ACCOUNT or AZURE_STORAGE_ACCOUNT.',
    });
  }
  const key = environment['AZURE_STORAGE_KEY'];
  if (key !== undefined) {
    return new BlobServiceClient(endpoint, new StorageSharedKeyCredential(accountOf(endpoint), key), options);
  }
  const sas = environment['AZURE_STORAGE_SAS_TOKEN'];
  if (sas !== undefined) return new BlobServiceClient(`${endpoint}?${sas.replace(/^\?/, '')}`, undefined, options);
  const { DefaultAzureCredential } = await import('@azure/identity');
  return new BlobServiceClient(endpoint, new DefaultAzureCredential(), options);
}

/** Address of the account's blob service; `undefined` leaves it to the connection string. */
function endpointOf({ host }: StoreAddress, settings: AzureSettings, environment: Environment): string | undefined {
  if (host !== undefined) return `https://${host}`;
  if (settings.endpoint !== undefined) return settings.endpoint;
  const account = settings.account ?? environment['AZURE_STORAGE_ACCOUNT'];
  return account === undefined ? undefined : `https://${account}.blob.core.windows.net`;
}

/** The account is the first part of the host's name, or of the path where the host is an address. */
function accountOf(endpoint: string): string {
  const { hostname, pathname } = new URL(endpoint);
  const [fromPath = ''] = pathname.split('/').filter((part) => part !== '');
  return fromPath !== '' ? fromPath : (hostname.split('.')[0] ?? '');
}
