import { UsageError } from './options.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Bytes as people read them: UTF-8 text as it is, anything else in hexadecimal after `\x`, as PostgreSQL shows its bytea. Text that begins with `\x` itself is shown in hexadecimal too, so that
 * different bytes never look the same.
 */
export function bytesText(bytes: Uint8Array): string {
  try {
    const text = decoder.decode(bytes);
    return text.startsWith('\\x') ? `\\x${hexText(bytes)}` : text;
  } catch {
    return `\\x${hexText(bytes)}`;
  }
}

export function hexText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

/** Bytes of hexadecimal digits, with or without `\x` in front. */
export function parseHex(text: string, command: string): Uint8Array {
  const digits = text.startsWith('\\x') ? text.slice(2) : text;
  if (digits.length % 2 === 1 || !/^[0-9a-f]*$/i.test(digits)) {
    throw new UsageError(`${JSON.stringify(text)} is not hexadecimal`, command);
  }
  return Buffer.from(digits, 'hex');
}
