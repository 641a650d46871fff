import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { OpenedStore, ServicePorts } from '../open-store.ts';
import type { StoreAddress } from '../address.ts';
import { KeyPrefix } from '../key-prefix.ts';
import type { S3Settings } from '../settings.ts';
import { uploadRequests } from './s3-upload.ts';
import { S3ObjectStore } from './s3-store.ts';

/** No answer at all in this time means that the connection is dead; slow answers are bounded above. */
const SILENCE_MS = 60_000;
const CONNECT_MS = 5_000;

/** Opens a bucket. Credentials, and whatever the settings leave out, come from the SDK's own chain: environment, profiles, roles. */
export function openS3(address: StoreAddress, settings: S3Settings, ports: ServicePorts): OpenedStore {
  const { endpoint, region, pathStyle } = settings;
  const isCustom = endpoint !== undefined || process.env['AWS_ENDPOINT_URL_S3'] !== undefined;
  const config: S3ClientConfig = {
    // Requests are repeated above, by rules that know what is at stake.
    maxAttempts: 1,
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: SILENCE_MS },
    ...(endpoint === undefined ? {} : { endpoint }),
    // Compatible services rarely have a name for each bucket, nor a region that matters.
    forcePathStyle: pathStyle ?? isCustom,
    ...(region === undefined ? (isCustom ? { region: process.env['AWS_REGION'] ?? 'us-east-1' } : {}) : { region }),
    // Many compatible services do not know the checksums that the SDK adds by itself.
    ...(isCustom
      ? { requestChecksumCalculation: 'WHEN_REQUIRED' as const, responseChecksumValidation: 'WHEN_REQUIRED' as const }
      : {}),
  };
  const client = new S3Client(config);
  const store = new S3ObjectStore({
    uri: address.uri,
    client,
    bucket: address.bucket,
    keys: new KeyPrefix(address.folder),
    ports,
  });
  return { store, fileRequests: uploadRequests };
}
