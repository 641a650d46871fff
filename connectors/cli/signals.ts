/** Exit statuses of a process that a signal ended, as shells give them: 128 and the signal's number. */
const EXIT_STATUS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

export interface EndSignals {
  /** Aborted by the first signal that asks the process to end. */
  readonly signal: AbortSignal;
  /** The exit status that the signal asks for; undefined when none came. */
  readonly exitStatus: () => number | undefined;
}

/** Listens for the first signal to end. A second one ends the process at once: the handlers are gone then. */
export function listenForEndSignals(): EndSignals {
  const controller = new AbortController();
  let exitStatus: number | undefined;
  const handlers = Object.entries(EXIT_STATUS).map(([name, status]) => {
    const handler = (): void => {
      exitStatus = status;
      for (const [signalName, other] of handlers) process.off(signalName, other);
      controller.abort();
    };
    process.on(name, handler);
    return [name, handler] as const;
  });
  return { signal: controller.signal, exitStatus: () => exitStatus };
}
