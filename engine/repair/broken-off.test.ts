import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  damageFile,
  fileLike,
  findingsOf,
  portsOf,
  readContents,
  SampleDatabase,
  type Contents,
} from '../check/test-support/sample-database.ts';
import type { AppendFile, FileSystem } from '../ports/file-system.ts';
import { repairDatabase } from './repair.ts';

let sample: SampleDatabase;
beforeAll(async () => {
  sample = await SampleDatabase.make();
});
afterAll(() => sample.remove());

/** Fails every change of files after so many. */
function breakingAfter(inner: FileSystem, changes: { left: number }): FileSystem {
  const change = <T>(action: () => Promise<T>): Promise<T> =>
    changes.left-- > 0 ? action() : Promise.reject(Object.assign(new Error('broken off'), { code: 'EIO' }));
  return {
    openAppend: (path) => change(async () => breakingFile(await inner.openAppend(path), change)),
    openRead: (path) => inner.openRead(path),
    openSparse: (path, sizeBytes) => inner.openSparse(path, sizeBytes),
    readFile: (path) => inner.readFile(path),
    readChunks: (path) => inner.readChunks(path),
    writeFileAtomic: (path, bytes) => change(() => inner.writeFileAtomic(path, bytes)),
    truncate: (path, sizeBytes) => change(() => inner.truncate(path, sizeBytes)),
    syncFile: (path) => inner.syncFile(path),
    syncFolder: (path) => inner.syncFolder(path),
    makeFolder: (path) => change(() => inner.makeFolder(path)),
    list: (path) => inner.list(path),
    size: (path) => inner.size(path),
    remove: (path) => change(() => inner.remove(path)),
    removeFolder: (path) => change(() => inner.removeFolder(path)),
  };
}

function breakingFile(file: AppendFile, change: <T>(action: () => Promise<T>) => Promise<T>): AppendFile {
  return {
    get sizeBytes() {
      return file.sizeBytes;
    },
    append: (bytes) => change(() => file.append(bytes)),
    appendDurably: (bytes) => change(() => file.appendDurably(bytes)),
    sync: () => file.sync(),
    close: () => file.close(),
  };
}

/** Damages a file of each kind. */
async function damageAll(): Promise<string> {
  const dataDir = await sample.restore();
  const places = { '^segments/2': 0.5, '^kv': 0.4, '^log': 0.5, CURRENT: 0.5 };
  for (const [pattern, at] of Object.entries(places)) {
    await damageFile(join(dataDir, await fileLike(dataDir, new RegExp(pattern))), 'flip', at);
  }
  return dataDir;
}

test('a repair that is broken off anywhere is made again, with the same result', async () => {
  const repair = async (dataDir: string, left: number): Promise<void> => {
    const changes = { left };
    const ports = portsOf(dataDir);
    const fileSystem = breakingAfter(ports.fileSystem, changes);
    await repairDatabase({ ...ports, fileSystem }, dataDir, { timestamp: 'now' });
  };
  const dataDir = await damageAll();
  await repair(dataDir, 1000);
  const expected: Contents = await readContents(dataDir);
  for (let left = 0; ; left += 5) {
    await damageAll();
    const done = await repair(dataDir, left).then(
      () => true,
      () => false,
    );
    if (done) {
      expect(left).toBeGreaterThan(20);
      break;
    }
    await repair(dataDir, 1000);
    const damage = (await findingsOf(dataDir)).filter(({ severity }) => severity === 'damage');
    expect(damage, `after ${left} changes`).toEqual([]);
    // Opening takes long.
    if (left % 15 === 0) expect(await readContents(dataDir), `after ${left} changes`).toEqual(expected);
  }
});
