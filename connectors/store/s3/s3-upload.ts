import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3';
import { partBytesOf, withFile, type PartSizes } from '../file-parts.ts';
import { s3Error } from './s3-error.ts';
import type { S3Place } from './s3-store.ts';

/** When a write takes place. */
export interface Condition {
  readonly IfNoneMatch?: string;
  readonly IfMatch?: string;
}

export interface HttpOptions {
  readonly abortSignal?: AbortSignal;
}

interface Target {
  readonly Bucket: string;
  readonly Key: string;
  readonly Metadata?: Record<string, string>;
}

const MIB = 1 << 20;
/** S3 takes parts of 5 MiB to 5 GiB. */
const PARTS: PartSizes = { partBytes: 8 * MIB, parallel: 4, maxParts: 10_000 };
/** What one request copies at most. */
export const MAX_COPY_BYTES = 5 * 1024 * MIB;
const COPY_PART_BYTES = 512 * MIB;

/** How many requests an upload of so many bytes takes. */
export function uploadRequests(sizeBytes: number): number {
  return sizeBytes <= PARTS.partBytes ? 1 : 2 + Math.ceil(sizeBytes / partBytesOf(sizeBytes, PARTS));
}

/** Uploads a file, in parts when it is large. The condition is decided by the last request. */
export async function uploadFile(
  place: S3Place,
  target: Target,
  path: string,
  condition: Condition,
  http: HttpOptions,
): Promise<void> {
  await withFile(path, async (file) => {
    const { client } = place;
    if (file.sizeBytes <= PARTS.partBytes) {
      const Body = await file.readAll();
      const put = new PutObjectCommand({ ...target, ...condition, Body, ContentLength: Body.length });
      await client.send(put, http);
      return;
    }
    await inParts(place, target, condition, http, async (UploadId) => {
      const parts: CompletedPart[] = [];
      await file.forEachPart(PARTS, async (index, Body) => {
        const part = { Bucket: target.Bucket, Key: target.Key, UploadId, PartNumber: index + 1, Body };
        const { ETag } = await partly(place, http, () =>
          client.send(new UploadPartCommand({ ...part, ContentLength: Body.length }), http),
        );
        parts[index] = { PartNumber: index + 1, ...(ETag === undefined ? {} : { ETag }) };
      });
      return parts;
    });
  });
}

/** A copy of more than one request can do. */
export async function copyInParts(
  place: S3Place,
  target: Target & { readonly CopySource: string },
  sizeBytes: number,
  http: HttpOptions,
): Promise<void> {
  const { Bucket, Key, CopySource } = target;
  await inParts(place, { Bucket, Key }, {}, http, async (UploadId) => {
    const parts: CompletedPart[] = [];
    for (let at = 0; at < sizeBytes; at += COPY_PART_BYTES) {
      const PartNumber = parts.length + 1;
      const CopySourceRange = `bytes=${at}-${Math.min(at + COPY_PART_BYTES, sizeBytes) - 1}`;
      const { CopyPartResult } = await partly(place, http, () =>
        place.client.send(
          new UploadPartCopyCommand({ Bucket, Key, CopySource, CopySourceRange, UploadId, PartNumber }),
          http,
        ),
      );
      const ETag = CopyPartResult?.ETag;
      parts.push({ PartNumber, ...(ETag === undefined ? {} : { ETag }) });
    }
    return parts;
  });
}

/** Begins an upload, has its parts made, and completes it; one that fails is abandoned, so that its parts cost nothing. */
async function inParts(
  place: S3Place,
  target: Target,
  condition: Condition,
  http: HttpOptions,
  makeParts: (uploadId: string) => Promise<CompletedPart[]>,
): Promise<void> {
  const { Bucket, Key } = target;
  const { UploadId = '' } = await place.client.send(new CreateMultipartUploadCommand(target), http);
  try {
    const Parts = await makeParts(UploadId);
    const MultipartUpload = { Parts };
    await place.client.send(
      new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload, ...condition }),
      http,
    );
  } catch (error) {
    // The failure above is the one to tell of. What is left of the upload is for the bucket's lifecycle rules.
    await place.client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId })).catch(() => undefined);
    throw error;
  }
}

/** A part is the same however often it is sent. */
function partly<T>(place: S3Place, { abortSignal }: HttpOptions, send: () => Promise<T>): Promise<T> {
  return place.ports.retries.run(async () => {
    try {
      return await send();
    } catch (error) {
      throw s3Error(`upload a part to ${place.uri}`, error, abortSignal);
    }
  }, abortSignal);
}
