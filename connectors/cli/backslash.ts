import { identifierValue, significant, tokenize } from '../../engine/sql/lexer.ts';
import { FORMATS, type Format, isFormat } from '../text/formats/format.ts';

/** What a line that begins with a backslash asks for. */
export type Backslash =
  | { readonly kind: 'quit' }
  | { readonly kind: 'help' }
  | { readonly kind: 'tables' }
  /** `sqlName` as written, for SQL; `name` the table's own name, without quotes and schema. */
  | { readonly kind: 'table'; readonly sqlName: string; readonly name: string }
  | { readonly kind: 'timing' }
  /** Undefined: say which it is. */
  | { readonly kind: 'format'; readonly format: Format | undefined }
  /** Undefined: no limit. */
  | { readonly kind: 'rows'; readonly maxRows: number | undefined }
  | { readonly kind: 'invalid'; readonly message: string };

export const BACKSLASH_HELP = `\\d              the tables
\\d NAME         columns and tiers of a table
\\o FORMAT       format of results: ${FORMATS.join(', ')}
\\rows N | all   rows of a table that are shown at most
\\timing         turn times on or off
\\q              quit (also Ctrl-D)
\\?              this text
Ctrl-C cancels the running statement, or clears what was typed.
`;

/** Reads a line that begins with a backslash; a semicolon at its end is ignored. */
export function parseBackslash(line: string): Backslash {
  const [, command = '', argument = ''] = /^\\(\S*)\s*(.*?)[\s;]*$/s.exec(line.replace(/;+\s*$/, '')) ?? [];
  switch (command) {
    case 'q':
      return { kind: 'quit' };
    case '?':
      return { kind: 'help' };
    case 'd':
      return argument === '' ? { kind: 'tables' } : parseTable(argument);
    case 'timing':
      return { kind: 'timing' };
    case 'o':
      if (argument === '') return { kind: 'format', format: undefined };
      if (isFormat(argument)) return { kind: 'format', format: argument };
      return invalid(`there is no format ${argument}; the formats are: ${FORMATS.join(', ')}`);
    case 'rows':
      if (argument === 'all') return { kind: 'rows', maxRows: undefined };
      if (/^[1-9]\d{0,8}$/.test(argument)) return { kind: 'rows', maxRows: Number(argument) };
      return invalid('write \\rows and a number, or \\rows all');
    default:
      return invalid(`there is no command \\${command}; \\? lists them`);
  }
}

function parseTable(sqlName: string): Backslash {
  const tokens = significant(tokenize(sqlName));
  const dotted = tokens.every((token, index) =>
    index % 2 === 0 ? identifierValue(token) !== undefined && !token.unterminated : token.text === '.',
  );
  const last = tokens.at(-1);
  const name = last === undefined ? undefined : identifierValue(last);
  if (!dotted || name === undefined) return invalid(`${sqlName} is not the name of a table`);
  return { kind: 'table', sqlName, name };
}

function invalid(message: string): Backslash {
  return { kind: 'invalid', message };
}
