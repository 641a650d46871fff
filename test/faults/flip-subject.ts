import { AlopexError } from '../../engine/errors.ts';
import { Broken, textOf } from './run-case.ts';

/** A file of which bits are flipped, and what reads it. */
export interface FlipSubject {
  readonly name: string;
  /** What an error must name. */
  readonly fileName: string;
  /** The bytes that `read` reads; flipped in place. */
  readonly bytes: Uint8Array;
  /** Reads the file, all of it, and returns whether it got what was written. */
  read(): Promise<boolean>;
}

export interface FlipReport {
  readonly detected: number;
  readonly harmless: number;
}

/** Flips bits, one at a time: each must be reported with the name of the file, or make no difference. */
export async function flipBits(subject: FlipSubject, first: number, stride: number): Promise<FlipReport> {
  const { bytes } = subject;
  if (!(await subject.read())) throw new Broken(`${subject.name} is not read right as it is`);
  let detected = 0;
  let harmless = 0;
  for (let bit = first; bit < bytes.length * 8; bit += stride) {
    const at = bit >> 3;
    const mask = 1 << (bit & 7);
    bytes[at] = (bytes[at] ?? 0) ^ mask;
    if (await isNoticed(subject, bit)) detected++;
    else harmless++;
    bytes[at] = (bytes[at] ?? 0) ^ mask;
  }
  return { detected, harmless };
}

async function isNoticed(subject: FlipSubject, bit: number): Promise<boolean> {
  const where = `${subject.name}, bit ${bit} of ${subject.bytes.length * 8}`;
  try {
    if (await subject.read()) return false;
  } catch (error) {
    const isClear = error instanceof AlopexError && error.code === 'XX001' && error.message.includes(subject.fileName);
    if (isClear) return true;
    throw new Broken(`${where}: unclear error: ${textOf(error)}`, { cause: error });
  }
  throw new Broken(`${where}: wrong data`);
}
