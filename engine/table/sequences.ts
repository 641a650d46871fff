import type { EngineContext } from '../context.ts';
import type { CatalogState } from '../lsm/catalog-state.ts';
import { Mutex } from '../mutex.ts';
import type { KernelConnection } from '../ports/kernel.ts';
import { quoteLiteral } from './data-type.ts';
import type { Definition } from './definition.ts';
import { STORE_DATABASE } from './kernel-tables.ts';
import { boundToReserve, isBeyond, sequenceRange, type SequenceRange } from './sequence-bounds.ts';

const PREFIX = 'seq_';

/** The kernel's name of a sequence, which all sessions share. It stays when the sequence is renamed or replaced. */
export function kernelSequence(definitionId: number): string {
  return `${STORE_DATABASE}.main.${PREFIX}${definitionId}`;
}

/** Makes the kernel's sequence. `reserved` is the last value that may have been handed out: it goes on after that. */
export async function createKernelSequence(
  connection: KernelConnection,
  { definitionId, body }: Definition,
  reserved: bigint | undefined,
): Promise<void> {
  const name = kernelSequence(definitionId);
  const options = reserved === undefined ? body : startingWith(body, reserved);
  await connection.run(`CREATE OR REPLACE SEQUENCE ${name} ${options}`);
  // A sequence cannot start beyond its end, where it may be.
  if (reserved !== undefined) await connection.run(`SELECT nextval(${quoteLiteral(name)})`);
}

/** What was reserved before the sequence was replaced can lie out of its range. */
function startingWith(body: string, value: bigint): string {
  const { minimum, maximum } = sequenceRange(body);
  const start = value < minimum ? minimum : value > maximum ? maximum : value;
  return body.replace(/^START WITH -?\d+/, `START WITH ${start}`);
}

export async function dropKernelSequence(connection: KernelConnection, definitionId: number): Promise<void> {
  await connection.run(`DROP SEQUENCE IF EXISTS ${kernelSequence(definitionId)}`);
}

/** The options of a sequence, all of them written out, as the kernel reads them. */
export async function readSequenceBody(connection: KernelConnection, typed: string): Promise<string> {
  const probe = '__alopex_sequence';
  await connection.run(`CREATE OR REPLACE TEMP SEQUENCE ${probe} ${typed}`);
  try {
    const [row] = await connection.rows(
      `SELECT start_value, increment_by, min_value, max_value, cycle FROM duckdb_sequences() WHERE temporary AND sequence_name = ${quoteLiteral(probe)}`,
    );
    const cycle = row?.['cycle'] === true ? 'CYCLE' : 'NO CYCLE';
    return `START WITH ${row?.['start_value']} INCREMENT BY ${row?.['increment_by']} MINVALUE ${row?.['min_value']} MAXVALUE ${row?.['max_value']} ${cycle}`;
  } finally {
    await connection.run(`DROP SEQUENCE IF EXISTS temp.main.${probe}`);
  }
}

/**
 * Keeps values of sequences from being handed out twice. The kernel counts in memory; before a value is told to anyone, the manifest says that it, and some more, may have
 * been. After a crash the sequence goes on behind those: values are skipped, and never repeated.
 */
export class SequenceBounds {
  readonly #context: EngineContext;
  readonly #turns = new Mutex();
  #connection: KernelConnection | undefined;

  constructor(context: EngineContext) {
    this.#context = context;
  }

  /** Makes the kernel's sequences, when the database is opened. */
  async open(connection: KernelConnection): Promise<void> {
    const { definitions, reserved } = this.#context.manifest.state.catalog;
    for (const definition of definitions.values()) {
      if (definition.kind !== 'sequence') continue;
      await createKernelSequence(connection, definition, reserved.get(definition.definitionId));
    }
  }

  /** To be called before values are told to anyone, or stored. Makes durable that they may have been handed out. */
  async reserve(): Promise<void> {
    await this.#turns.run(async () => {
      const { catalog } = this.#context.manifest.state;
      for (const { definitionId, reserved } of await this.#unreserved(catalog))
        await this.#write(definitionId, reserved);
    });
  }

  /** What has to be made durable before values of a catalog's sequences are told to anyone, or stored. */
  unreserved(catalog: CatalogState): Promise<Reservation[]> {
    return this.#turns.run(() => this.#unreserved(catalog));
  }

  async #unreserved(catalog: CatalogState): Promise<Reservation[]> {
    return (await this.#counters(catalog)).flatMap(({ definitionId, last, range }) =>
      isBeyond(last, catalog.reserved.get(definitionId), range)
        ? [{ definitionId, reserved: boundToReserve(last, range) }]
        : [],
    );
  }

  /** When the database is closed, in order: no value is skipped then. */
  async close(): Promise<void> {
    await this.#turns.run(async () => {
      try {
        // Nothing can be written any more, and nothing has to be: what is reserved holds.
        if (this.#context.manifest.failure !== undefined) return;
        const { catalog } = this.#context.manifest.state;
        for (const { definitionId, last } of await this.#counters(catalog)) {
          if (catalog.reserved.get(definitionId) !== last) await this.#write(definitionId, last);
        }
      } finally {
        this.#connection?.close();
        this.#connection = undefined;
      }
    });
  }

  /** Belongs to no commit, and needs no turn among them. */
  async #write(definitionId: number, reserved: bigint): Promise<void> {
    await this.#context.manifest.commit({ kind: 'reserve-sequence', definitionId, reserved });
  }

  /** Of the sequences that have handed out a value. */
  async #counters({ definitions }: CatalogState): Promise<Counter[]> {
    if (![...definitions.values()].some(({ kind }) => kind === 'sequence')) return [];
    this.#connection ??= await this.#context.kernel.connect();
    const rows = await this.#connection.rows(
      `SELECT sequence_name, last_value FROM duckdb_sequences() WHERE database_name = ${quoteLiteral(STORE_DATABASE)} AND last_value IS NOT NULL`,
    );
    return rows.flatMap((row) => {
      const definitionId = Number(String(row['sequence_name']).slice(PREFIX.length));
      const definition = definitions.get(definitionId);
      if (definition === undefined) return [];
      return [
        { definitionId, last: BigInt(row['last_value'] as bigint | number), range: sequenceRange(definition.body) },
      ];
    });
  }
}

/** Up to which value a sequence may have handed out all. */
export interface Reservation {
  readonly definitionId: number;
  readonly reserved: bigint;
}

interface Counter {
  readonly definitionId: number;
  readonly last: bigint;
  readonly range: SequenceRange;
}
