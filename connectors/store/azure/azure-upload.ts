import type { BlockBlobClient } from '@azure/storage-blob';
import { partBytesOf, withFile, type PartSizes } from '../file-parts.ts';
import { azureError } from './azure-error.ts';
import type { AzurePlace } from './azure-store.ts';

/** When a write takes place. */
export interface Conditions {
  readonly ifNoneMatch?: string;
  readonly ifMatch?: string;
}

interface UploadOptions {
  readonly abortSignal?: AbortSignal;
  readonly conditions: Conditions;
  readonly metadata?: Record<string, string>;
}

const BLOCKS: PartSizes = { partBytes: 8 << 20, parallel: 4, maxParts: 50_000 };

/** How many requests an upload of so many bytes takes. */
export function uploadRequests(sizeBytes: number): number {
  return sizeBytes <= BLOCKS.partBytes ? 1 : 1 + Math.ceil(sizeBytes / partBytesOf(sizeBytes, BLOCKS));
}

/** Uploads a file, in blocks when it is large. The condition is decided by the last request, which lists the blocks. */
export async function uploadFile(
  place: AzurePlace,
  blob: BlockBlobClient,
  path: string,
  options: UploadOptions,
): Promise<void> {
  const { abortSignal } = options;
  const http = abortSignal === undefined ? {} : { abortSignal };
  await withFile(path, async (file) => {
    if (file.sizeBytes <= BLOCKS.partBytes) {
      const bytes = await file.readAll();
      await blob.upload(bytes, bytes.length, options);
      return;
    }
    // Uploads of one blob at the same time share its blocks: each has names of its own, all of one length.
    const upload = place.ports.random.uuid();
    const ids: string[] = [];
    await file.forEachPart(BLOCKS, async (index, bytes) => {
      const id = Buffer.from(`${upload}-${String(index).padStart(5, '0')}`).toString('base64');
      ids[index] = id;
      await place.ports.retries.run(async () => {
        try {
          await blob.stageBlock(id, bytes, bytes.length, http);
        } catch (error) {
          throw azureError(`upload a block to ${place.uri}`, error, abortSignal);
        }
      }, abortSignal);
    });
    // Blocks of an upload that ends here are dropped by the service after a week.
    await blob.commitBlockList(ids, options);
  });
}
