import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Answers, Reply, Request } from './player.ts';
import type { StoreName, StoreOptions } from './store.ts';

const PLAYER = fileURLToPath(new URL('./player.ts', import.meta.url));

/** The parent's handle of a contestant's process. */
export class Contestant {
  readonly name: StoreName;
  readonly #child: ChildProcess;

  private constructor(name: StoreName, child: ChildProcess) {
    this.name = name;
    this.#child = child;
  }

  /** Starts a process and opens the store of a folder in it. */
  static async start(
    name: StoreName,
    folder: string,
    options: StoreOptions,
  ): Promise<{ contestant: Contestant; openMs: number }> {
    const contestant = new Contestant(name, fork(PLAYER));
    try {
      const { ms } = await contestant.ask({ ask: 'open', store: name, folder, options });
      return { contestant, openMs: ms };
    } catch (error) {
      await contestant.kill();
      throw error;
    }
  }

  async ask<R extends Request>(request: R): Promise<Answers[R['ask']]> {
    const reply = new Promise<Reply>((resolve, reject) => {
      const exited = (): void => reject(new Error(`the process of ${this.name} ended`));
      this.#child.once('exit', exited);
      this.#child.once('message', (message) => {
        this.#child.off('exit', exited);
        resolve(message as Reply);
      });
    });
    this.#child.send(request);
    const answered = await reply;
    if (!answered.ok) throw new Error(`${this.name}, ${request.ask}: ${answered.message}`);
    return answered.answer as Answers[R['ask']];
  }

  /** Closes the store and waits for the process to end. */
  async stop(): Promise<void> {
    await this.ask({ ask: 'close' });
    await this.kill();
  }

  /** Ends the process as a crash would. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }
}
