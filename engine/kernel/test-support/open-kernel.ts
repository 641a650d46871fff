import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordBatch } from 'apache-arrow';
import type { Clock } from '../../ports/clock.ts';
import type { ArrowStream, KernelConnection, Parameters } from '../../ports/kernel.ts';
import { DuckDbKernel } from '../duckdb-kernel.ts';

export interface TestKernel {
  readonly kernel: DuckDbKernel;
  readonly connection: KernelConnection;
  readonly folder: string;
  close(): Promise<void>;
}

/** A kernel of two threads with a folder of its own, and a connection to it. */
export async function openTestKernel(
  options: { batchRows?: number; memoryLimit?: string; clock?: Clock } = {},
): Promise<TestKernel> {
  const folder = await mkdtemp(join(tmpdir(), 'alopex-kernel-'));
  const kernel = await DuckDbKernel.open({ tempFolder: join(folder, 'temp'), threads: 2, ...options });
  const connection = await kernel.connect();
  return {
    kernel,
    connection,
    folder,
    close: async () => {
      kernel.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** All batches of a stream. */
export async function all(stream: ArrowStream): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = [];
  for await (const batch of stream) batches.push(batch);
  return batches;
}

/** All batches of a statement. */
export async function batchesOf(
  connection: KernelConnection,
  sql: string,
  parameters?: Parameters,
): Promise<RecordBatch[]> {
  return all(await connection.stream(sql, parameters));
}
