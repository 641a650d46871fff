import { expect, test } from 'vitest';
import type { ReadFile } from '../../ports/file-system.ts';
import { MemoryFileSystem } from '../../test-support/memory-file-system.ts';
import { BlockCache } from './block-cache.ts';
import { SegmentReader } from './segment-reader.ts';
import { bytesOf, put, writeSegment } from './test-support/model.ts';

const PATH = '/data/kv/00000001.seg';

/** A disk of which calls fail. */
class FailingFiles extends MemoryFileSystem {
  failsOpen = false;
  failsRead = false;

  override openRead(path: string): ReadFile {
    if (this.failsOpen) throw Object.assign(new Error('EMFILE: too many open files, open'), { code: 'EMFILE' });
    const file = super.openRead(path);
    return {
      read: (offset, length, into) => {
        if (this.failsRead) throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
        return file.read(offset, length, into);
      },
      close: () => file.close(),
    };
  }
}

test('what the disk does not give is an error of the disk that names the file, no damage', async () => {
  const files = new FailingFiles();
  const state = await writeSegment(files, PATH, [put(bytesOf('a'), 1, 'value')]);
  const open = (): SegmentReader => SegmentReader.open(files, PATH, state, new BlockCache(0));
  const refusal = expect.objectContaining({ code: '58030', message: expect.stringContaining(PATH) }) as Error;
  files.failsOpen = true;
  expect(open).toThrow(refusal);
  files.failsOpen = false;
  files.failsRead = true;
  expect(open).toThrow(refusal);
  files.failsRead = false;
  const reader = open();
  files.failsRead = true;
  expect(() => reader.cursor()).toThrow(refusal);
  files.failsRead = false;
  expect(reader.cursor().seekFirst()).toBe(true);
  reader.close();
});
