import type { Writable } from 'node:stream';

const CLEAR = '\r\u001b[K';
const MAX_LENGTH = 76;

/** What is being done, on one line of a terminal that is written over; nothing when the stream is none. */
export class ProgressLine {
  readonly #stream: (Writable & { readonly isTTY?: boolean }) | undefined;
  #shown = false;

  constructor(stream: Writable & { readonly isTTY?: boolean }) {
    this.#stream = stream.isTTY === true ? stream : undefined;
  }

  show(text: string): void {
    this.#stream?.write(`${CLEAR}${text.slice(0, MAX_LENGTH)}`);
    this.#shown = true;
  }

  /** Before anything else is written to the terminal. */
  clear(): void {
    if (this.#shown) this.#stream?.write(CLEAR);
    this.#shown = false;
  }
}
