import type { CliContext } from './command.ts';
import { errorText } from './error-text.ts';

/** Does something with what was opened, and closes it on every path. Returns the exit status: that of `action` (0 when it tells none), 1 when something failed. */
export async function withDatabase(
  context: CliContext,
  opened: { close(): Promise<void> },
  action: () => Promise<number | void>,
): Promise<number> {
  const status = await attempt(context, action);
  return Math.max(status, await attempt(context, () => opened.close()));
}

async function attempt({ stderr }: CliContext, action: () => Promise<number | void>): Promise<number> {
  try {
    return (await action()) ?? 0;
  } catch (error) {
    stderr.write(errorText(error));
    return 1;
  }
}
