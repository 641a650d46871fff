import { stat } from 'node:fs/promises';

/** Bytes of a file that is to be uploaded; 0 when it is not there, for the upload itself says so. */
export async function localFileSize(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
