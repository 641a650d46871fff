/** Something that makes one-row commits durable. Writers have their own sequences of row numbers. */
export interface CommitContestant {
  readonly name: string;
  /** Commits one row after the other in each of `writers` writers until the time is up. */
  commit(writers: number, durationMs: number): Promise<Committed>;
  /** Rows in the store: as many as were acknowledged. */
  rows(): Promise<number>;
  close(): Promise<void>;
}

export interface Committed {
  readonly commits: number;
  readonly elapsedMs: number;
}

/** The value of every row; its key is the row's number. */
export const VALUE = 'durable one-row commit '.repeat(5).slice(0, 100);

const ROWS_PER_WRITER = 1_000_000_000_000;

/** Numbers of rows that no writer gives twice, rising within a writer. */
export class RowNumbers {
  #next = 0;

  of(writer: number): number {
    return writer * ROWS_PER_WRITER + this.#next++;
  }
}

/** Writers of one process: loops that each wait for their commit before the next. */
export async function commitInLoops(
  writers: number,
  durationMs: number,
  commitOne: (writer: number) => Promise<unknown>,
): Promise<Committed> {
  const start = performance.now();
  const deadline = start + durationMs;
  let commits = 0;
  const write = async (writer: number): Promise<void> => {
    do {
      await commitOne(writer);
      commits++;
    } while (performance.now() < deadline);
  };
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
  return { commits, elapsedMs: performance.now() - start };
}
