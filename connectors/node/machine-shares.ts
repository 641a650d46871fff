import { statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';

/** Half of the memory that this process may use, as DuckDB writes sizes: the other half is for keys, for rows on their way, and for the operating system to keep files in. */
export function shareOfMemory(): string {
  const allowedBytes = process.constrainedMemory();
  const bytes = allowedBytes > 0 ? Math.min(allowedBytes, totalmem()) : totalmem();
  return asSize(bytes / 2);
}

/** Half of what is free where a folder is: a query that spills must not take the room that commits need. */
export async function shareOfDisk(folder: string): Promise<string> {
  const { bavail, bsize } = await statfs(folder);
  return asSize((bavail * bsize) / 2);
}

function asSize(bytes: number): string {
  return `${Math.max(1, Math.floor(bytes / 2 ** 20))}MiB`;
}
