import { describe, expect, test } from 'vitest';
import { checkHistory } from './test-support/check-history.ts';
import type { AnomalyKind, Operation, TransactionRecord } from './test-support/history.ts';

const r = (key: string, ...list: number[]): Operation => ({ kind: 'read', key, list });
const a = (key: string, value: number): Operation => ({ kind: 'append', key, value });

/** Transactions that all run at the same time. */
function concurrent(...transactions: readonly Operation[][]): TransactionRecord[] {
  return transactions.map((operations, id) => ({ id, operations, outcome: 'committed', began: 0, ended: 100 }));
}

function abort(history: readonly TransactionRecord[], id: number): TransactionRecord[] {
  return history.map((record) => (record.id === id ? { ...record, outcome: 'aborted' } : record));
}

function kinds(history: readonly TransactionRecord[]): AnomalyKind[] {
  return [...new Set(checkHistory(history).map(({ kind }) => kind))].sort();
}

describe('a history is found to have', () => {
  test.each<[AnomalyKind[] | [], string, TransactionRecord[]]>([
    [
      [],
      'nothing wrong',
      concurrent([a('x', 1), r('x', 1)], [r('x', 1), a('x', 2), a('y', 3)], [r('x', 1, 2), r('y', 3)]),
    ],
    [[], 'an abort that nobody saw', abort(concurrent([a('x', 1)], [a('x', 2)], [r('x', 2)]), 0)],
    [
      ['G0'],
      'writes in two orders',
      concurrent([a('x', 1), a('y', 2)], [a('x', 3), a('y', 4)], [r('x', 1, 3)], [r('y', 4, 2)]),
    ],
    [['G1a aborted read'], 'a read of an abort', abort(concurrent([a('x', 1)], [r('x', 1)]), 0)],
    [
      ['G-single', 'G1b intermediate read'],
      'half of a transaction',
      concurrent([a('x', 1), a('x', 2)], [r('x', 1)], [r('x', 1, 2)]),
    ],
    [['G1c'], 'reads of each other', concurrent([a('x', 1), r('y', 2)], [a('y', 2), r('x', 1)])],
    [['G-single'], 'read skew', concurrent([a('x', 1), a('y', 2)], [r('x'), r('y', 2)], [r('x', 1), r('y', 2)])],
    [
      ['G-nonadjacent'],
      'a long fork',
      concurrent([a('x', 1)], [a('y', 2)], [r('x', 1), r('y')], [r('x'), r('y', 2)], [r('x', 1), r('y', 2)]),
    ],
    [
      ['G2'],
      'write skew',
      concurrent([r('x'), r('y'), a('x', 1)], [r('x'), r('y'), a('y', 2)], [r('x', 1), r('y', 2)]),
    ],
    [
      ['G2'],
      'write skew of three',
      concurrent([r('x'), a('y', 1)], [r('y'), a('z', 2)], [r('z'), a('x', 3)], [r('x', 3), r('y', 1), r('z', 2)]),
    ],
    [['lost update'], 'an addition that is nowhere', concurrent([a('x', 1)], [a('x', 2)], [r('x', 2)])],
    [['lost update'], 'lists that do not fit', concurrent([a('x', 1)], [a('x', 2)], [r('x', 1)], [r('x', 2)])],
    [['internal'], 'a key that changes in a transaction', concurrent([a('x', 1)], [r('x'), r('x', 1)], [r('x', 1)])],
    [['internal', 'lost update'], 'a transaction that does not see itself', concurrent([a('x', 1), r('x')])],
    [['internal'], 'a value from nowhere', concurrent([r('x', 7)])],
  ])('%s: %s', (expected, _, history) => {
    expect(kinds(history)).toEqual(expected);
  });

  test('a stale read', () => {
    const history: TransactionRecord[] = [
      { id: 0, operations: [a('x', 1)], outcome: 'committed', began: 1, ended: 2 },
      { id: 1, operations: [r('x')], outcome: 'committed', began: 3, ended: 4 },
      { id: 2, operations: [r('x', 1)], outcome: 'committed', began: 5, ended: 6 },
    ];
    expect(kinds(history)).toEqual(['stale read']);
  });
});
