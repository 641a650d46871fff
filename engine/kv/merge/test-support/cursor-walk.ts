import fc from 'fast-check';
import { expect } from 'vitest';
import type { EntryCursor } from '../../entry.ts';
import { ArrayCursor, entryAt } from './array-cursor.ts';
import type { Entry } from './array-cursor.ts';
import { someKey } from './history.ts';

type Move =
  | { readonly to: 'seekFirst' | 'seekLast' | 'next' | 'previous' }
  | { readonly to: 'seek' | 'seekBefore'; readonly key: Uint8Array };

/** Moves to begin with a seek, and turns often. */
export const someMoves: fc.Arbitrary<Move[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ to: fc.constant('next' as const) }) },
    { weight: 5, arbitrary: fc.record({ to: fc.constant('previous' as const) }) },
    { weight: 1, arbitrary: fc.record({ to: fc.constantFrom('seekFirst' as const, 'seekLast' as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({ to: fc.constantFrom('seek' as const, 'seekBefore' as const), key: someKey }),
    },
  ),
  { maxLength: 80, size: 'max' },
);

/** Moves a cursor and the plainest cursor over the same entries, and expects the same of both. */
export function expectSameWalk(cursor: EntryCursor, entries: readonly Entry[], moves: readonly Move[]): void {
  const model = new ArrayCursor(entries);
  let live = false;
  for (const move of moves) {
    // A cursor that is nowhere takes seeks only.
    if (!live && (move.to === 'next' || move.to === 'previous')) continue;
    live = go(model, move);
    expect(go(cursor, move)).toBe(live);
    if (live) expect(entryAt(cursor)).toEqual(entryAt(model));
  }
}

function go(cursor: EntryCursor, move: Move): boolean {
  return 'key' in move ? cursor[move.to](move.key) : cursor[move.to]();
}
