import type { PrimitiveType } from '../../table/schema.ts';
import { applyConversions } from './conversion.ts';
import { shiftTime, timeLiteral } from './interval.ts';
import type { Literal, Predicate, PresentTime } from './predicate.ts';

const MOMENT: PrimitiveType = { kind: 'primitive', name: 'TIMESTAMP WITH TIME ZONE' };

/** What `now()` and its like come to at a moment, in UTC. `undefined` when that is not known. */
export function presentLiteral({ present, steps }: PresentTime, micros: bigint | undefined): Literal | undefined {
  let at = micros === undefined ? undefined : cast({ value: micros, type: MOMENT }, present);
  for (const step of steps) {
    if (at === undefined) return undefined;
    at = 'cast' in step ? cast(at, step.cast) : shiftTime(at.value, at.type, step);
  }
  return at === undefined ? undefined : timeLiteral(at.value, at.type);
}

interface Time {
  readonly value: bigint;
  readonly type: PrimitiveType;
}

function cast({ value, type }: Time, to: PrimitiveType): Time | undefined {
  const result = applyConversions(type, [{ kind: 'cast', type: to }])?.convert(value);
  return typeof result === 'bigint' ? { value: result, type: to } : undefined;
}

/** Whether a condition depends on when it is asked. */
export function asksForTime(predicate: Predicate): boolean {
  if (predicate.kind === 'and' || predicate.kind === 'or') return predicate.children.some(asksForTime);
  return predicate.kind === 'compare' && 'present' in predicate.literal;
}
