import { describe, expect, test } from 'vitest';
import { isServiceAddress, parseAddress } from './address.ts';
import { settingsFromEnvironment } from './settings.ts';

describe('addresses', () => {
  test.each([
    ['s3://bucket', { scheme: 's3', uri: 's3://bucket', bucket: 'bucket', folder: '' }],
    ['S3://bucket/', { scheme: 's3', uri: 's3://bucket', bucket: 'bucket', folder: '' }],
    [
      'gs://my_bucket.example/a/b/',
      { scheme: 'gs', uri: 'gs://my_bucket.example/a/b', bucket: 'my_bucket.example', folder: 'a/b' },
    ],
    [
      'az://container/a folder',
      { scheme: 'az', uri: 'az://container/a folder', bucket: 'container', folder: 'a folder' },
    ],
    [
      'az://acc.blob.core.windows.net/container/a',
      {
        scheme: 'az',
        uri: 'az://acc.blob.core.windows.net/container/a',
        bucket: 'container',
        folder: 'a',
        host: 'acc.blob.core.windows.net',
      },
    ],
  ])('%s', (address, expected) => {
    expect(parseAddress(address)).toEqual(expected);
  });

  test.each([
    's3://',
    's3:///a',
    'http://bucket/a',
    's3://a',
    's3://bucket//a',
    's3://bucket/../a',
    's3://bucket/./a',
    's3://bucket/a\\b',
    's3://bucket/a\nb',
    'az://acc.blob.core.windows.net',
  ])('%j is refused', (address) => {
    expect(() => parseAddress(address)).toThrow(expect.objectContaining({ code: '22023' }) as Error);
  });

  test.each(['s3://key:hidden@bucket/a', 'az://container/a?sig=hidden', 's3://bucket/a#hidden'])(
    'credentials in an address are refused, and not repeated',
    (address) => {
      try {
        parseAddress(address);
        expect.unreachable();
      } catch (error) {
        expect(error).toMatchObject({ code: '22023' });
        expect(String(error)).not.toContain('hidden');
      }
    },
  );

  test('only those of services are taken for them', () => {
    expect(['s3://x', 'GS://x', 'az://'].every(isServiceAddress)).toBe(true);
    expect(['file:///x', '/x', 's3:x', 'https://x'].some(isServiceAddress)).toBe(false);
  });
});

describe('settings', () => {
  test('come from the environment', () => {
    const settings = settingsFromEnvironment({
      ALOPEX__S3__ENDPOINT: 'http://127.0.0.1:9000/',
      ALOPEX__S3__PATH_STYLE: 'false',
      ALOPEX__S3__REGION: '',
      ALOPEX__GCS__ANONYMOUS: 'true',
      ALOPEX__AZURE__ACCOUNT: 'acc',
    });
    expect(settings).toEqual({
      s3: { endpoint: 'http://127.0.0.1:9000', pathStyle: false },
      gcs: { anonymous: true },
      azure: { account: 'acc' },
    });
  });

  test.each(['127.0.0.1:9000', 'ftp://x', 'https://user:hidden@x', 'https://x/?sig=hidden'])(
    'the endpoint %s is refused, and not repeated',
    (endpoint) => {
      try {
        settingsFromEnvironment({ ALOPEX__AZURE__ENDPOINT: endpoint });
        expect.unreachable();
      } catch (error) {
        expect(error).toMatchObject({ code: '22023' });
        expect(String(error)).not.toContain('hidden');
      }
    },
  );

  test('switches are true or false', () => {
    expect(() => settingsFromEnvironment({ ALOPEX__S3__PATH_STYLE: 'yes' })).toThrow('ALOPEX__S3__PATH_STYLE');
  });
});
