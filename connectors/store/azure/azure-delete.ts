import type { BlockBlobClient, ContainerClient } from '@azure/storage-blob';
import { isAbsentBlob } from './azure-error.ts';
import type { HttpOptions } from './azure-store.ts';

/** What one batch takes at most. */
const BATCH = 256;

interface SubResponse {
  readonly status: number;
  readonly errorCode?: string;
}

/** Deletes blobs, those that are absent too, in as few requests as there can be. */
export async function deleteBlobs(
  container: ContainerClient,
  blobs: readonly BlockBlobClient[],
  http: HttpOptions,
): Promise<void> {
  const [only] = blobs;
  if (only === undefined) return;
  if (blobs.length === 1) {
    await only.delete(http).catch((error: unknown) => {
      if (!isAbsentBlob(error)) throw error;
    });
    return;
  }
  const batches = container.getBlobBatchClient();
  for (let at = 0; at < blobs.length; at += BATCH) {
    const some = blobs.slice(at, at + BATCH);
    const { subResponses } = await batches.deleteBlobs(
      some.map(({ url }) => url),
      container.credential,
      http,
    );
    const failed = (subResponses as readonly SubResponse[]).find(({ status }) => status >= 300 && status !== 404);
    // As the SDK's own errors: so it is told in the same words.
    if (failed !== undefined) {
      const error = new Error(`a delete of a batch was answered with ${failed.status}`);
      throw Object.assign(error, { statusCode: failed.status, code: failed.errorCode });
    }
  }
}
