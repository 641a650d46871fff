import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { MemoryFileSystem } from '../test-support/memory-file-system.ts';
import type { DataFile } from './data-file.ts';
import { FileGate } from './file-gate.ts';

const PATH = '/data/segments/1/00000001.parquet';
const BYTES = new TextEncoder().encode('rows');
const FILE: DataFile = {
  fileId: 1,
  tier: 'hot',
  name: 'segments/1/00000001.parquet',
  path: PATH,
  schemaId: 0,
  rowCount: 1,
  sizeBytes: BYTES.length,
  crc32: crc32(BYTES),
  stats: new Map(),
};

/** A disk that does not give a file now and then. */
class FailingFiles extends MemoryFileSystem {
  isFailing = false;

  override readFile(path: string): Promise<Uint8Array> {
    if (this.isFailing) return Promise.reject(Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' }));
    return super.readFile(path);
  }
}

test('a file that the disk does not give is an error of the disk, no damage, and is read again', async () => {
  const files = new FailingFiles();
  const gate = new FileGate(files);
  files.files.set(PATH, BYTES);
  files.isFailing = true;
  await expect(gate.admit([FILE])).rejects.toMatchObject({
    code: '58030',
    message: expect.stringContaining(PATH),
  });
  files.isFailing = false;
  await gate.admit([FILE]);
});

test('a file that is missing, or has other bytes, is damage', async () => {
  const files = new MemoryFileSystem();
  const damage = { code: 'XX001', message: expect.stringContaining(PATH) };
  await expect(new FileGate(files).admit([FILE])).rejects.toMatchObject(damage);
  files.files.set(PATH, BYTES.toReversed());
  await expect(new FileGate(files).admit([FILE])).rejects.toMatchObject(damage);
});
