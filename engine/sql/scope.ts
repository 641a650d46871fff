import type { Engine } from '../engine.ts';
import { AlopexError, SqlState } from '../errors.ts';
import type { TransactionWriter } from '../transaction/transaction-writer.ts';
import type { DatabaseVersion } from '../table/version.ts';
import type { TableWriter, Writer } from '../writer.ts';
import type { Session } from './run/session.ts';

/** What statements run in: each by itself, or a transaction. */
export interface Scope {
  acquire(): Promise<Session>;
  release(session: Session): void;
  /** The version that a query reads. To be released. */
  pin(): { readonly version: DatabaseVersion; release(): void };
  /** Told of every table that a query reads. */
  reads(tableIds: readonly number[]): void;
  /** Told how to end a query whose rows are not all read. */
  opened(finish: () => Promise<void>): void;
  /** Runs a statement that changes rows. */
  change<T>(run: (writer: TableWriter) => Promise<T>): Promise<T>;
  /** Runs a statement that changes tables themselves. */
  define<T>(run: (writer: Writer) => Promise<T>): Promise<T>;
  /** Throws when a statement cannot run here. */
  refuseWithin(command: string): void;
}

/** Each statement is a transaction of its own. */
export class AutoCommit implements Scope {
  readonly #engine: Engine;
  readonly #sessions: Pick<Scope, 'acquire' | 'release'>;

  constructor(engine: Engine, sessions: Pick<Scope, 'acquire' | 'release'>) {
    this.#engine = engine;
    this.#sessions = sessions;
  }

  acquire(): Promise<Session> {
    return this.#sessions.acquire();
  }

  release(session: Session): void {
    this.#sessions.release(session);
  }

  pin(): { readonly version: DatabaseVersion; release(): void } {
    return this.#engine.pin();
  }

  reads(): void {
    // A statement by itself reads one version, and writes on top of the newest.
  }

  opened(): void {
    // Whoever reads the rows ends it.
  }

  change<T>(run: (writer: TableWriter) => Promise<T>): Promise<T> {
    return this.#engine.write(run);
  }

  define<T>(run: (writer: Writer) => Promise<T>): Promise<T> {
    return this.#engine.write(run);
  }

  refuseWithin(): void {
    // Everything runs by itself.
  }
}

/** Statements of a transaction: one session, one version, nothing committed. */
export class TransactionScope implements Scope {
  readonly #session: Session;
  readonly #writer: TransactionWriter;
  readonly #checkOpen: () => void;
  #busy = false;
  #finish: (() => Promise<void>) | undefined;
  #waiting: (() => void)[] = [];

  constructor(session: Session, writer: TransactionWriter, checkOpen: () => void) {
    this.#session = session;
    this.#writer = writer;
    this.#checkOpen = checkOpen;
  }

  acquire(): Promise<Session> {
    this.#checkOpen();
    if (this.#busy) throw transactionBusy();
    this.#busy = true;
    return Promise.resolve(this.#session);
  }

  release(): void {
    this.#busy = false;
    this.#finish = undefined;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  opened(finish: () => Promise<void>): void {
    this.#finish = finish;
  }

  /** A statement is at work; one whose rows wait to be read is not. */
  get isWorking(): boolean {
    return this.#busy && this.#finish === undefined;
  }

  /** Waits for the statement that is at work, and ends one whose rows were not all read. */
  async settle(): Promise<void> {
    if (this.isWorking) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    await this.#finish?.();
  }

  pin(): { readonly version: DatabaseVersion; release(): void } {
    return { version: this.#writer.latest, release: () => undefined };
  }

  reads(tableIds: readonly number[]): void {
    this.#writer.reads(tableIds);
  }

  change<T>(run: (writer: TableWriter) => Promise<T>): Promise<T> {
    return run(this.#writer);
  }

  async define<T>(): Promise<T> {
    return Promise.reject(refusal('a statement that defines tables'));
  }

  refuseWithin(command: string): void {
    throw refusal(command);
  }
}

export function transactionBusy(): AlopexError {
  return new AlopexError(SqlState.objectInUse, 'the transaction is busy with another statement', {
    hint: 'Wait for a statement, and read its rows to the end, before the next one.',
  });
}

function refusal(command: string): AlopexError {
  return new AlopexError(SqlState.activeTransaction, `${command} cannot run in a transaction`, {
    hint: 'Run it before or after the transaction.',
  });
}
