import { checkCommand } from './check-command.ts';
import type { CliContext, Command } from './command.ts';
import { errorText } from './error-text.ts';
import { UsageError } from './options.ts';
import { writeText } from '../text/output.ts';
import { kvCommand } from './kv-command.ts';
import { repairCommand } from './repair-command.ts';
import { serverCommand } from './server-command.ts';
import { statsCommand } from './stats-command.ts';
import { sqlCommand } from './sql-command.ts';

const COMMANDS: readonly Command[] = [sqlCommand, serverCommand, kvCommand, statsCommand, checkCommand, repairCommand];

/** Runs the command line (without the program's name) and returns the exit status: 0 ok, 1 failed, 2 bad usage. */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
  try {
    return await dispatch(args, context);
  } catch (error) {
    if (error instanceof UsageError) {
      const topic = error.command === undefined ? '' : ` ${error.command}`;
      context.stderr.write(`alopex${topic}: ${error.message}\nTry: alopex help${topic}\n`);
      return 2;
    }
    // Told to stop while waiting for input: there is nothing to report.
    if (!(context.signal.aborted && error instanceof Error && error.name === 'AbortError')) {
      context.stderr.write(errorText(error));
    }
    return 1;
  }
}

async function dispatch([name, ...rest]: readonly string[], context: CliContext): Promise<number> {
  switch (name) {
    case undefined:
      context.stderr.write(overview());
      return 2;
    case '--version':
    case '-V':
      await writeText(context.stdout, `alopex ${context.version}\n`);
      return 0;
    case 'help':
    case '--help':
    case '-h':
      await writeText(context.stdout, rest[0] === undefined ? overview() : commandOf(rest[0]).help);
      return 0;
    default:
      return commandOf(name).run(rest, context);
  }
}

function commandOf(name: string): Command {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  const what = name.startsWith('-') ? 'option' : 'command';
  throw new UsageError(
    `unknown ${what} ${name}; the commands are: ${COMMANDS.map((known) => known.name).join(', ')}, help`,
  );
}

function overview(): string {
  const width = Math.max(...COMMANDS.map((command) => command.name.length), 'help'.length);
  const lines = [...COMMANDS, { name: 'help', summary: 'explain a command: alopex help COMMAND' }].map(
    (command) => `  ${command.name.padEnd(width)}  ${command.summary}\n`,
  );
  return `Usage: alopex COMMAND [OPTION]...\n\nCommands:\n${lines.join('')}\nOptions:\n  -h, --help     this text\n  -V, --version  the version\n`;
}
