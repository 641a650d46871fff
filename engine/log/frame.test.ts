import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeFrames, encodeFrame } from './frame.ts';

const SEED = 20260101;
const payloads = fc.array(fc.uint8Array({ maxLength: 60 }), { minLength: 1, maxLength: 6 });

function encodeAll(list: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(list.map((payload) => encodeFrame([payload])));
}

test('what was encoded is decoded, however it is cut into parts', () => {
  fc.assert(
    fc.property(payloads, fc.nat(60), (list, cut) => {
      const bytes = Buffer.concat(
        list.map((payload) => encodeFrame([payload.subarray(0, cut), payload.subarray(cut)])),
      );
      const decoded = decodeFrames(bytes);
      expect(decoded.tail).toEqual({ kind: 'clean' });
      expect(decoded.payloads.map((payload) => [...payload])).toEqual(list.map((payload) => [...payload]));
    }),
    { seed: SEED },
  );
});

test('a file cut anywhere is torn, and keeps every whole frame', () => {
  fc.assert(
    fc.property(payloads, fc.nat(), (list, where) => {
      const bytes = encodeAll(list);
      const cut = where % bytes.length;
      const decoded = decodeFrames(bytes.subarray(0, cut));
      const ends = list.map((_, index) => encodeAll(list.slice(0, index + 1)).length);
      const whole = ends.filter((end) => end <= cut);
      expect(decoded.payloads).toHaveLength(whole.length);
      expect(decoded.validBytes).toBe(whole.at(-1) ?? 0);
      expect(decoded.tail.kind).toBe(cut === decoded.validBytes ? 'clean' : 'torn');
    }),
    { seed: SEED },
  );
});

test('a last frame whose end was never written is torn, not damaged; it is whole when no more than the end marker is missing', () => {
  fc.assert(
    fc.property(payloads, fc.nat(), (list, where) => {
      const bytes = encodeAll(list);
      const start = encodeAll(list.slice(0, -1)).length;
      const from = start + (where % (bytes.length - start));
      const isWhole = bytes.subarray(from, -1).every((byte) => byte === 0);
      bytes.fill(0, from);
      const decoded = decodeFrames(bytes);
      expect(decoded.validBytes).toBe(isWhole ? bytes.length : start);
      expect(decoded.tail.kind).toBe(isWhole ? 'clean' : from === start ? 'unused' : 'torn');
      expect(decoded.payloads).toHaveLength(isWhole ? list.length : list.length - 1);
    }),
    { seed: SEED },
  );
});

test('every flipped bit is damage, also in the last frame', () => {
  const list = [new Uint8Array([1, 2, 3]), new Uint8Array(0), new Uint8Array([0, 0, 0, 0])];
  const bytes = encodeAll(list);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = bytes.slice();
    const offset = bit >> 3;
    flipped[offset] = (flipped[offset] ?? 0) ^ (1 << (bit & 7));
    expect(decodeFrames(flipped).tail.kind, `bit ${bit}`).toBe('damaged');
  }
});

test('a last frame with a sector that was never written is torn, wherever the sector is', () => {
  const before = encodeFrame([new Uint8Array(700).fill(7)]);
  const last = encodeFrame([new Uint8Array(3000).fill(9)]);
  const whole = Buffer.concat([before, last]);
  for (let sector = 1; sector * 512 < whole.length; sector++) {
    const bytes = new Uint8Array(whole);
    bytes.fill(0, Math.max(before.length, sector * 512), (sector + 1) * 512);
    const decoded = decodeFrames(bytes);
    expect(decoded).toMatchObject({ validBytes: before.length, tail: { kind: 'torn' } });
  }
});

test('a flipped bit is damage, also in a payload with a sector of zeros', () => {
  const bytes = encodeFrame([new Uint8Array(2000)]);
  bytes[700] = 4;
  expect(decodeFrames(bytes).tail).toEqual({ kind: 'damaged', reason: 'a frame payload' });
});

test('a flipped bit in the header of a safe frame is damage, also when a torn one comes after it', () => {
  const safe = encodeFrame([new Uint8Array(50).fill(3)]);
  const torn = encodeFrame([new Uint8Array(50).fill(4)]).fill(0, 20);
  const bytes = new Uint8Array(Buffer.concat([safe, torn]));
  expect(decodeFrames(bytes).tail.kind).toBe('torn');
  bytes[2] = 1;
  expect(decodeFrames(bytes).tail).toEqual({ kind: 'damaged', reason: 'a frame header' });
});

/** Frames that are safe, a last write of several, and unused space behind them. */
const reservedFile = fc.record({
  safe: fc.array(fc.uint8Array({ maxLength: 900 }), { maxLength: 3 }),
  last: fc.array(fc.uint8Array({ minLength: 1, maxLength: 1500 }), { minLength: 1, maxLength: 4 }),
  unusedBytes: fc.nat(5000),
});

test('a write into reserved space of which any sectors are missing is torn, and what was safe is kept', () => {
  fc.assert(
    fc.property(reservedFile, fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }), (file, isWritten) => {
      const safeBytes = encodeAll(file.safe);
      const bytes = new Uint8Array(Buffer.concat([safeBytes, encodeAll(file.last), new Uint8Array(file.unusedBytes)]));
      for (let sector = safeBytes.length >> 9; sector << 9 < bytes.length; sector++) {
        if (isWritten[sector % 20] === true) continue;
        bytes.fill(0, Math.max(safeBytes.length, sector << 9), (sector + 1) << 9);
      }
      const { payloads: found, tail } = decodeFrames(bytes);
      expect(tail.kind).not.toBe('damaged');
      const written = [...file.safe, ...file.last].map((payload) => [...payload]);
      expect(found.length).toBeGreaterThanOrEqual(file.safe.length);
      expect(found.map((payload) => [...payload])).toEqual(written.slice(0, found.length));
    }),
    { seed: SEED, numRuns: 300 },
  );
});

test('a flipped bit is damage in a frame before unused space, and costs nothing in the space', () => {
  const list = [new Uint8Array(700).fill(3), new Uint8Array([1, 2, 3]), new Uint8Array(40)];
  const framed = encodeAll(list);
  const bytes = new Uint8Array(Buffer.concat([framed, new Uint8Array(2000)]));
  expect(decodeFrames(bytes)).toMatchObject({ validBytes: framed.length, tail: { kind: 'unused' } });
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const { payloads: found, tail } = decodeFrames(bytes);
    if (bit < framed.length * 8) expect(tail.kind, `bit ${bit}`).toBe('damaged');
    else expect(found).toHaveLength(3);
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  }
});

test('anything but zeros in the sector behind the last frame is not taken for unused space', () => {
  const bytes = new Uint8Array(Buffer.concat([encodeAll([new Uint8Array(5)]), new Uint8Array(2000)]));
  bytes[200] = 1;
  expect(decodeFrames(bytes).tail).toEqual({ kind: 'damaged', reason: 'a frame header' });
});
