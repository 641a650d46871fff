import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { Output } from './output.ts';

/** A stream whose writes finish when the test says so. */
class SlowStream extends Writable {
  finishWrite: ((error?: Error) => void) | undefined;
  written = '';

  constructor() {
    super({ decodeStrings: false, highWaterMark: 1 });
  }

  override _write(chunk: string, _encoding: string, done: (error?: Error | null) => void): void {
    this.written += chunk;
    this.finishWrite = done;
  }
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe('Output', () => {
  test('flush waits for the stream', async () => {
    const stream = new SlowStream();
    const output = new Output(stream);
    output.append('a');
    output.append('b');
    let flushed = false;
    const flush = output.flush().then(() => (flushed = true));
    await turn();
    expect(stream.written).toBe('ab');
    expect(flushed).toBe(false);
    stream.finishWrite?.();
    await flush;
    expect(flushed).toBe(true);
  });

  test('is full after much text, and empty after flush', async () => {
    const stream = new SlowStream();
    const output = new Output(stream);
    expect(output.full).toBe(false);
    output.append('x'.repeat(100_000));
    expect(output.full).toBe(true);
    const flush = output.flush();
    stream.finishWrite?.();
    await flush;
    expect(output.full).toBe(false);
  });

  test('a reader that left closes it quietly', async () => {
    const stream = new SlowStream();
    const output = new Output(stream);
    output.append('a');
    const flush = output.flush();
    stream.finishWrite?.(Object.assign(new Error('broken pipe'), { code: 'EPIPE' }));
    await flush;
    await turn();
    expect(output.closed).toBe(true);
    output.append('b');
    await output.flush();
    expect(stream.written).toBe('a');
  });

  test('a failure is thrown', async () => {
    const stream = new SlowStream();
    const output = new Output(stream);
    output.append('a');
    const flush = output.flush();
    stream.finishWrite?.(Object.assign(new Error('disk full'), { code: 'ENOSPC' }));
    await expect(flush.then(turn).then(() => output.flush())).rejects.toThrow('disk full');
  });
});
