import type { RepairItem, RepairOutcome } from '../../engine/repair/repair-item.ts';
import type { RepairReport } from '../../engine/repair/repair.ts';
import { type Format, printerOf } from '../text/formats/format.ts';
import { visible } from '../text/formats/visible.ts';
import { Output, terminalWidth, writeText } from '../text/output.ts';
import { plainRows, type PlainRow } from '../text/plain-rows.ts';
import { plural } from './check-command.ts';
import type { CliContext, Command } from './command.ts';
import { holdDirectory, type HeldDirectory } from './maintenance.ts';
import { dataDirOf, formatOf, lastOf, optionsHelp, parseOptions } from './options.ts';
import { withDatabase } from './with-database.ts';

const OPTIONS = {
  'data-dir': { value: 'DIR', help: 'directory of the database (default ./alopex-data)' },
  'dry-run': { short: 'n', help: 'tell what would be done, and do nothing' },
  'accept-resurrected-rows': { help: 'drop damaged delete files, though rows that were deleted are there again then' },
  output: { value: 'FORMAT', help: 'the report as table, json, jsonl, csv, tsv or markdown (default: a line each)' },
  help: { short: 'h', help: 'this text' },
} as const;

const HELP = `Usage: alopex repair [OPTION]...

Makes a damaged database one that opens, with all that is provably intact, and reports what is lost. Before anything is changed or
removed, a copy goes to the folder lost-<time> in the data directory. The cold tier is checked, and never changed.
Make a copy of the whole directory first if you can.

${optionsHelp(OPTIONS)}
Exit status: 0 nothing was lost, 1 something was lost or is still damaged, or an error, 2 bad usage. See also: alopex help check
`;

const LABELS: Readonly<Record<RepairOutcome, string>> = {
  restored: 'restored',
  lost: 'LOST    ',
  aside: 'kept    ',
  left: 'DAMAGED ',
};

export const repairCommand: Command = {
  name: 'repair',
  summary: 'make a damaged database one that opens, keeping what is intact',
  help: HELP,
  async run(args, context) {
    const given = parseOptions('repair', args, OPTIONS);
    if (lastOf(given, 'help') !== undefined) {
      await writeText(context.stdout, HELP);
      return 0;
    }
    const output = lastOf(given, 'output');
    const format = output === undefined ? undefined : formatOf(output, 'repair');
    const held = await holdDirectory(dataDirOf(lastOf(given, 'data-dir'), 'repair'));
    return withDatabase(context, held, async () => {
      const { repairDatabase } = await import('../../engine/repair/repair.ts');
      const dryRun = lastOf(given, 'dry-run') !== undefined;
      const report = await repairDatabase(held, held.dataDir, {
        timestamp: new Date().toISOString().replaceAll(/[-:]|\.\d+/g, ''),
        dryRun,
        acceptResurrectedRows: lastOf(given, 'accept-resurrected-rows') !== undefined,
      });
      await printReport(report, dryRun, held, format, context);
      return report.hasLoss ? 1 : 0;
    });
  },
};

async function printReport(
  report: RepairReport,
  dryRun: boolean,
  { dataDir }: HeldDirectory,
  format: Format | undefined,
  { stdout, stderr }: CliContext,
): Promise<void> {
  const output = new Output(stdout);
  const text = summaryLine(report, dryRun, dataDir);
  if (format === undefined) {
    for (const item of report.items) output.append(itemLine(item));
    output.append(text);
  } else {
    const print = printerOf(format, { maxWidth: terminalWidth(stdout), maxRows: undefined, types: false });
    const columns = { outcome: 'text', file: 'text', problem: 'text', action: 'text' } as const;
    await print(plainRows(columns, rowsOf(report.items)), output);
    stderr.write(text);
  }
  await output.flush();
}

function summaryLine({ items, lostFolder }: RepairReport, dryRun: boolean, dataDir: string): string {
  const count = (outcome: RepairOutcome): number => items.filter((item) => item.outcome === outcome).length;
  const copies = lostFolder === undefined ? '' : `; copies are in ${dataDir}/${lostFolder}`;
  const lost = count('lost');
  const left = count('left');
  const result =
    items.length === 0
      ? 'nothing to repair'
      : `${plural(items.length, 'finding')}: ${count('restored')} restored, ${lost} with losses, ${left} left as they are`;
  return `${dryRun ? 'dry run, nothing was changed: ' : ''}${result}${copies}\n`;
}

function itemLine({ outcome, file, problem, action }: RepairItem): string {
  return `${LABELS[outcome]}  ${visible(file)}: ${visible(problem)}\n          ${visible(action)}\n`;
}

async function* rowsOf(items: readonly RepairItem[]): AsyncGenerator<readonly PlainRow[]> {
  if (items.length > 0) yield items.map((item) => ({ ...item }));
}
