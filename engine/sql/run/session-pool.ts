import type { Engine } from '../../engine.ts';
import { AlopexError, SqlState } from '../../errors.ts';
import type { Kernel } from '../../ports/kernel.ts';
import type { Planner } from '../plan/planner.ts';
import { Session } from './session.ts';

/** The sessions of a database: opened as they are needed, and used again. */
export class SessionPool {
  readonly #engine: Engine;
  readonly #kernel: Kernel;
  readonly #planner: Planner;
  readonly #idle: Session[] = [];
  readonly #busy = new Set<Session>();
  #opened = 0;
  #isClosed = false;

  constructor(engine: Engine, kernel: Kernel, planner: Planner) {
    this.#engine = engine;
    this.#kernel = kernel;
    this.#planner = planner;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** A session for a statement, or for a connection. To be released. */
  async acquire(): Promise<Session> {
    if (this.#isClosed) throw new AlopexError(SqlState.cannotConnectNow, 'the database is closed');
    const session = this.#idle.pop() ?? (await Session.open(this.#kernel, this.#engine, this.#planner, ++this.#opened));
    this.#busy.add(session);
    return session;
  }

  release(session: Session): void {
    if (this.#busy.delete(session) && !this.#isClosed) this.#idle.push(session);
  }

  /** For a session that may not be in order: what is left in it goes away with its connection. */
  async discard(session: Session): Promise<void> {
    this.#busy.delete(session);
    await session.close();
  }

  /** Stops every statement that is running; they fail with SQLSTATE 57014. */
  interrupt(): void {
    for (const session of this.#busy) session.connection.interrupt();
  }

  close(): void {
    this.#isClosed = true;
    for (const session of [...this.#idle, ...this.#busy]) session.connection.close();
  }
}
