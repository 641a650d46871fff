import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { HttpError } from './http-error.ts';

const NOT_AUTHORIZED = '28000';

/** Whether a host, as it is listened on, can be reached from this machine alone. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  return name === 'localhost' || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name);
}

/**
 * Throws 401 unless the request has the token, where there is one; 403 for what a web page of somebody else has sent by a browser on this
 * machine. Without a token, the name that the client asked for must be one of this machine: names that others point here are refused.
 */
export function checkAccess(
  request: IncomingMessage,
  rules: { readonly token: string | undefined; readonly isOpen: boolean },
): void {
  const { origin, host = '', authorization = '' } = request.headers;
  if (origin !== undefined && origin !== `http://${host}`) {
    throw new HttpError(403, `requests from pages of ${origin} are refused`, { code: NOT_AUTHORIZED });
  }
  if (rules.token !== undefined) {
    if (!isToken(authorization, rules.token)) {
      throw new HttpError(401, 'a bearer token is needed', {
        code: NOT_AUTHORIZED,
        hint: 'Send the header Authorization: Bearer TOKEN.',
        headers: { 'www-authenticate': 'Bearer' },
      });
    }
    return;
  }
  if (!rules.isOpen && !isLoopback(host.replace(/:\d+$/, ''))) {
    throw new HttpError(403, `the host ${JSON.stringify(host)} is not this machine`, { code: NOT_AUTHORIZED });
  }
}

function isToken(header: string, token: string): boolean {
  const given = Buffer.from(/^bearer +(.*)$/i.exec(header)?.[1] ?? '');
  const wanted = Buffer.from(token);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
