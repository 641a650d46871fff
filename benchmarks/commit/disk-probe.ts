import { open, rm } from 'node:fs/promises';
import { fdatasyncSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { median } from '../statistics.ts';

const RECORD_BYTES = 256;
const SYNCS = 300;

export interface SyncCosts {
  /** Milliseconds of a small write at the end of a file and its fdatasync. */
  readonly appendMs: number;
  /** The same inside a file whose bytes are written already, where the file system has nothing of its own to sync. */
  readonly overwriteMs: number;
}

/** What the disk itself asks for a durable write: no contestant's single writer can be faster. */
export async function probeDisk(folder: string): Promise<SyncCosts> {
  const path = join(folder, 'probe');
  const file = await open(path, 'w');
  try {
    const appendMs = syncs(file.fd, 0);
    await file.write(new Uint8Array(RECORD_BYTES * SYNCS), 0, null, 0);
    await file.sync();
    return { appendMs, overwriteMs: syncs(file.fd, 0) };
  } finally {
    await file.close();
    await rm(path);
  }
}

function syncs(fd: number, first: number): number {
  const record = new Uint8Array(RECORD_BYTES).fill(7);
  const times = Array.from({ length: SYNCS }, (_, index) => {
    const start = performance.now();
    writeSync(fd, record, 0, RECORD_BYTES, first + index * RECORD_BYTES);
    fdatasyncSync(fd);
    return performance.now() - start;
  });
  return median(times);
}
