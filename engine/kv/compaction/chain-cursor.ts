import { DELETE } from '../entry.ts';
import type { EntryCursor, EntryKind } from '../entry.ts';

const NOTHING = new Uint8Array(0);

/** A source that is opened when the walk comes to it and closed when it has been read. */
export interface ChainLink {
  open(): EntryCursor;
  /** All of it was read. Throws if there were too few or too many entries. */
  check(entryCount: number): void;
  close(): void;
}

/** Reads sources that follow each other in key order, once and from front to back. */
export class ChainCursor implements EntryCursor {
  readonly #links: readonly ChainLink[];
  #at = -1;
  #current: EntryCursor | undefined;
  #entryCount = 0;

  constructor(links: readonly ChainLink[]) {
    this.#links = links;
  }

  get key(): Uint8Array {
    return this.#current?.key ?? NOTHING;
  }

  get keyStart(): number {
    return this.#current?.keyStart ?? 0;
  }

  get keyEnd(): number {
    return this.#current?.keyEnd ?? 0;
  }

  get kind(): EntryKind {
    return this.#current?.kind ?? DELETE;
  }

  get seq(): number {
    return this.#current?.seq ?? 0;
  }

  get expiresMs(): number {
    return this.#current?.expiresMs ?? 0;
  }

  get value(): Uint8Array {
    return this.#current?.value ?? NOTHING;
  }

  get valueStart(): number {
    return this.#current?.valueStart ?? 0;
  }

  get valueEnd(): number {
    return this.#current?.valueEnd ?? 0;
  }

  seekFirst(): boolean {
    return this.#enter(0);
  }

  next(): boolean {
    if (this.#current === undefined) return false;
    if (this.#current.next()) {
      this.#entryCount++;
      return true;
    }
    return this.#enter(this.#at + 1);
  }

  /** Lets go of the source that is being read, if any. */
  close(): void {
    const link = this.#links[this.#at];
    if (this.#current === undefined || link === undefined) return;
    this.#current = undefined;
    link.close();
  }

  #enter(first: number): boolean {
    for (let at = first; at <= this.#links.length; at++) {
      if (this.#current !== undefined) this.#links[this.#at]?.check(this.#entryCount);
      this.close();
      const link = this.#links[at];
      if (link === undefined) break;
      this.#at = at;
      this.#current = link.open();
      this.#entryCount = 0;
      if (this.#current.seekFirst()) {
        this.#entryCount = 1;
        return true;
      }
    }
    return false;
  }

  seekLast(): boolean {
    return onlyForward();
  }

  seek(): boolean {
    return onlyForward();
  }

  seekBefore(): boolean {
    return onlyForward();
  }

  previous(): boolean {
    return onlyForward();
  }
}

function onlyForward(): never {
  throw new TypeError('a chain is read from front to back');
}
