import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { redact } from './redact.ts';
import { serviceError } from './service-error.ts';

const SECRET = 'sEcReT+value/123==';

test.each([
  `https://a.blob.core.windows.net/c/b?sv=2024&sig=${encodeURIComponent(SECRET)}&se=1`,
  `GET /b/k?X-Amz-Signature=${encodeURIComponent(SECRET)}&X-Amz-Date=1`,
  `X-Amz-Security-Token=${encodeURIComponent(SECRET)}`,
  `DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${SECRET};EndpointSuffix=x`,
  `Authorization: Bearer ${SECRET}`,
  `authorization: SharedKey account:${SECRET}`,
  `AWS4-HMAC-SHA256 Credential=AKIA/2024, SignedHeaders=host, Signature=${SECRET}`,
  `{"client_secret": "${SECRET}", "x": 1}`,
  `{"private_key":"-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----\n"}`,
  `https://user:${encodeURIComponent(SECRET)}@host/path`,
])('secrets are taken out of %j', (message) => {
  const error = new Error(message);
  const told = serviceError(
    'get s3://b/k',
    { status: 403, code: 'AccessDenied', message },
    Object.assign(error, { headers: message }),
  );
  for (const shown of [redact(message), inspect(told, { depth: 10, showHidden: true }), JSON.stringify(told)]) {
    expect(shown).not.toContain('sEcReT');
  }
});

test('the rest stays', () => {
  const message = 'AccessDenied: no s3:GetObject on arn:aws:s3:::bucket/key?versionId=3 (request 4442587FB7D0A2F9)';
  expect(redact(message)).toBe(message);
});
