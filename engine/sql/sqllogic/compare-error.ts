import type { Failure } from './database.ts';
import { fitsPattern, isPattern } from './pattern.ts';

/** How an error and an expected one go together: by message, only by kind (`Constraint Error` and SQLSTATE class 23), or not at all. */
export type ErrorMatch = 'message' | 'kind' | 'none';

interface Kind {
  /** As messages begin with it. */
  readonly name: string;
  /** Beginnings of the SQLSTATE codes that tell the same. */
  readonly codes: readonly string[];
  /** Words by which an expected message without its kind is known. */
  readonly words: RegExp;
}

const KINDS: readonly Kind[] = [
  { name: 'Constraint Error', codes: ['23'], words: /duplicate key|violates|constraint failed/i },
  { name: 'Parser Error', codes: ['42601'], words: /syntax error/i },
  { name: 'Binder Error', codes: ['42', '0A'], words: /^$/ },
  { name: 'Catalog Error', codes: ['427', '428', '42P', '3F', '2B'], words: /does not exist|already exists/i },
  { name: 'Conversion Error', codes: ['22', '42804'], words: /could not (convert|cast)/i },
  { name: 'Out of Range Error', codes: ['22'], words: /overflow|out of range/i },
  { name: 'Invalid Input Error', codes: ['22', '42', '26'], words: /^$/ },
  { name: 'TransactionContext Error', codes: ['25', '40'], words: /transaction/i },
  { name: 'Not implemented Error', codes: ['0A'], words: /not (supported|implemented)|unsupported/i },
];

/** SQLSTATE of syntax errors. As it is also what becomes of SQL that a database does not know, it alone says little. */
const SYNTAX_ERROR = '42601';

/** Compares an error with the text or pattern that a script expects; an empty one stands for any error. */
export function compareError(failure: Failure, expected: string, replace: (text: string) => string): ErrorMatch {
  const { message, code = '' } = failure;
  if (saysExpected(message, expected, replace)) return 'message';
  const kinds = KINDS.filter(({ codes }) => codes.some((start) => code.startsWith(start)));
  // Databases that have SQLSTATE instead of kinds leave these out of their messages; the kind alone says too little.
  const worded = kinds.some(
    ({ name }) =>
      saysExpected(`${name}: ${message}`, expected, replace) && !saysExpected(`${name}: `, expected, replace),
  );
  if (worded) return 'message';
  if (failure.unsupported) return 'none';
  if (expected === '') return code === SYNTAX_ERROR ? 'kind' : 'message';
  const same = kinds.some(
    ({ name, words }) =>
      (name === 'Parser Error' || code !== SYNTAX_ERROR) && (expected.includes(name) || words.test(expected)),
  );
  return same ? 'kind' : 'none';
}

function saysExpected(message: string, expected: string, replace: (text: string) => string): boolean {
  if (expected === '') return false;
  if (message.includes(expected) || message.includes(replace(expected))) return true;
  // Messages end with a line end, as patterns see them.
  return isPattern(expected) && (fitsPattern(message, expected) || fitsPattern(`${message}\n`, expected));
}

/** Errors that no script can mean: the database found itself in the wrong. */
export function isNeverExpected(failure: Failure, texts: readonly string[]): boolean {
  return texts.some((text) => failure.message.includes(text));
}

export const NEVER_EXPECTED: readonly string[] = ['differs from original result!', 'INTERNAL'];
