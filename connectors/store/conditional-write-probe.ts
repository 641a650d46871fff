import { AlopexError, SqlState } from '../../engine/errors.ts';
import type { ObjectStore } from '../../engine/ports/object-store.ts';
import type { Random } from '../../engine/ports/random.ts';

const RACERS = 8;

/**
 * Checks that a store keeps its word on conditional writes: of concurrent creates of one key, and of concurrent replaces of one version, exactly one succeeds. Some services take the
 * conditions and ignore them; a table would lose commits there. Leaves nothing behind. Throws `0A000` when it does not.
 */
export async function probeConditionalWrites(store: ObjectStore, random: Random): Promise<void> {
  const key = `alopex-probe/${random.uuid()}`;
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  const racers = Array.from({ length: RACERS }, (_, racer) => encode(`racer ${racer}`));
  try {
    const created = await Promise.all(racers.map((bytes) => store.create(key, bytes)));
    expectOneWinner(store.uri, 'creates', created, 'created');
    const first = await store.getVersion(key);
    if (first === undefined) throw unsupported(store.uri, 'an object that was created could not be read back');
    const winner = racers[created.indexOf('created')];
    if (winner === undefined || Buffer.compare(first.bytes, winner) !== 0) {
      throw unsupported(store.uri, 'an object is not that of the create that succeeded');
    }
    const replaced = await Promise.all(
      racers.map((_, racer) => store.replace(key, encode(`replacement ${racer}`), first.version)),
    );
    expectOneWinner(store.uri, 'replaces of one version', replaced, 'replaced');
  } finally {
    await store.delete([key]);
  }
}

function expectOneWinner(uri: string, what: string, outcomes: readonly string[], success: string): void {
  const winners = outcomes.filter((outcome) => outcome === success).length;
  if (winners === 1) return;
  throw unsupported(uri, `of ${outcomes.length} concurrent ${what}, ${winners} succeeded`);
}

function unsupported(uri: string, problem: string): AlopexError {
  return new AlopexError(SqlState.featureNotSupported, `${uri} does not keep conditional writes: ${problem}`, {
    hint: 'Tables need a store with If-None-Match and If-Match (or generations); some compatible services ignore them. Update the service, or use another.',
  });
}
