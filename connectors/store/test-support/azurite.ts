import { createRequire } from 'node:module';
import { startServer } from './server-process.ts';

/** The account that Azurite has by itself; its key is public. */
const ACCOUNT = 'devstoreaccount1';
const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

export interface Azurite {
  /** Address of the account's blob service. */
  readonly endpoint: string;
  readonly environment: Readonly<Record<string, string>>;
  makeContainer(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** Azure's own emulator, with everything in memory, on a free port of this machine. */
export async function startAzurite(): Promise<Azurite> {
  const main = createRequire(import.meta.url).resolve('azurite/dist/src/blob/main.js');
  const parameters = ['--blobHost', '127.0.0.1', '--blobPort', '0', '--inMemoryPersistence', '--disableTelemetry'];
  const server = await startServer(
    process.execPath,
    [main, ...parameters, '--skipApiVersionCheck', '--silent'],
    /successfully listens on (http:\/\/127\.0\.0\.1:\d+)/,
  );
  const endpoint = `${server.ready[1]}/${ACCOUNT}`;
  return {
    endpoint,
    environment: { AZURE_STORAGE_KEY: KEY },
    async makeContainer(name) {
      const { BlobServiceClient, StorageSharedKeyCredential } = await import('@azure/storage-blob');
      const service = new BlobServiceClient(endpoint, new StorageSharedKeyCredential(ACCOUNT, KEY));
      await service.createContainer(name);
    },
    stop: () => server.stop(),
  };
}
