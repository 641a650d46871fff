import { expect, test } from 'vitest';
import { compareError, isNeverExpected, NEVER_EXPECTED, type ErrorMatch } from './compare-error.ts';
import type { Failure } from './database.ts';

const failure = (message: string, code?: string, unsupported = false): Failure => ({
  kind: 'error',
  message,
  code,
  unsupported,
});

test.each<[Failure, string, ErrorMatch]>([
  // By message.
  [failure('Binder Error: no column "x"'), 'no column', 'message'],
  [failure('file /tmp/a is missing'), 'file {DIR}/a', 'message'],
  [failure('Binder Error: no\ncolumn'), '<REGEX>:Binder.*column', 'message'],
  [failure('Binder Error: no column'), '<REGEX>:Binder', 'none'],
  [failure('Binder Error: no column'), '<!REGEX>:Parser.*', 'message'],
  [failure('whatever'), '', 'message'],
  // With SQLSTATE in place of the kind.
  [failure('table t has 2 columns', '42601'), '<REGEX>:.*Binder Error.*t has 2 columns.*', 'message'],
  [failure('table t has 2 columns', '23505'), '<REGEX>:.*Binder Error.*t has 2 columns.*', 'none'],
  // By kind alone.
  [failure('(id)=(1) exists already', '23505'), 'Constraint Error: Duplicate key "id: 1"', 'kind'],
  [failure('(id)=(1) exists already', '23505'), 'violates primary key constraint', 'kind'],
  [failure('(id)=(1) exists already', '23505'), 'Binder Error', 'none'],
  [failure('expected a name', '42601'), 'syntax error at or near', 'kind'],
  [failure('expected a name', '42601'), 'Binder Error: no column', 'none'],
  [failure('expected a name', '42601'), '', 'kind'],
  [failure('there is no x', '42703'), '<REGEX>:.*Binder Error.*', 'kind'],
  // Not supported is not the error that is expected, unless that is it.
  [failure('MERGE is not supported', '0A000', true), '', 'none'],
  [failure('MERGE is not supported', '0A000', true), 'Not implemented Error', 'none'],
  [failure('MERGE is not supported', '0A000', true), 'is not supported', 'message'],
])('%j against %s', (found, expected, match) => {
  expect(compareError(found, expected, (text) => text.replaceAll('{DIR}', '/tmp'))).toBe(match);
});

test('errors of the database in itself are never expected', () => {
  expect(isNeverExpected(failure('INTERNAL Error: assertion'), NEVER_EXPECTED)).toBe(true);
  expect(isNeverExpected(failure('Binder Error'), NEVER_EXPECTED)).toBe(false);
});
