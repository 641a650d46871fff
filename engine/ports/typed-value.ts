import { AlopexError, SqlState } from '../errors.ts';
import type { Parameter } from './kernel.ts';

/** A parameter with the SQL type that it has, for types that JavaScript has no values of. */
export class TypedValue {
  readonly type: string;
  readonly value: Parameter;

  constructor(type: string, value: Parameter) {
    if (!isOneType(type)) {
      throw new AlopexError(SqlState.invalidParameter, `${type} is not a type`);
    }
    this.type = type;
    this.value = value;
  }
}

/**
 * A parameter of an SQL type: `typed('INTERVAL', '1 month')`, `typed('DECIMAL(10, 2)', '12.50')`, `typed('FLOAT[3]', [1, 2, 3])`. The value is cast to it as `CAST($1 AS type)` does, and so it fails where that does.
 * `type` is SQL, as it stands in a CREATE TABLE. A typed value may stand within arrays, objects and Maps.
 */
export function typed(type: string, value: Parameter): TypedValue {
  return new TypedValue(type, value);
}

const STRINGS = /'(?:[^']|'')*'|"(?:[^"]|"")*"/g;

/** Whether a text stays within the CAST that it is put into. What it says there, the kernel's parser judges. */
function isOneType(type: string): boolean {
  let depth = 0;
  for (const character of type.replace(STRINGS, '')) {
    if (character === '(') depth++;
    if (character === ')') depth--;
    if (depth < 0 || character === ';' || character === "'" || character === '"') return false;
  }
  return depth === 0 && type.trim() !== '' && !type.includes('--') && !type.includes('/*');
}
