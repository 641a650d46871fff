import type { IncomingMessage } from 'node:http';
import { HttpError } from './http-error.ts';

/** The body as text. Throws 413 when it is too long, 415 when it is no JSON, 400 when it is no UTF-8. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  const tooLong = (): HttpError =>
    new HttpError(413, `the request is longer than ${maxBytes} bytes`, { headers: { connection: 'close' } });
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLong();
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw tooLong();
    chunks.push(chunk);
  }
  if (sizeBytes === 0) return '';
  // A browser lets pages of others send other types without asking; and nothing else is understood.
  if (!/^application\/json *(;|$)/i.test(request.headers['content-type'] ?? '')) {
    throw new HttpError(415, 'the request must have the content type application/json');
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new HttpError(400, 'the request is not UTF-8 text', { code: '22021' });
  }
}
