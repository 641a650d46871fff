import { describe, expect, test } from 'vitest';
import { MemoryObjectStore } from '../connectors/store/memory.ts';
import type { ColdTable } from '../engine/ports/cold-table.ts';
import { IcebergCatalog } from './catalog.ts';
import {
  change,
  dataFile,
  definition,
  deleteFile,
  FixedClock,
  InterferingStore,
  prefix,
  SeededRandom,
} from './test-support/fixtures.ts';

const [a, b, c] = [dataFile('a'), dataFile('b'), dataFile('c')];

/** A table whose store can be interfered with, and another writer of the same table. */
function setUp() {
  const memory = new MemoryObjectStore();
  const interfering = new InterferingStore(memory);
  const clock = new FixedClock();
  const open = (store: InterferingStore['store'], seed: number): ColdTable =>
    new IcebergCatalog({ store, clock, random: new SeededRandom(seed) }).table(prefix);
  return {
    memory,
    interfering,
    table: open(interfering.store, 1),
    other: open(memory, 2),
    fresh: () => open(memory, 3),
  };
}

/** Lets `action` happen just before the next create. */
function beforeNextCreate(interfering: InterferingStore, action: () => Promise<unknown>): void {
  interfering.onCreate = async (_key, create) => {
    interfering.onCreate = undefined;
    await action();
    return await create();
  };
}

const liveKeys = async (table: ColdTable) => (await table.load())?.dataFiles.map(({ key }) => key).sort();

describe('two writers', () => {
  test('both changes end up in the table exactly once', async () => {
    const { interfering, table, other, fresh } = setUp();
    beforeNextCreate(interfering, () => other.commit(definition(), change('other', { addData: [b] })));
    const commit = await table.commit(definition(), change('mine', { addData: [a] }));
    expect(commit.kind).toBe('committed');
    expect(await liveKeys(fresh())).toEqual([a.key, b.key]);
    expect((await fresh().snapshots()).map(({ summary }) => summary['alopex.job-id'])).toEqual(['other', 'mine']);
    expect((await fresh().snapshots()).map(({ sequenceNumber }) => sequenceNumber)).toEqual([1, 2]);
  });

  test('many at once', async () => {
    const { memory, fresh } = setUp();
    const files = Array.from({ length: 8 }, (_, index) => dataFile(`w${String(index)}`));
    const commits = await Promise.all(
      files.map(async (file, index) => {
        const ports = { store: memory, clock: new FixedClock(), random: new SeededRandom(100 + index) };
        return await new IcebergCatalog(ports)
          .table(prefix)
          .commit(definition(), change(file.key, { addData: [file] }));
      }),
    );
    expect(commits.map(({ kind }) => kind)).toEqual(files.map(() => 'committed'));
    expect(await liveKeys(fresh())).toEqual(files.map(({ key }) => key));
    expect(await fresh().snapshots()).toHaveLength(8);
  });

  test('removing the same file is a conflict for the second', async () => {
    const { interfering, table, other, fresh } = setUp();
    await other.commit(definition(), change('base', { addData: [a] }));
    beforeNextCreate(interfering, () => other.commit(definition(), change('o', { removeData: [a.key], addData: [b] })));
    const commit = await table.commit(definition(), change('mine', { removeData: [a.key], addData: [c] }));
    expect(commit).toMatchObject({ kind: 'conflict', reason: expect.stringContaining(`${a.key} is not in the table`) });
    expect(await liveKeys(fresh())).toEqual([b.key]);
  });

  test('deletes that come meanwhile on a file that is being replaced are a conflict', async () => {
    const { memory, interfering, table, other } = setUp();
    await other.commit(definition(), change('base', { addData: [a, b] }));
    const deletes = deleteFile(memory, 'del', a);
    beforeNextCreate(interfering, () => other.commit(definition(), change('o', { addDeletes: [deletes] })));
    const onA = await table.commit(definition(), change('m1', { removeData: [a.key], addData: [c] }));
    expect(onA).toMatchObject({ kind: 'conflict', reason: expect.stringContaining('has come to delete rows') });
    // The file beside it can be replaced.
    const onB = await table.commit(definition(), change('m2', { removeData: [b.key], addData: [c] }));
    expect(onB.kind).toBe('committed');
  });

  test('deletes that came since the change was planned are a conflict, though nobody races', async () => {
    const { memory, table, other } = setUp();
    await other.commit(definition(), change('base', { addData: [a, b] }));
    const planned = await table.load();
    if (planned?.snapshotId === undefined) throw new Error('no snapshot');
    const deletes = deleteFile(memory, 'del', a);
    await other.commit(definition(), change('o', { addDeletes: [deletes] }));
    const rewrite = { removeData: [a.key], addData: [c] };
    const stale = change('m1', { ...rewrite, baseSnapshotId: planned.snapshotId });
    expect((await table.commit(definition(), stale)).kind).toBe('conflict');
    const unknownBase = change('m2', { ...rewrite, baseSnapshotId: '5' });
    expect((await table.commit(definition(), unknownBase)).kind).toBe('conflict');
    const aware = change('m3', { ...rewrite, baseSnapshotId: planned.snapshotId, removeDeletes: [deletes.key] });
    expect((await table.commit(definition(), aware)).kind).toBe('committed');
  });

  test('deletes on a file that was replaced meanwhile are a conflict', async () => {
    const { memory, interfering, table, other } = setUp();
    await other.commit(definition(), change('base', { addData: [a, b, c] }));
    const replace = () => other.commit(definition(), change('o', { removeData: [b.key], addData: [dataFile('b2')] }));
    beforeNextCreate(interfering, replace);
    const spanning = change('mine', { addDeletes: [deleteFile(memory, 'del', a, c)] });
    expect(await table.commit(definition(), spanning)).toMatchObject({
      kind: 'conflict',
      reason: expect.stringContaining(`${b.key} has left the table`),
    });
    const gone = change('mine2', { addDeletes: [deleteFile(memory, 'del2', b)] });
    expect((await table.commit(definition(), gone)).kind).toBe('conflict');
  });

  test('a table that is dropped meanwhile is not made anew', async () => {
    const { interfering, table, other, fresh } = setUp();
    await other.commit(definition(), change('base', { addData: [a] }));
    beforeNextCreate(interfering, () => other.drop());
    const commit = await table.commit(definition(), change('mine', { addData: [b] }));
    expect(commit).toMatchObject({ kind: 'conflict', reason: expect.stringContaining('dropped') });
    expect(await fresh().load()).toBeUndefined();
  });

  test('a drop that loses a race drops what won', async () => {
    const { interfering, table, other, fresh } = setUp();
    await other.commit(definition(), change('base', { addData: [a] }));
    beforeNextCreate(interfering, () => other.commit(definition(), change('o', { addData: [b] })));
    await table.drop();
    expect(await fresh().load()).toBeUndefined();
  });

  test('whoever never wins gives up with proof that nothing happened', async () => {
    const { interfering, table, other, fresh } = setUp();
    let count = 0;
    interfering.onCreate = async (_key, create) => {
      await other.commit(definition(), change(`o${String(++count)}`));
      return await create();
    };
    expect((await table.commit(definition(), change('mine', { addData: [a] }))).kind).toBe('conflict');
    expect(await liveKeys(fresh())).toEqual([]);
    expect(count).toBe(10);
  });
});

