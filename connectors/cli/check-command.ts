import type { Finding } from '../../engine/check/finding.ts';
import { type Format, printerOf } from '../text/formats/format.ts';
import { visible } from '../text/formats/visible.ts';
import { Output, terminalWidth, writeText } from '../text/output.ts';
import { plainRows, type PlainRow } from '../text/plain-rows.ts';
import type { CliContext, Command } from './command.ts';
import { holdDirectory, type HeldDirectory } from './maintenance.ts';
import { dataDirOf, formatOf, lastOf, optionsHelp, parseOptions } from './options.ts';
import { ProgressLine } from './progress-line.ts';
import { withDatabase } from './with-database.ts';

const OPTIONS = {
  'data-dir': { value: 'DIR', help: 'directory of the database (default ./alopex-data)' },
  output: { value: 'FORMAT', help: 'findings as table, json, jsonl, csv, tsv or markdown (default: a line each)' },
  help: { short: 'h', help: 'this text' },
} as const;

const HELP = `Usage: alopex check [OPTION]...

Verifies every checksum, manifest and reference of a database that no process has open, also of one that does not open any more.
It reads all files, those of the cold tier too, and changes none. Warnings are what a crash leaves; the next open tidies it up.

${optionsHelp(OPTIONS)}
Exit status: 0 no damage, 1 damage or an error, 2 bad usage. See also: alopex help repair
`;

export const checkCommand: Command = {
  name: 'check',
  summary: 'verify every file of a database',
  help: HELP,
  async run(args, context) {
    const given = parseOptions('check', args, OPTIONS);
    if (lastOf(given, 'help') !== undefined) {
      await writeText(context.stdout, HELP);
      return 0;
    }
    const output = lastOf(given, 'output');
    const format = output === undefined ? undefined : formatOf(output, 'check');
    const held = await holdDirectory(dataDirOf(lastOf(given, 'data-dir'), 'check'));
    return withDatabase(context, held, () => check(held, format, context));
  },
};

async function check(held: HeldDirectory, format: Format | undefined, context: CliContext): Promise<number> {
  const { checkDatabase } = await import('../../engine/check/check.ts');
  const { stdout, stderr, signal } = context;
  const progress = new ProgressLine(stderr);
  const output = new Output(stdout);
  const findings: Finding[] = [];
  const summary = await checkDatabase(held, held.dataDir, {
    signal,
    onFile: (file) => progress.show(`checking ${file}`),
    onFinding: (finding) => {
      progress.clear();
      // At once: a check of much data takes long.
      if (format === undefined) stdout.write(findingLine(finding));
      else findings.push(finding);
    },
  }).finally(() => progress.clear());
  const { damage, warnings, files } = summary;
  const text = `${plural(files, 'file')} checked: ${damage === 0 ? 'no damage' : plural(damage, 'damage', 'damages')}, ${plural(warnings, 'warning')}\n`;
  if (format === undefined) output.append(text);
  else {
    const print = printerOf(format, { maxWidth: terminalWidth(stdout), maxRows: undefined, types: false });
    const columns = { severity: 'text', kind: 'text', file: 'text', problem: 'text' } as const;
    await print(plainRows(columns, rowsOf(findings)), output);
    stderr.write(text);
  }
  await output.flush();
  return damage === 0 ? 0 : 1;
}

/** Names of files are data: they must not steer a terminal. */
function findingLine({ severity, kind, file, problem }: Finding): string {
  const label = severity === 'damage' ? 'DAMAGE ' : 'warning';
  return `${label}  ${visible(file)} (${kind}): ${visible(problem)}\n`;
}

async function* rowsOf(findings: readonly Finding[]): AsyncGenerator<readonly PlainRow[]> {
  if (findings.length > 0) yield findings.map((finding) => ({ ...finding }));
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
