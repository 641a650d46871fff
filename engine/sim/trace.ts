import { crc32 } from 'node:zlib';

/** Everything that happened in a simulation, as a number: two runs of a seed are the same when their traces are. */
export class Trace {
  /** The lines themselves, when they are kept. */
  readonly lines: string[] | undefined;
  #hash = 0;
  #length = 0;

  constructor(keep = false) {
    this.lines = keep ? [] : undefined;
  }

  add(line: string): void {
    this.#hash = crc32(line, this.#hash);
    this.#length++;
    this.lines?.push(line);
  }

  get length(): number {
    return this.#length;
  }

  /** Number of lines and their checksum. */
  get fingerprint(): string {
    return `${this.#length}-${this.#hash.toString(16).padStart(8, '0')}`;
  }
}
