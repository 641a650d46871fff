import { expect, test } from 'vitest';
import { azureError } from './azure/azure-error.ts';
import { gcsError } from './gcs/gcs-error.ts';
import { s3Error } from './s3/s3-error.ts';
import { retryAfterMs, serviceError } from './service-error.ts';

test.each([
  [401, undefined, 'unauthenticated', '28000'],
  [403, 'AccessDenied', 'denied', '42501'],
  [403, 'SignatureDoesNotMatch', 'unauthenticated', '28000'],
  [404, 'NoSuchBucket', 'absent', '58P01'],
  [408, undefined, 'timeout', '08006'],
  [409, 'ConditionalRequestConflict', 'conflict', '40001'],
  [429, undefined, 'throttled', '53000'],
  [503, 'SlowDown', 'throttled', '53000'],
  [500, 'InternalError', 'unavailable', '58000'],
  [502, undefined, 'unavailable', '58000'],
  [400, 'InvalidArgument', 'refused', '58030'],
  [undefined, 'ECONNREFUSED', 'unreachable', '08001'],
  [undefined, 'ENOTFOUND', 'unreachable', '08001'],
  [undefined, 'ECONNRESET', 'broken', '08006'],
  [undefined, 'ETIMEDOUT', 'timeout', '08006'],
  [200, 'SyntaxError', 'broken', '08006'],
  [undefined, undefined, 'refused', '58030'],
] as const)('status %s and code %s are %s', (status, code, kind, sqlState) => {
  const error = serviceError('get s3://b/k', { status, code, message: 'why' }, new Error('why'));
  expect(error).toMatchObject({
    kind,
    code: sqlState,
    message: expect.stringContaining('could not get s3://b/k: why') as string,
  });
});

test('a connection that ends in the middle is broken, by whatever words', () => {
  for (const message of ['socket hang up', 'Premature close', 'terminated', 'read ECONNRESET']) {
    expect(serviceError('get', { status: undefined, code: undefined, message }, undefined).kind).toBe('broken');
  }
});

test('only seconds are taken from Retry-After', () => {
  expect(retryAfterMs('3')).toBe(3000);
  for (const header of ['', '-1', 'soon', 'Wed, 21 Oct 2015 07:28:00 GMT', undefined, null]) {
    expect(retryAfterMs(header)).toBeUndefined();
  }
});

test('each SDK is understood', () => {
  const aws = Object.assign(new Error('slow'), {
    name: 'SlowDown',
    $metadata: { httpStatusCode: 503 },
    $response: { headers: { 'retry-after': '2' } },
  });
  expect(s3Error('put', aws, undefined)).toMatchObject({ kind: 'throttled', retryAfterMs: 2000 });
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  expect(s3Error('put', refused, undefined)).toMatchObject({ kind: 'unreachable' });
  const azure = Object.assign(new Error('busy\nwith headers'), {
    name: 'RestError',
    statusCode: 503,
    code: 'ServerBusy',
  });
  expect(azureError('put', azure, undefined)).toMatchObject({
    kind: 'throttled',
    message: 'could not put: busy (503 ServerBusy)',
  });
  const unsent = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), {
    name: 'RestError',
    code: 'REQUEST_SEND_ERROR',
  });
  expect(azureError('put', unsent, undefined)).toMatchObject({ kind: 'unreachable' });
  const google = Object.assign(new Error('backend'), { code: 502 });
  expect(gcsError('put', google, undefined)).toMatchObject({ kind: 'unavailable' });
  const nobody = new Error('Could not load the default credentials. Browse to …');
  expect(gcsError('put', nobody, undefined)).toMatchObject({ kind: 'unauthenticated', code: '28000' });
});

test('an abort is told by its reason', () => {
  const reason = new Error('enough');
  const signal = AbortSignal.abort(reason);
  for (const translate of [s3Error, azureError, gcsError])
    expect(translate('put', new Error('x'), signal)).toBe(reason);
});
