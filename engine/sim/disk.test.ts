import { describe, expect, test } from 'vitest';
import { SimDisk } from './disk.ts';
import { FaultCounters } from './fault.ts';
import { SeededRandom } from './random.ts';

const text = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : new TextDecoder().decode(bytes);
const bytesOf = (value: string): Uint8Array => new TextEncoder().encode(value);

/** Everything that power cuts leave, over many seeds. */
function afterPowerCuts(write: (disk: SimDisk) => void, read: (disk: SimDisk) => string | undefined): Set<string> {
  const seen = new Set<string>();
  for (let seed = 0; seed < 300; seed++) {
    const disk = new SimDisk(new FaultCounters());
    disk.makeFolder('/d');
    write(disk);
    disk.powerCut(new SeededRandom(seed));
    seen.add(read(disk) ?? 'absent');
  }
  return seen;
}

const readFile = (disk: SimDisk): string | undefined => text(disk.bytes('/d/f'));

function durableFile(disk: SimDisk, content: string): void {
  disk.create('/d/f');
  disk.append('/d/f', bytesOf(content));
  disk.syncFile('/d/f');
  disk.syncFolder('/d');
}

describe('bytes', () => {
  test('that were synced are there after every power cut', () => {
    const seen = afterPowerCuts((disk) => durableFile(disk, 'safe'), readFile);
    expect(seen).toEqual(new Set(['safe']));
  });

  test('that were not synced may be lost, kept, cut off or zeros; those before them are safe', () => {
    const seen = afterPowerCuts((disk) => {
      durableFile(disk, 'safe');
      disk.append('/d/f', bytesOf('new'));
    }, readFile);
    expect([...seen].every((content) => content.startsWith('safe'))).toBe(true);
    for (const content of ['safe', 'safen', 'safene', 'safenew', 'safe\0\0\0', 'safen\0\0'])
      expect(seen).toContain(content);
  });

  test('that are large can have holes of whole sectors', () => {
    const big = 'x'.repeat(4096);
    const seen = afterPowerCuts((disk) => {
      durableFile(disk, '');
      disk.append('/d/f', bytesOf(big));
    }, readFile);
    const holed = [...seen].filter((content) => /x\0+x/.test(content));
    expect(holed.length).toBeGreaterThan(10);
    for (const content of holed) {
      for (const hole of content.matchAll(/\0+/g)) {
        expect(hole.index % 512).toBe(0);
        expect((hole.index + hole[0].length) % 512).toBe(0);
      }
    }
  });

  test('that a failed sync has dropped are lost, whatever is synced later', () => {
    const seen = afterPowerCuts((disk) => {
      durableFile(disk, 'safe');
      disk.append('/d/f', bytesOf('lost'));
      disk.dropUnsynced('/d/f');
      expect(readFile(disk)).toBe('safelost');
      disk.append('/d/f', bytesOf('later'));
      disk.syncFile('/d/f');
    }, readFile);
    expect([...seen].filter((content) => content.includes('lost'))).toEqual([]);
    expect([...seen].every((content) => content.startsWith('safe'))).toBe(true);
  });

  test('are all there for a process that comes after one that was killed', () => {
    const disk = new SimDisk(new FaultCounters());
    disk.makeFolder('/d');
    disk.create('/d/f');
    disk.append('/d/f', bytesOf('cached'));
    expect(readFile(disk)).toBe('cached');
    expect(disk.list('/d')).toEqual(['f']);
  });
});

