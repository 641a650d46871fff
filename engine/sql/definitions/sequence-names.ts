import type { Definition, Definitions } from '../../table/definition.ts';
import { displayName, MAIN_SCHEMA, type ObjectName, type SearchPath } from '../../table/object-name.ts';
import { kernelSequence } from '../../table/sequences.ts';
import { quoteLiteral } from '../../table/data-type.ts';
import { isSignificant, stringValue, tokenize, type Token } from '../lexer.ts';
import { AlopexError } from '../../errors.ts';
import { TokenReader } from '../parse/token-reader.ts';

/** A cheap first look: most texts use no sequence. */
const USES_SEQUENCE = /\b(nextval|currval)\b/i;

const KERNEL_SEQUENCE = new RegExp(`'${kernelSequence(0).slice(0, -1)}(\\d+)'`, 'g');

/** Whether a text may take values from a sequence. */
export function mayUseSequence(text: string): boolean {
  return USES_SEQUENCE.test(text);
}

/** A statement with the kernel's names of sequences. */
export interface SequenceText {
  readonly text: string;
  /** What was typed in place of each of them, by the literals in the text. */
  readonly typed: ReadonlyMap<string, string>;
}

/** A text in which `nextval('name')` and `currval('name')` name the kernel's own sequences. Names of no sequence are left as they are, for the kernel to complain about. */
export function withKernelSequences(text: string, definitions: Definitions, path: SearchPath): SequenceText {
  const typed = new Map<string, string>();
  if (!mayUseSequence(text)) return { text, typed };
  let before = ['', ''];
  const parts = tokenize(text).map((token) => {
    if (!isSignificant(token)) return token.text;
    const [word = '', open] = before;
    before = [open ?? '', token.text];
    const isArgument = open === '(' && /^(nextval|currval)$/i.test(word);
    const sequence = isArgument ? sequenceAt(token, definitions, path) : undefined;
    if (sequence === undefined) return token.text;
    const literal = quoteLiteral(kernelSequence(sequence.definitionId));
    typed.set(literal, token.text);
    return literal;
  });
  return { text: parts.join(''), typed };
}

function sequenceAt(token: Token, definitions: Definitions, path: SearchPath): Definition | undefined {
  const value = stringValue(token);
  const name = value === undefined ? undefined : nameIn(value);
  return name === undefined ? undefined : definitions.find('sequence', name, path);
}

function nameIn(text: string): ObjectName | undefined {
  try {
    const reader = new TokenReader(text);
    const name = reader.objectName('the name of a sequence');
    return reader.atEnd ? name : undefined;
  } catch (error) {
    if (error instanceof AlopexError) return undefined;
    throw error;
  }
}

/** The body of a definition as the kernel takes it. Names in it are looked for in its own schema, then in `main`. */
export function bodyForKernel(definition: Definition, definitions: Definitions): string {
  return withKernelSequences(definition.body, definitions, [definition.schemaName, MAIN_SCHEMA]).text;
}

/** The other way round, for people: each sequence by its name as it is now. */
export function withSequenceNames(text: string, definitions: Definitions): string {
  return text.replaceAll(KERNEL_SEQUENCE, (whole, id: string) => {
    const sequence = definitions.all.find(({ definitionId }) => definitionId === Number(id));
    return sequence === undefined ? whole : quoteLiteral(displayName(sequence));
  });
}
