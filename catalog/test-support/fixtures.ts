import type { Clock } from '../../engine/ports/clock.ts';
import type { ColdChange, ColdDataFile, ColdDeleteFile, ColdTableDefinition } from '../../engine/ports/cold-table.ts';
import type { ObjectStore } from '../../engine/ports/object-store.ts';
import type { Random } from '../../engine/ports/random.ts';
import type { Column, PrimitiveName } from '../../engine/table/schema.ts';

export const prefix = 'main/flights-1';

/** Repeats itself for a seed. */
export class SeededRandom implements Random {
  #state: bigint;

  constructor(seed: number) {
    this.#state = BigInt(seed);
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => {
      this.#state = BigInt.asUintN(64, this.#state * 6364136223846793005n + 1442695040888963407n);
      return Number(this.#state >> 56n);
    });
  }

  uuid(): string {
    const hex = Buffer.from(this.bytes(16)).toString('hex');
    return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20)].join(
      '-',
    );
  }

  positiveInt64(): bigint {
    // With the second-highest bit set, ids are never within the range that a double holds exactly.
    return BigInt.asUintN(62, Buffer.from(this.bytes(8)).readBigUInt64BE()) | (1n << 62n) | 1n;
  }
}

export class FixedClock implements Clock {
  now = 1_700_000_000_000;

  nowMs(): number {
    return this.now;
  }

  monotonicMs(): number {
    return this.now;
  }

  pause(): Promise<void> {
    return Promise.resolve();
  }

  async sleep(): Promise<void> {
    throw new Error('nothing in the catalog sleeps');
  }
}

/** A store whose creates can be interfered with. */
export class InterferingStore {
  /** Replaces a create; call `create` to let it happen. */
  onCreate: ((key: string, create: () => Promise<'created' | 'exists'>) => Promise<'created' | 'exists'>) | undefined;
  /** Runs before each read of an object. */
  onGet: ((key: string) => void) | undefined;
  readonly store: ObjectStore;

  constructor(inner: ObjectStore) {
    this.store = {
      uri: inner.uri,
      get: async (key) => {
        this.onGet?.(key);
        return await inner.get(key);
      },
      getVersion: (key) => inner.getVersion(key),
      getRange: (key, offset, length) => inner.getRange(key, offset, length),
      head: (key) => inner.head(key),
      put: (key, bytes) => inner.put(key, bytes),
      replace: (key, bytes, version) => inner.replace(key, bytes, version),
      create: async (key, bytes) => {
        const create = () => inner.create(key, bytes);
        return await (this.onCreate === undefined ? create() : this.onCreate(key, create));
      },
      putFile: (key, localPath) => inner.putFile(key, localPath),
      createFile: (key, localPath) => inner.createFile(key, localPath),
      copy: (from, to) => inner.copy(from, to),
      list: (listed) => inner.list(listed),
      listPage: (listed, cursor) => inner.listPage(listed, cursor),
      delete: (keys) => inner.delete(keys),
      localPath: (key) => inner.localPath(key),
      close: () => inner.close(),
    };
  }
}

export function column(id: number, name: string, type: PrimitiveName, required = false): Column {
  return { id, name, type: { kind: 'primitive', name: type }, required };
}

export const columns: readonly Column[] = [
  column(1, 'id', 'BIGINT', true),
  column(2, 'ts', 'TIMESTAMP'),
  column(3, 'title', 'VARCHAR'),
];

export function definition(change: Partial<ColdTableDefinition['schema']> = {}): ColdTableDefinition {
  return {
    schema: { schemaId: 0, columns, primaryKey: [1], checks: [], lastFieldId: 3, ...change },
    partition: [{ sourceId: 2, transform: 'month', name: 'ts_month' }],
    sort: [2],
  };
}

/** A data file of ten rows whose ids start at `first`. */
export function dataFile(name: string, first = 0n, partition: ColdDataFile['partition'] = [600n]): ColdDataFile {
  return {
    key: `${prefix}/data/${name}.parquet`,
    rowCount: 10,
    sizeBytes: 1000,
    stats: new Map([
      [1, { lower: first, upper: first + 9n, nullCount: 0, valueCount: 10, sizeBytes: 80 }],
      [3, { lower: 'a', upper: 'z', nullCount: 2, valueCount: 10 }],
    ]),
    partition,
  };
}

/** A delete file of three rows that concerns the data files between two, in the order of their addresses. */
export function deleteFile(
  store: ObjectStore,
  name: string,
  from: ColdDataFile,
  to: ColdDataFile = from,
): ColdDeleteFile {
  return {
    key: `${prefix}/data/${name}.parquet`,
    rowCount: 3,
    sizeBytes: 300,
    partition: from.partition,
    minPath: `${store.uri}/${from.key}`,
    maxPath: `${store.uri}/${to.key}`,
  };
}

export function change(jobId: string, parts: Partial<ColdChange> = {}): ColdChange {
  return { jobId, addData: [], removeData: [], addDeletes: [], removeDeletes: [], ...parts };
}
