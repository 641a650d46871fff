import { AlopexError, SqlState } from '../errors.ts';
import { identifierValue, significant, tokenAt, tokenize, type Token } from './lexer.ts';

/** A message of the kernel or of our own parsers that shows a place: the line, and a caret below it. */
const SHOWN = /^([^]*?)\n+LINE \d+: ([^\n]*)\n( *)\^\s*$/;

/** The place of a text that an error is about, if it is there, as the kernel shows it: with white space all alike, and cut at either end. */
interface ShownPlace {
  readonly line: string;
  readonly at: number;
}

/** Errors that name what they are about. */
const NAMING: ReadonlySet<string> = new Set([
  SqlState.undefinedTable,
  SqlState.undefinedColumn,
  SqlState.undefinedObject,
  SqlState.undefinedFunction,
  SqlState.undefinedSchema,
  SqlState.duplicateTable,
  SqlState.duplicateColumn,
  SqlState.duplicateSchema,
  SqlState.duplicateObject,
  SqlState.duplicateFunction,
  SqlState.wrongObjectType,
]);

/** Names that only texts of our own have. */
const INTERNAL = /__alopex|__stage_|__file|__pos|__rid|alopex_store|temp\.main\./;

/**
 * The error of a statement with its place in the text that was typed. Statements often run as others, made of pieces of the text, and an error shows the place in those: it is found again by what stands around it.
 * `start` and `end` are where the statement is in `text`.
 */
export function withPosition(error: AlopexError, text: string, start: number, end: number): AlopexError {
  if (error.position !== undefined) return error;
  const [, head = error.message, line, spaces] = SHOWN.exec(error.message) ?? [];
  const tokens = significant(tokenize(text));
  let offset: number | undefined;
  if (line !== undefined && spaces !== undefined) {
    offset = placeIn(text, tokens, shownPlace(line, spaces.length), start, end);
  } else {
    offset = head.endsWith('at end of input') ? endOf(tokens, start, end) : nameIn(error, tokens, start, end);
  }
  if (offset !== undefined) return placed(error, head, text, offset);
  // What a view is made of, say, is nowhere in the text, but tells something.
  return line === undefined || !INTERNAL.test(line) ? error : placed(error, head, text, undefined);
}

/** A message in other words. The line that it shows stays as it is: by it the place is found in what was typed. */
export function reworded(message: string, reword: (head: string) => string): string {
  const [head = '', ...place] = message.split(/(?=\n+LINE \d+: )/);
  return [reword(head), ...place].join('');
}

/** A message that shows a place in a text. */
export function showingPlace(message: string, text: string, offset: number): string {
  const line = text.slice(0, offset).split('\n').length;
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const lineEnd = text.indexOf('\n', offset);
  const shown = text.slice(lineStart, lineEnd < 0 ? undefined : lineEnd);
  const label = `LINE ${line}: `;
  return `${message}\n\n${label}${shown}\n${' '.repeat(label.length + offset - lineStart)}^`;
}

function placed(error: AlopexError, head: string, text: string, offset: number | undefined): AlopexError {
  return new AlopexError(error.code, offset === undefined ? head : showingPlace(head, text, offset), {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(offset === undefined ? {} : { position: Array.from(text.slice(0, offset)).length + 1 }),
    cause: error.cause ?? error,
  });
}

function shownPlace(shown: string, spaces: number): ShownPlace {
  const label = 'LINE 1: '.length;
  const [front, back] = [shown.startsWith('...') ? 3 : 0, shown.endsWith('...') ? 3 : 0];
  return { line: shown.slice(front, shown.length - back), at: spaces - label - front };
}

/** Where in a text the shown place is: at the same word, where most of what stands around it is the same. */
function placeIn(
  text: string,
  tokens: readonly Token[],
  { line, at }: ShownPlace,
  start: number,
  end: number,
): number | undefined {
  if (at >= line.length) {
    const last = significant(tokenize(line)).at(-1);
    const offset = last === undefined ? undefined : placeIn(text, tokens, { line, at: last.start }, start, end);
    return offset === undefined || last === undefined ? endOf(tokens, start, end) : offset + last.text.length;
  }
  if (at < 0) return undefined;
  const word = tokenAt(line, at).text;
  let best: { readonly offset: number; readonly score: number } | undefined;
  for (const token of tokens) {
    if (token.text !== word) continue;
    const isWithin = token.start >= start && token.end <= end;
    const score = sameAround(text, token.start, line, at) + (isWithin ? 0.5 : 0);
    if (best === undefined || score > best.score) best = { offset: token.start, score };
  }
  return best?.offset;
}

/** Characters before and behind two places that are the same. */
function sameAround(text: string, offset: number, line: string, at: number): number {
  let [before, behind] = [0, 0];
  while (at - before > 0 && offset - before > 0 && isSame(line[at - before - 1], text[offset - before - 1])) before++;
  while (at + behind < line.length && isSame(line[at + behind], text[offset + behind])) behind++;
  return before + behind;
}

function isSame(one: string | undefined, other: string | undefined): boolean {
  return one === other || (one === ' ' && other !== undefined && /\s/.test(other));
}

function endOf(tokens: readonly Token[], start: number, end: number): number | undefined {
  return tokens.findLast((token) => token.start >= start && token.end <= end)?.end;
}

/** Where a statement first has the name that an error is about. */
function nameIn(
  { code, message }: AlopexError,
  tokens: readonly Token[],
  start: number,
  end: number,
): number | undefined {
  if (!NAMING.has(code)) return undefined;
  const all = [...message.matchAll(/"((?:[^"]|"")+)"/g)].map(([, quoted = '']) => quoted);
  const column =
    code === SqlState.undefinedColumn ? /column (?:with name |named )?"((?:[^"]|"")+)"/i.exec(message)?.[1] : undefined;
  for (const quoted of column === undefined ? all : [column, ...all]) {
    const names = [quoted, quoted.split('.').at(-1) ?? ''].map((name) => name.toLowerCase());
    const found = tokens.find(
      (token) =>
        token.start >= start && token.end <= end && names.includes(identifierValue(token)?.toLowerCase() ?? ''),
    );
    if (found !== undefined) return found.start;
  }
  return undefined;
}
