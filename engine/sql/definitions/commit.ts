import type { CatalogEdit } from '../../lsm/catalog-state.ts';
import { Definitions, type Definition } from '../../table/definition.ts';
import { tableGarbage, withoutTable } from '../../table/ddl.ts';
import { definitionsAfter } from '../../table/owned-sequences.ts';
import type { TableVersion } from '../../table/version.ts';
import type { Writer } from '../../writer.ts';

/** Adds a definition, or changes the one of the same id. `restarts` is for a sequence that is replaced. */
export async function putDefinition(writer: Writer, definition: Definition, restarts = false): Promise<void> {
  await commit(writer, (seq) => ({ kind: 'put-definition', seq, definition, ...(restarts ? { restarts } : {}) }), []);
}

/** Drops definitions, and the tables of schemas among them, in one edit. */
export async function dropDefinitions(
  writer: Writer,
  definitions: readonly Definition[],
  tables: readonly TableVersion[] = [],
): Promise<void> {
  const definitionIds = definitions.map(({ definitionId }) => definitionId);
  const tableIds = tables.map(({ tableId }) => tableId);
  await commit(writer, (seq) => ({ kind: 'drop-definitions', seq, definitionIds, tableIds }), tables);
}

async function commit(
  writer: Writer,
  editAt: (seq: number) => CatalogEdit,
  tables: readonly TableVersion[],
): Promise<void> {
  await writer.sequenced(async (seq) => {
    await writer.settle();
    // What tables leave is found while the manifest still has them.
    const left = tables.flatMap((table) => tableGarbage(writer, table));
    const { catalog } = await writer.context.manifest.commit(editAt(seq));
    const { garbage } = definitionsAfter(writer, catalog);
    const kept = tables.reduce((version, table) => withoutTable(version, seq, table), writer.latest);
    writer.accept({
      version: { ...kept, seq, definitions: new Definitions(catalog.definitions.values()) },
      durable: Promise.resolve(),
      garbage: [...left, ...garbage],
    });
  });
}