describe('reserved space', () => {
  const reserved = (disk: SimDisk, isSafe: boolean): void => {
    durableFile(disk, 'safe');
    disk.reserve('/d/f', 4, isSafe);
    expect(disk.appendedSize('/d/f')).toBe(4);
    expect(readFile(disk)).toBe('safe\0\0\0\0');
  };

  test('that was synced is there after every power cut, whatever becomes of what was written into it', () => {
    const seen = afterPowerCuts((disk) => {
      reserved(disk, true);
      disk.append('/d/f', bytesOf('new'));
      expect(readFile(disk)).toBe('safenew\0');
    }, readFile);
    expect([...seen].every((content) => content.length === 8 && content.startsWith('safe'))).toBe(true);
    for (const content of ['safe\0\0\0\0', 'safen\0\0\0', 'safenew\0']) expect(seen).toContain(content);
  });

  test('that was not may be there in part', () => {
    const seen = afterPowerCuts((disk) => reserved(disk, false), readFile);
    expect(seen).toContain('safe');
    expect(seen).toContain('safe\0\0');
    expect(seen).toContain('safe\0\0\0\0');
  });

  test('is gone when it was given back; unless that is safe, it may come back', () => {
    const released = (disk: SimDisk, isSafe: boolean): void => {
      reserved(disk, true);
      disk.append('/d/f', bytesOf('n'));
      disk.release('/d/f', isSafe);
      expect(readFile(disk)).toBe('safen');
    };
    expect(afterPowerCuts((disk) => released(disk, true), readFile)).toEqual(new Set(['safen']));
    const seen = afterPowerCuts((disk) => released(disk, false), readFile);
    expect(seen).toContain('safen');
    expect(seen).toContain('safe\0\0\0\0');
  });

  test('is a part of the file for a process that comes later', () => {
    const disk = new SimDisk(new FaultCounters());
    disk.makeFolder('/d');
    reserved(disk, true);
    disk.reopen('/d/f');
    disk.append('/d/f', bytesOf('new'));
    expect(readFile(disk)).toBe('safe\0\0\0\0new');
    disk.truncate('/d/f', 4);
    expect(readFile(disk)).toBe('safe');
  });
});

describe('names', () => {
  test('that were not synced may be lost, though the bytes were', () => {
    const seen = afterPowerCuts((disk) => {
      disk.create('/d/f');
      disk.append('/d/f', bytesOf('safe'));
      disk.syncFile('/d/f');
    }, readFile);
    expect(seen).toEqual(new Set(['absent', 'safe']));
  });

  test('that were removed may come back until the folder is synced', () => {
    const removed = (disk: SimDisk): void => {
      durableFile(disk, 'old');
      disk.remove('/d/f');
    };
    expect(afterPowerCuts(removed, readFile)).toEqual(new Set(['absent', 'old']));
    const synced = afterPowerCuts((disk) => {
      removed(disk);
      disk.syncFolder('/d');
    }, readFile);
    expect(synced).toEqual(new Set(['absent']));
  });

  test('that were replaced are the old or the new file, whole, until the folder is synced', () => {
    const seen = afterPowerCuts((disk) => {
      durableFile(disk, 'old');
      disk.replace('/d/f', bytesOf('new'));
    }, readFile);
    expect(seen).toEqual(new Set(['old', 'new']));
  });

  test('are lost and kept each by itself', () => {
    const seen = afterPowerCuts(
      (disk) => {
        disk.create('/d/a');
        disk.create('/d/b');
      },
      (disk) => disk.list('/d').join(' '),
    );
    expect(seen).toEqual(new Set(['', 'a', 'b', 'a b']));
  });

  test('in a removed folder may come back until the folder above is synced', () => {
    const removed = (disk: SimDisk): void => {
      disk.makeFolder('/d/sub');
      disk.create('/d/sub/f');
      disk.syncFile('/d/sub/f');
      disk.syncFolder('/d/sub');
      disk.removeFolder('/d/sub');
      expect(disk.list('/d')).toEqual([]);
    };
    const read = (disk: SimDisk): string => disk.list('/d/sub').join();
    expect(afterPowerCuts(removed, read)).toEqual(new Set(['', 'f']));
    const synced = afterPowerCuts((disk) => {
      removed(disk);
      disk.syncFolder('/d');
    }, read);
    expect(synced).toEqual(new Set(['']));
  });
});

test('a bit is flipped and flipped back; only safe files can rot', () => {
  const disk = new SimDisk(new FaultCounters());
  disk.makeFolder('/d');
  durableFile(disk, 'A');
  disk.create('/d/g');
  expect(disk.syncedFiles()).toEqual(['/d/f']);
  disk.flipBit('/d/f', 1);
  expect(readFile(disk)).toBe('C');
  disk.flipBit('/d/f', 1);
  expect(readFile(disk)).toBe('A');
});
