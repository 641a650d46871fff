import type { TableSchema } from '../../table/schema.ts';
import { UNKNOWN, type Conversion, type Operand, type Predicate } from './predicate.ts';
import { findLeaf } from './prune.ts';

const ZONED = 'TIMESTAMP WITH TIME ZONE';

/** Whether what a typed condition means depends on the time zone of the session. */
export function touchesZone(predicate: Predicate, schema: TableSchema): boolean {
  switch (predicate.kind) {
    case 'and':
    case 'or':
      return predicate.children.some((child) => touchesZone(child, schema));
    case 'compare': {
      const { literal, operand } = predicate;
      const isZoned = 'present' in literal || ('written' in literal && literal.type?.name === ZONED);
      return isZoned || isOfZone(operand, schema);
    }
    case 'null':
    case 'prefix':
    case 'keys':
      return isOfZone(predicate.operand, schema);
    case 'never':
    case 'unknown':
      return false;
  }
}

/** A condition printed by a kernel in another zone than UTC: its constants say their zone, but conversions to and from a time with a zone go by that of the session. */
export function withoutZones(predicate: Predicate, schema: TableSchema): Predicate {
  switch (predicate.kind) {
    case 'and':
    case 'or':
      return { kind: predicate.kind, children: predicate.children.map((child) => withoutZones(child, schema)) };
    case 'compare': {
      if (!isOfZone(predicate.operand, schema)) return predicate;
      const { literal, operand } = predicate;
      const saysZone = 'written' in literal && /[+-]\d\d(?::\d\d)?$/.test(literal.text.slice(10));
      return operand.conversions.length === 0 && saysZone ? predicate : UNKNOWN;
    }
    case 'keys':
    case 'null':
    case 'prefix':
      return isOfZone(predicate.operand, schema) && predicate.operand.conversions.length > 0 ? UNKNOWN : predicate;
    case 'never':
    case 'unknown':
      return predicate;
  }
}

function isOfZone({ path, conversions }: Operand, schema: TableSchema): boolean {
  return findLeaf(path, schema)?.type.name === ZONED || conversions.some(isToZone);
}

function isToZone(conversion: Conversion): boolean {
  return conversion.kind === 'cast' && conversion.type.name === ZONED;
}
