import { Storage, type StorageOptions } from '@google-cloud/storage';
import type { StoreAddress } from '../address.ts';
import { KeyPrefix } from '../key-prefix.ts';
import type { OpenedStore, ServicePorts } from '../open-store.ts';
import type { GcsSettings } from '../settings.ts';
import { GcsObjectStore } from './gcs-store.ts';

/** No answer at all in this time means that the connection is dead. */
const SILENCE_MS = 60_000;

const WITHOUT_POOL = { request: (request: object) => ({ ...request, forever: false }) };

/** Opens a bucket. Credentials come from the SDK's own chain: Application Default Credentials. */
export function openGcs(address: StoreAddress, settings: GcsSettings, ports: ServicePorts): OpenedStore {
  const { endpoint } = settings;
  const isAnonymous = settings.anonymous ?? endpoint?.startsWith('http:') ?? false;
  const common: StorageOptions = {
    ...(endpoint === undefined ? {} : { apiEndpoint: endpoint, useAuthWithCustomEndpoint: !isAnonymous }),
    // Nothing here needs a project: a service would be asked for its name.
    ...(isAnonymous ? { projectId: 'anonymous' } : {}),
    // The SDK destroys its agent, with all requests on it, when one answer breaks off. Node's own agent is out of its reach, and keeps connections too.
    interceptors_: [WITHOUT_POOL] as unknown as NonNullable<StorageOptions['interceptors_']>,
  };
  const retryOptions = { autoRetry: false, maxRetries: 0 };
  const once = new Storage({ ...common, timeout: SILENCE_MS, retryOptions });
  const uploads = new Storage({ ...common, retryOptions });
  const store = new GcsObjectStore({
    uri: address.uri,
    bucket: once.bucket(address.bucket),
    uploads: uploads.bucket(address.bucket),
    keys: new KeyPrefix(address.folder),
    ports,
  });
  return { store, fileRequests: () => 1 };
}
