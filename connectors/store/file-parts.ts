import { open } from 'node:fs/promises';
import { fileError } from '../node/node-error.ts';

export interface PartSizes {
  readonly partBytes: number;
  readonly parallel: number;
  /** What the service takes at most. */
  readonly maxParts: number;
}

const MIB = 1 << 20;

/** Bytes of each part of a file, so that there are not too many of them. */
export function partBytesOf(sizeBytes: number, { partBytes, maxParts }: PartSizes): number {
  return Math.max(partBytes, Math.ceil(sizeBytes / maxParts / MIB) * MIB);
}

/** A local file that is uploaded in parts. No more than `parallel` parts are in memory at a time. */
export interface OpenFile {
  readonly sizeBytes: number;
  /** All of it, for a file of one part. */
  readAll(): Promise<Uint8Array>;
  /** Hands each part to `upload`, several at a time, until one fails; then waits for those under way and throws the first failure. */
  forEachPart(sizes: PartSizes, upload: (index: number, bytes: Uint8Array) => Promise<void>): Promise<void>;
}

/** Opens a file for `use` and closes it afterwards. Throws `58P01` when it is absent. */
export async function withFile<T>(path: string, use: (file: OpenFile) => Promise<T>): Promise<T> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw fileError(`read ${path}`, error);
  });
  try {
    const { size } = await handle.stat();
    const read = async (offset: number, length: number): Promise<Uint8Array> => {
      const bytes = new Uint8Array(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled);
        if (bytesRead === 0) throw fileError(`read ${path}`, new Error('it became shorter while it was read'));
        filled += bytesRead;
      }
      return bytes;
    };
    return await use({
      sizeBytes: size,
      readAll: () => read(0, size),
      forEachPart: (sizes, upload) =>
        forEachPart(size, sizes, async (index, offset, length) => upload(index, await read(offset, length))),
    });
  } finally {
    await handle.close();
  }
}

async function forEachPart(
  sizeBytes: number,
  sizes: PartSizes,
  upload: (index: number, offset: number, length: number) => Promise<void>,
): Promise<void> {
  const partBytes = partBytesOf(sizeBytes, sizes);
  let next = 0;
  let failure: { readonly error: unknown } | undefined;
  const work = async (): Promise<void> => {
    while (failure === undefined && next * partBytes < sizeBytes) {
      const index = next++;
      const offset = index * partBytes;
      try {
        await upload(index, offset, Math.min(partBytes, sizeBytes - offset));
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: sizes.parallel }, work));
  if (failure !== undefined) throw failure.error;
}
