import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface ServerProcess {
  /** What `ready` matched in the line that said that the server serves. */
  readonly ready: RegExpExecArray;
  stop(): Promise<void>;
}

const START_MS = 60_000;

/** Starts a server as a child process and waits for a line of its output that says that it serves. Throws with what it printed when it ends before. */
export async function startServer(
  command: string,
  parameters: readonly string[],
  ready: RegExp,
  environment: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const child = spawn(command, parameters, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  const printed: string[] = [];
  const found = new Promise<RegExpExecArray>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        if (printed.length < 200) printed.push(line);
        const match = ready.exec(line);
        if (match !== null) resolve(match);
      });
    }
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`${command} ended:\n${printed.join('\n')}`)));
    setTimeout(() => reject(new Error(`${command} does not serve:\n${printed.join('\n')}`)), START_MS).unref();
  });
  try {
    return { ready: await found, stop: () => stop(child) };
  } catch (error) {
    await stop(child);
    throw error;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