describe('a lost answer', () => {
  const lost = new Error('timed out');

  test('after the create has landed: committed', async () => {
    const { interfering, table, fresh } = setUp();
    interfering.onCreate = async (_key, create) => {
      await create();
      throw lost;
    };
    const commit = await table.commit(definition(), change('mine', { addData: [a] }));
    expect(commit.kind).toBe('committed');
    expect(await fresh().snapshots()).toHaveLength(1);
  });

  test('after the create has landed, and was tried again inside the store: committed', async () => {
    const { interfering, table, fresh } = setUp();
    interfering.onCreate = async (_key, create) => {
      await create();
      return await create();
    };
    const commit = await table.commit(definition(), change('mine', { addData: [a] }));
    expect(commit.kind).toBe('committed');
    expect(await fresh().snapshots()).toHaveLength(1);
  });

  test('with nothing there: unknown, and a create that lands later counts once', async () => {
    const { interfering, table, fresh } = setUp();
    let land: (() => Promise<unknown>) | undefined;
    interfering.onCreate = async (_key, create) => {
      land = create;
      throw lost;
    };
    const job = change('mine', { addData: [a] });
    expect(await table.commit(definition(), job)).toEqual({ kind: 'unknown', cause: lost });
    expect(await fresh().findJob('mine')).toBeUndefined();
    // The first create lands while the job is being redone.
    beforeNextCreate(interfering, async () => land?.());
    expect((await table.commit(definition(), job)).kind).toBe('committed');
    expect(await liveKeys(fresh())).toEqual([a.key]);
    expect(await fresh().snapshots()).toHaveLength(1);
  });

  test('with the version unreadable: unknown', async () => {
    const { interfering, table, fresh } = setUp();
    interfering.onCreate = async (_key, create) => {
      await create();
      interfering.onGet = () => {
        throw new Error('the network is down');
      };
      throw lost;
    };
    const commit = await table.commit(definition(), change('mine', { addData: [a] }));
    expect(commit).toMatchObject({ kind: 'unknown', cause: { message: 'the network is down' } });
    await expect(table.findJob('mine')).rejects.toThrow('the network is down');
    expect((await fresh().findJob('mine'))?.operation).toBe('append');
  });

  test('with another writer in the version: tried again on top of it', async () => {
    const { interfering, table, other, fresh } = setUp();
    interfering.onCreate = async () => {
      interfering.onCreate = undefined;
      await other.commit(definition(), change('other', { addData: [b] }));
      throw lost;
    };
    expect((await table.commit(definition(), change('mine', { addData: [a] }))).kind).toBe('committed');
    expect(await liveKeys(fresh())).toEqual([a.key, b.key]);
  });

  test('of a drop: done when the tombstone is there, an error when it is not', async () => {
    const { interfering, table, fresh } = setUp();
    await table.commit(definition(), change('j1', { addData: [a] }));
    interfering.onCreate = async () => {
      throw lost;
    };
    await expect(table.drop()).rejects.toThrow('timed out');
    expect(await liveKeys(fresh())).toEqual([a.key]);
    interfering.onCreate = async (_key, create) => {
      await create();
      throw lost;
    };
    await table.drop();
    expect(await fresh().load()).toBeUndefined();
  });

  test('a hint that cannot be written does not fail the commit', async () => {
    const { interfering, table, fresh } = setUp();
    const put = interfering.store.put.bind(interfering.store);
    interfering.store.put = async (key, bytes) => {
      if (key.endsWith('version-hint.text')) throw lost;
      await put(key, bytes);
    };
    expect((await table.commit(definition(), change('mine', { addData: [a] }))).kind).toBe('committed');
    expect(await liveKeys(fresh())).toEqual([a.key]);
  });

  test('of what is written before the swap: the commit throws, and nothing has happened', async () => {
    const { interfering, table, fresh } = setUp();
    interfering.store.put = async () => {
      throw lost;
    };
    await expect(table.commit(definition(), change('mine', { addData: [a] }))).rejects.toThrow('timed out');
    expect(await fresh().load()).toBeUndefined();
  });
});
