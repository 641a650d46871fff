import { AlopexError, SqlState } from '../../errors.ts';
import { copyOut } from './copy-out.ts';

/** What keys and values are given as: text stands for its UTF-8 bytes. */
export type Bytes = string | Uint8Array;

/** How stored bytes are handed out: as they are, as text, or (values) parsed as JSON. */
export type KeyEncoding = 'bytes' | 'text';
export type ValueEncoding = 'bytes' | 'text' | 'json';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Between stored bytes and what a caller sees. */
export interface Codec<T> {
  encode(given: unknown): Uint8Array;
  /** Of `stored[start, end)`, memory of others that must not be handed out. */
  decode(stored: Uint8Array, start: number, end: number): T;
}

export const bytesCodec: Codec<Uint8Array> = {
  encode: (given) => bytesOf(given, 'a value'),
  decode: copyOut,
};

export const textCodec: Codec<string> = {
  encode: (given) => bytesOf(given, 'a value'),
  decode: decodeText,
};

export const jsonCodec: Codec<unknown> = {
  encode(given) {
    let json: string | undefined;
    let cause: unknown;
    try {
      json = JSON.stringify(given) as string | undefined;
    } catch (error) {
      cause = error;
    }
    if (json !== undefined) return encoder.encode(json);
    throw new AlopexError(SqlState.invalidParameter, `this ${typeof given} has no form in JSON`, { cause });
  },
  decode(stored, start, end) {
    const text = decodeText(stored, start, end);
    try {
      return JSON.parse(text) as unknown;
    } catch (cause) {
      throw new AlopexError(SqlState.invalidText, 'a stored value is not JSON', {
        hint: 'Read it without the encoding json.',
        cause,
      });
    }
  },
};

export function bytesOf(given: unknown, what: string): Uint8Array {
  if (typeof given === 'string') return encodeText(given);
  if (given instanceof Uint8Array) return given;
  throw new AlopexError(
    SqlState.invalidParameter,
    `${what} is a string or a Uint8Array, and not ${given === null ? 'null' : typeof given}`,
  );
}

/** Texts up to here are mostly keys, for which the encoder's call costs several times the work. */
const SHORT_TEXT = 64;

function encodeText(text: string): Uint8Array {
  const { length } = text;
  if (length > SHORT_TEXT) return encoder.encode(text);
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 0x80) return encoder.encode(text);
    bytes[at] = code;
  }
  return bytes;
}

/** What a malformed sequence is decoded to. */
const REPLACEMENT = '\ufffd';

function decodeText(stored: Uint8Array, start: number, end: number): string {
  // Much quicker than a decoder for short texts, but it lets malformed ones pass.
  const text = Buffer.prototype.utf8Slice.call(stored, start, end);
  if (!text.includes(REPLACEMENT)) return text;
  try {
    return decoder.decode(stored.slice(start, end));
  } catch (cause) {
    throw new AlopexError('22021', 'a stored value is not UTF-8 text', {
      hint: 'Read it without the encoding text.',
      cause,
    });
  }
}
