import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryObjectStore } from '../../connectors/store/memory.ts';
import { InterferingStore, SeededRandom } from '../test-support/fixtures.ts';
import { type Client, failure, serve } from './test-support/client.ts';
import { append, SCHEMA } from './test-support/metadata.ts';

const TABLES = ['a', 'b', 'c'];

/** A store with three tables, and a process that serves it alone. */
async function setUp(): Promise<{
  memory: MemoryObjectStore;
  interfering: InterferingStore;
  ask: Client;
  other: Client;
}> {
  const memory = new MemoryObjectStore();
  const interfering = new InterferingStore(memory);
  const other = serve({ store: memory, seed: 2 });
  await other('POST', '/v1/namespaces', { namespace: ['ns'] });
  for (const name of TABLES) await other('POST', '/v1/namespaces/ns/tables', { name, schema: SCHEMA });
  return { memory, interfering, ask: serve({ store: interfering.store, seed: 1 }), other };
}

async function history(ask: Client, name: string): Promise<number[]> {
  const { json } = await ask('GET', `/v1/namespaces/ns/tables/${name}`);
  const { snapshots } = json['metadata'] as { snapshots: { 'snapshot-id': number }[] };
  return snapshots.map((snapshot) => snapshot['snapshot-id']);
}

/** A change that adds one snapshot, and wants to follow the current one. */
async function change(ask: Client, name: string, id: number): Promise<{ requirements: object[]; updates: object[] }> {
  const { json } = await ask('GET', `/v1/namespaces/ns/tables/${name}`);
  const metadata = json['metadata'] as { refs: { main?: { 'snapshot-id': number } }; 'last-sequence-number': number };
  const current = metadata.refs.main?.['snapshot-id'];
  return {
    requirements: [{ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': current ?? null }],
    updates: append(id, metadata['last-sequence-number'] + 1, current),
  };
}

const identifier = (name: string): object => ({ namespace: ['ns'], name });

async function transaction(ask: Client, names: readonly string[], id: number): Promise<number> {
  const changes = await Promise.all(
    names.map(async (name) => ({ identifier: identifier(name), ...(await change(ask, name, id)) })),
  );
  return (await ask('POST', '/v1/transactions/commit', { 'table-changes': changes })).status;
}

describe('a commit', () => {
  const setValue = [{ action: 'set-properties', updates: { mine: '1' } }];

  test('that others have overtaken is done anew on theirs', async () => {
    const { interfering, ask, other } = await setUp();
    interfering.onCreate = async (_key, create) => {
      interfering.onCreate = undefined;
      await other('POST', '/v1/namespaces/ns/tables/a', { updates: append(5, 1) });
      return await create();
    };
    const { status, json } = await ask('POST', '/v1/namespaces/ns/tables/a', { updates: setValue });
    expect(status).toBe(200);
    expect(json['metadata']).toMatchObject({ 'current-snapshot-id': 5, properties: { mine: '1' } });
  });

  test('whose requirement others have broken has not happened', async () => {
    const { interfering, ask, other } = await setUp();
    const mine = await change(ask, 'a', 1);
    interfering.onCreate = async (_key, create) => {
      interfering.onCreate = undefined;
      await other('POST', '/v1/namespaces/ns/tables/a', { updates: append(5, 1) });
      return await create();
    };
    const response = await ask('POST', '/v1/namespaces/ns/tables/a', mine);
    expect(failure(response)).toMatchObject({ code: 409, type: 'CommitFailedException' });
    expect(await history(other, 'a')).toEqual([5]);
  });

  test('whose answer was lost is found to have happened', async () => {
    const { interfering, ask, other } = await setUp();
    interfering.onCreate = async (_key, create) => {
      interfering.onCreate = undefined;
      await create();
      throw new Error('the answer was lost');
    };
    expect((await ask('POST', '/v1/namespaces/ns/tables/a', await change(ask, 'a', 1))).status).toBe(200);
    expect(await history(other, 'a')).toEqual([1]);
  });

  test('of which nobody can tell is unknown', async () => {
    const { interfering, ask } = await setUp();
    interfering.onCreate = async () => {
      throw new Error('the request was lost');
    };
    const response = await ask('POST', '/v1/namespaces/ns/tables/a', { updates: setValue });
    expect(failure(response)).toMatchObject({ code: 500, type: 'CommitStateUnknownException' });
    expect(ask.errors).toHaveLength(1);
  });

  test('to a table that is dropped at the same time fails', async () => {
    const { interfering, ask, other } = await setUp();
    interfering.onCreate = async (_key, create) => {
      interfering.onCreate = undefined;
      await other('DELETE', '/v1/namespaces/ns/tables/a');
      return await create();
    };
    expect((await ask('POST', '/v1/namespaces/ns/tables/a', { updates: setValue })).status).toBe(404);
  });
});

describe('a transaction', () => {
  test('changes all of its tables', async () => {
    const { ask, other } = await setUp();
    expect(await transaction(ask, ['a', 'b'], 7)).toBe(204);
    expect(await transaction(other, ['b', 'c'], 8)).toBe(204);
    expect(await Promise.all(TABLES.map((name) => history(ask, name)))).toEqual([[7], [7, 8], [8]]);
  });

  test('makes tables too, or none of them', async () => {
    const { ask, other } = await setUp();
    const updates = [
      { action: 'add-schema', schema: { ...SCHEMA, 'identifier-field-ids': [] } },
      { action: 'set-current-schema', 'schema-id': -1 },
      { action: 'add-spec', spec: { fields: [] } },
      { action: 'set-default-spec', 'spec-id': -1 },
      { action: 'add-sort-order', 'sort-order': { fields: [] } },
      { action: 'set-default-sort-order', 'sort-order-id': -1 },
    ];
    const made = (name: string): object => ({
      identifier: identifier(name),
      requirements: [{ type: 'assert-create' }],
      updates: [...updates, { action: 'set-location', location: `memory://test/ns/${name}` }],
    });
    const withChange = async (names: string[], id: number): Promise<number> => {
      const changes = [...names.map(made), { identifier: identifier('a'), ...(await change(ask, 'a', id)) }];
      return (await ask('POST', '/v1/transactions/commit', { 'table-changes': changes })).status;
    };
    expect(await withChange(['x', 'y'], 1)).toBe(204);
    expect(await withChange(['z', 'b'], 2)).toBe(409);
    const { json } = await other('GET', '/v1/namespaces/ns/tables');
    expect((json['identifiers'] as { name: string }[]).map(({ name }) => name)).toEqual(['a', 'b', 'c', 'x', 'y']);
    expect(await history(other, 'a')).toEqual([1]);
    expect(await transaction(other, ['x', 'c'], 3)).toBe(204);
  });

  test('with one requirement that does not hold changes nothing', async () => {
    const { ask, other } = await setUp();
    const stale = await change(ask, 'b', 2);
    await other('POST', '/v1/namespaces/ns/tables/b', { updates: append(1, 1) });
    const changes = [
      { identifier: identifier('a'), ...(await change(ask, 'a', 2)) },
      { identifier: identifier('b'), ...stale },
    ];
    expect((await ask('POST', '/v1/transactions/commit', { 'table-changes': changes })).status).toBe(409);
    expect(await history(other, 'a')).toEqual([]);
  });

  test('that dies before its decision has not happened, and is in nobody’s way', async () => {
    const { interfering, ask, other } = await setUp();
    interfering.onCreate = async (key, create) => {
      if (key.includes('/transactions/')) return await new Promise(() => undefined);
      return await create();
    };
    void transaction(ask, ['a', 'b'], 1);
    await expect.poll(async () => await pending(interfering)).toBe(2);
    expect(await history(other, 'a')).toEqual([]);
    expect((await other('POST', '/v1/namespaces/ns/tables/a', await change(other, 'a', 2))).status).toBe(200);
    expect(await history(other, 'a')).toEqual([2]);
    expect(await history(other, 'b')).toEqual([]);
  });

  test('whose decision another has made before it is done anew', async () => {
    const { interfering, ask, other } = await setUp();
    interfering.onCreate = async (key, create) => {
      if (!key.includes('/transactions/')) return await create();
      interfering.onCreate = undefined;
      await other('POST', '/v1/namespaces/ns/tables/b', {
        updates: [{ action: 'set-properties', updates: { x: 'y' } }],
      });
      return await create();
    };
    expect(await transaction(ask, ['a', 'b'], 1)).toBe(204);
    expect(await Promise.all(['a', 'b'].map((name) => history(other, name)))).toEqual([[1], [1]]);
    expect((await other('GET', '/v1/namespaces/ns/tables/b')).json['metadata']).toMatchObject({
      properties: { x: 'y' },
    });
  });

  test('whose decision was lost on the way back has happened; on the way there it is unknown', async () => {
    const { interfering, ask, other } = await setUp();
    const loseDecision = (happens: boolean): void => {
      interfering.onCreate = async (key, create) => {
        if (!key.includes('/transactions/')) return await create();
        if (happens) await create();
        throw new Error('lost');
      };
    };
    loseDecision(true);
    expect(await transaction(ask, ['a', 'b'], 1)).toBe(204);
    loseDecision(false);
    expect(await transaction(ask, ['a', 'b'], 2)).toBe(500);
    interfering.onCreate = undefined;
    expect(await transaction(other, ['a', 'b'], 3)).toBe(204);
    expect(await Promise.all(['a', 'b'].map((name) => history(other, name)))).toEqual([
      [1, 3],
      [1, 3],
    ]);
  });

  test.each<[string, object[], number]>([
    [
      'names a table twice',
      [
        { identifier: identifier('a'), updates: [] },
        { identifier: identifier('a'), updates: [] },
      ],
      400,
    ],
    ['names no table', [{ updates: [] }], 400],
    ['has an update that nobody knows', [{ identifier: identifier('a'), updates: [{ action: 'x' }] }], 400],
    ['has a table that is not there', [{ identifier: identifier('no'), requirements: [], updates: [] }], 404],
  ])('that %s is refused', async (_what, changes, status) => {
    const { ask } = await setUp();
    expect((await ask('POST', '/v1/transactions/commit', { 'table-changes': changes })).status).toBe(status);
  });
});

/** Pointer versions that are part of a transaction. */
async function pending({ store }: InterferingStore): Promise<number> {
  let count = 0;
  for await (const { key } of store.list('alopex-catalog/tables/')) {
    const bytes = await store.get(key);
    if (Buffer.from(bytes ?? []).includes('"pending"')) count++;
  }
  return count;
}

/** What a process that is badly connected may meet at each conditional create. */
type Trouble = 'none' | 'request lost' | 'answer lost' | 'process dies';

describe('property', () => {
  test('commits of many processes, which lose requests and answers and die, are all or nothing, once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1_000_000 }), async (seed) => {
        const { memory, other } = await setUp();
        const random = new SeededRandom(seed);
        const below = (limit: number): number => (random.bytes(1)[0] ?? 0) % limit;
        const outcomes: { id: number; tables: readonly string[]; status: number | 'died' }[] = [];
        const worker = async (number: number): Promise<void> => {
          const interfering = new InterferingStore(memory);
          const life = { isOver: false };
          interfering.onCreate = async (_key, create) => {
            for (let pause = below(4); pause > 0; pause--) await Promise.resolve();
            const trouble = (['request lost', 'answer lost', 'process dies'] satisfies Trouble[])[below(24)] ?? 'none';
            if (trouble === 'process dies') life.isOver = true;
            if (life.isOver || trouble === 'request lost') throw new Error('lost');
            const outcome = await create();
            if (trouble === 'answer lost') throw new Error('lost');
            return outcome;
          };
          interfering.onGet = () => {
            if (life.isOver) throw new Error('dead');
          };
          const ask = serve({ store: interfering.store, seed: seed * 10 + number });
          for (let step = 0; step < 4 && !life.isOver; step++) {
            const id = 1 + number * 100 + step;
            const tables = TABLES.filter(() => below(2) === 0);
            if (tables.length === 0) continue;
            const run = async (): Promise<number> => {
              const [only] = tables;
              if (tables.length > 1 || only === undefined) return await transaction(ask, tables, id);
              return (await ask('POST', `/v1/namespaces/ns/tables/${only}`, await change(ask, only, id))).status;
            };
            const status = await run().catch(() => 'died' as const);
            outcomes.push({ id, tables, status: life.isOver ? 'died' : status });
          }
        };
        await Promise.all([0, 1, 2, 3].map(worker));
        // Somebody comes later, and writes on: what was undecided is decided by that.
        expect(await transaction(other, TABLES, 9999)).toBe(204);
        const histories = new Map<string, number[]>();
        for (const name of TABLES) histories.set(name, await history(other, name));
        for (const { id, tables, status } of outcomes) {
          const found = tables.filter((name) => histories.get(name)?.includes(id));
          expect(found.length === 0 || found.length === tables.length, `${id} in all of its tables or none`).toBe(true);
          if (status === 200 || status === 204) expect(found, `${id} was acknowledged`).toEqual(tables);
          if (status === 409) expect(found, `${id} was refused`).toEqual([]);
        }
        for (const ids of histories.values()) expect(new Set(ids).size).toBe(ids.length);
      }),
      { seed: 20261123, numRuns: 40 },
    );
  });
});
