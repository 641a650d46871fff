import type { Writable } from 'node:stream';

const FLUSH_LENGTH = 64 * 1024;

/**
 * Text on its way to a stream, in large pieces and with back-pressure: who calls `append` many times calls `flush` when
 * `full` says so, and waits for it.
 *
 * When the reader at the other end leaves (`| head`), the output is `closed`, and drops what it is given: that is no
 * error. Any other failure, such as a full disk, is thrown by the next `flush`.
 */
export class Output {
  readonly #stream: Writable;
  #pending = '';
  #closed = false;
  #failure: Error | undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      this.#closed = true;
      if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') this.#failure ??= error;
    });
    stream.on('close', () => {
      this.#closed = true;
    });
  }

  /** True when nobody reads any more: what makes rows can stop. */
  get closed(): boolean {
    return this.#closed;
  }

  get full(): boolean {
    return this.#pending.length >= FLUSH_LENGTH;
  }

  append(text: string): void {
    if (!this.#closed) this.#pending += text;
  }

  /** Hands over what was appended, and waits until the stream has taken it. */
  async flush(): Promise<void> {
    const text = this.#pending;
    this.#pending = '';
    if (text !== '' && !this.#closed) {
      // A destroyed stream calls back too, with an error, which its `error` event has told already.
      await new Promise<void>((resolve) => {
        this.#stream.write(text, () => resolve());
      });
    }
    if (this.#failure !== undefined) throw this.#failure;
  }
}

/** Columns of the terminal that a stream writes to; undefined when it is none, or does not know. */
export function terminalWidth(stream: { readonly isTTY?: boolean; readonly columns?: number }): number | undefined {
  return stream.isTTY === true && stream.columns !== undefined && stream.columns > 0 ? stream.columns : undefined;
}

/** Writes bytes, and waits for the stream to take them; a reader that has left is no error. */
export async function writeBytes(stream: Writable, bytes: Uint8Array): Promise<void> {
  const output = new Output(stream);
  if (bytes.length > 0) await new Promise<void>((resolve) => void stream.write(bytes, () => resolve()));
  await output.flush();
}

/** Writes a text, and waits for the stream to take it. */
export async function writeText(stream: Writable, text: string): Promise<void> {
  const output = new Output(stream);
  output.append(text);
  await output.flush();
}
