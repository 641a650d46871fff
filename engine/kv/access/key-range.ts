import { AlopexError, SqlState } from '../../errors.ts';
import { compareKeys } from '../bytes.ts';
import { storedKey } from '../stored-key.ts';
import { bytesOf, type Bytes } from './encoding.ts';

/** Which keys are meant; all when empty. Bounds combine. */
export interface KeyRange {
  readonly gt?: Bytes;
  readonly gte?: Bytes;
  readonly lt?: Bytes;
  readonly lte?: Bytes;
  readonly prefix?: Bytes;
}

/** `start` ≤ key < `end`, with the keyspace in front. Never unbounded: a keyspace ends where the next begins. */
export interface Bounds {
  readonly start: Uint8Array;
  readonly end: Uint8Array;
}

const NOTHING = new Uint8Array(0);

export function boundsOf(keyspaceId: number, range: KeyRange): Bounds {
  const stored = (key: Bytes): Uint8Array => storedKey(keyspaceId, bytesOf(key, 'a bound'));
  let start = storedKey(keyspaceId, NOTHING);
  let end = storedKey(keyspaceId + 1, NOTHING);
  const from = (bound: Uint8Array): void => {
    if (compareKeys(bound, start) > 0) start = bound;
  };
  const to = (bound: Uint8Array): void => {
    if (compareKeys(bound, end) < 0) end = bound;
  };
  if (range.gte !== undefined) from(stored(range.gte));
  if (range.gt !== undefined) from(next(stored(range.gt)));
  if (range.lt !== undefined) to(stored(range.lt));
  if (range.lte !== undefined) to(next(stored(range.lte)));
  if (range.prefix !== undefined) {
    const prefix = stored(range.prefix);
    from(prefix);
    to(afterPrefix(prefix));
  }
  return { start, end };
}

/** The keyspace with the highest id would have no end in four bytes; ids count up from 0 and never get there. */
export function refuseUnknownBounds(range: object): void {
  const unknown = Object.keys(range).find((name) => !['gt', 'gte', 'lt', 'lte', 'prefix'].includes(name));
  if (unknown === undefined) return;
  throw new AlopexError(SqlState.invalidParameter, `a range has no bound ${JSON.stringify(unknown)}`, {
    hint: 'Use gt, gte, lt, lte and prefix.',
  });
}

/** The least key after `key`. */
function next(key: Uint8Array): Uint8Array {
  const after = new Uint8Array(key.length + 1);
  after.set(key);
  return after;
}

/** The least key after all that begin with `prefix`, which has a byte below 255: those of the keyspace. */
function afterPrefix(prefix: Uint8Array): Uint8Array {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 255) length--;
  const after = prefix.slice(0, length);
  after[length - 1] = (after[length - 1] ?? 0) + 1;
  return after;
}
