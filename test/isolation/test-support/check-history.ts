import { DependencyGraph } from './dependencies.ts';
import type { Anomaly, TransactionRecord } from './history.ts';

/** A committed transaction, taken apart by key. */
interface Committed {
  readonly record: TransactionRecord;
  readonly appended: ReadonlyMap<string, readonly number[]>;
  /** Lists that it read, without what it had added itself. */
  readonly read: ReadonlyMap<string, readonly number[]>;
}

/**
 * Finds what no isolation, or not the one that is claimed, allows. The history should end with a transaction that reads every key. Without anomalies but `G2` it is one of snapshot isolation, with none at all it is
 * serializable.
 */
export function checkHistory(history: readonly TransactionRecord[]): Anomaly[] {
  const anomalies: Anomaly[] = [];
  const report = (kind: Anomaly['kind'], transactions: readonly number[], explanation: string): void => {
    anomalies.push({ kind, transactions, explanation });
  };
  const writers = new Map<number, TransactionRecord>();
  for (const record of history) {
    for (const operation of record.operations) {
      if (operation.kind !== 'append') continue;
      if (writers.has(operation.value)) throw new Error(`${operation.value} is added twice`);
      writers.set(operation.value, record);
    }
  }
  const committed = history
    .filter((record) => record.outcome === 'committed')
    .map((record) => takeApart(record, report));
  const orders = versionOrders(committed, report);
  for (const transaction of committed) checkReads(transaction, writers, report);
  checkAcknowledged(committed, orders, report);
  return [...anomalies, ...dependencies(committed, orders, writers).cycles()];
}

type Report = (kind: Anomaly['kind'], transactions: readonly number[], explanation: string) => void;

function takeApart(record: TransactionRecord, report: Report): Committed {
  const appended = new Map<string, number[]>();
  const read = new Map<string, readonly number[]>();
  for (const operation of record.operations) {
    const { key } = operation;
    const own = appended.get(key) ?? [];
    if (operation.kind === 'append') {
      appended.set(key, [...own, operation.value]);
      continue;
    }
    const others = operation.list.slice(0, operation.list.length - own.length);
    const tail = operation.list.slice(others.length);
    if (String(tail) !== String(own)) {
      report('internal', [record.id], `read [${operation.list.join()}] at ${key} after adding [${own.join()}]`);
      continue;
    }
    const before = read.get(key);
    if (before === undefined) read.set(key, others);
    else if (String(before) !== String(others)) {
      report('internal', [record.id], `read [${before.join()}] at ${key}, and later [${others.join()}]`);
    }
  }
  return { record, appended, read };
}

/** For each key the longest list that was read; all others must be beginnings of it. */
function versionOrders(committed: readonly Committed[], report: Report): Map<string, readonly number[]> {
  const orders = new Map<string, readonly number[]>();
  const readers = committed.flatMap(({ record, read }) =>
    [...read].map(([key, list]) => ({ id: record.id, key, list })),
  );
  for (const { key, list } of readers) if (list.length >= (orders.get(key)?.length ?? 0)) orders.set(key, list);
  for (const { id, key, list } of readers) {
    const order = orders.get(key) ?? [];
    if (list.some((value, index) => value !== order[index])) {
      report('lost update', [id], `read [${list.join()}] at ${key}, where others read [${order.join()}]`);
    }
  }
  return orders;
}

function checkReads(
  { record, read }: Committed,
  writers: ReadonlyMap<number, TransactionRecord>,
  report: Report,
): void {
  for (const [key, list] of read) {
    for (const value of list) {
      const writer = writers.get(value);
      if (writer === undefined) report('internal', [record.id], `read ${value} at ${key}, which nobody wrote`);
      else if (writer.outcome === 'aborted') {
        report('G1a aborted read', [record.id, writer.id], `read ${value} at ${key}, of an aborted transaction`);
      }
    }
    const last = list.at(-1);
    const writer = last === undefined ? undefined : writers.get(last);
    const final = writer?.operations.findLast((operation) => operation.kind === 'append' && operation.key === key);
    if (writer !== undefined && writer !== record && final?.kind === 'append' && final.value !== last) {
      report(
        'G1b intermediate read',
        [record.id, writer.id],
        `read ${key} up to ${last}, before its writer added ${final.value}`,
      );
    }
  }
}

/** What was acknowledged is there, for everybody who begins later. */
function checkAcknowledged(
  committed: readonly Committed[],
  orders: ReadonlyMap<string, readonly number[]>,
  report: Report,
): void {
  for (const { record, appended } of committed) {
    for (const [key, values] of appended) {
      for (const value of values) {
        if (orders.get(key)?.includes(value) !== true) {
          report('lost update', [record.id], `added ${value} to ${key}, where it is not`);
        }
      }
      for (const later of committed) {
        const list = later.record.began > record.ended ? later.read.get(key) : undefined;
        if (list !== undefined && values.some((value) => !list.includes(value))) {
          report(
            'stale read',
            [later.record.id, record.id],
            `read [${list.join()}] at ${key} after [${values.join()}] was acknowledged`,
          );
        }
      }
    }
  }
}

function dependencies(
  committed: readonly Committed[],
  orders: ReadonlyMap<string, readonly number[]>,
  writers: ReadonlyMap<number, TransactionRecord>,
): DependencyGraph {
  const graph = new DependencyGraph();
  const committedWriter = (value: number | undefined): number | undefined => {
    const writer = value === undefined ? undefined : writers.get(value);
    return writer?.outcome === 'committed' ? writer.id : undefined;
  };
  for (const [key, order] of orders) {
    for (const [index, value] of order.entries()) {
      const [from, to] = [committedWriter(order[index - 1]), committedWriter(value)];
      if (from !== undefined && to !== undefined) graph.add({ from, to, kind: 'ww', key });
    }
  }
  for (const { record, read } of committed) {
    for (const [key, list] of read) {
      const from = committedWriter(list.at(-1));
      if (from !== undefined) graph.add({ from, to: record.id, kind: 'wr', key });
      const to = committedWriter(orders.get(key)?.[list.length]);
      if (to !== undefined) graph.add({ from: record.id, to, kind: 'rw', key });
    }
  }
  return graph;
}
