import { delimitedPrinter } from './delimited.ts';
import { printJson, printJsonLines } from './json.ts';
import { printMarkdown } from './markdown.ts';
import { withPlans } from './plan.ts';
import type { Printer } from './printer.ts';
import { tablePrinter, type TableOptions } from './table.ts';

export const FORMATS = ['table', 'json', 'jsonl', 'csv', 'tsv', 'markdown'] as const;
export type Format = (typeof FORMATS)[number];

export function isFormat(text: string): text is Format {
  return FORMATS.some((format) => format === text);
}

/** The printer of a format; the options are for `table` alone. */
export function printerOf(format: Format, options: TableOptions): Printer {
  const printers: Readonly<Record<Format, Printer>> = {
    table: withPlans(tablePrinter(options)),
    json: printJson,
    jsonl: printJsonLines,
    csv: delimitedPrinter('csv'),
    tsv: delimitedPrinter('tsv'),
    markdown: printMarkdown,
  };
  return printers[format];
}
