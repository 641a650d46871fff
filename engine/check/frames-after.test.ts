import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeFrames, encodeFrame } from '../log/frame.ts';
import { framesAfter } from './frames-after.ts';

const payload = fc.uint8Array({ minLength: 1, maxLength: 60 });

test('every intact frame behind a damaged one is found, and nothing else', () => {
  fc.assert(
    fc.property(
      fc.array(payload, { minLength: 1, maxLength: 6 }),
      fc.nat(),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (payloads, which, where, change) => {
        const frames = payloads.map((bytes) => encodeFrame([bytes]));
        const damaged = which % frames.length;
        const frame = frames[damaged] as Uint8Array;
        const at = where % frame.length;
        frame[at] = (frame[at] as number) ^ change;
        const bytes = new Uint8Array(Buffer.concat(frames));
        const { validBytes, tail } = decodeFrames(bytes);
        // An end marker that has become a zero is known to have been one.
        fc.pre(tail.kind === 'damaged');
        expect(validBytes).toBe(frames.slice(0, damaged).reduce((sum, { length }) => sum + length, 0));
        expect([...framesAfter(bytes, validBytes)].map((found) => [...found])).toEqual(
          payloads.slice(damaged + 1).map((expected) => [...expected]),
        );
      },
    ),
    { seed: 5, numRuns: 300 },
  );
});
