import type { Garbage } from '../commits.ts';
import type { CatalogState } from '../lsm/catalog-state.ts';
import type { KernelConnection } from '../ports/kernel.ts';
import type { Writer } from '../writer.ts';
import { Definitions, type Definition } from './definition.ts';
import { createKernelSequence, dropKernelSequence } from './sequences.ts';

/** The sequence of a column that is to become an IDENTITY column. */
export interface NewSequence {
  readonly columnId: number;
  readonly definition: Definition;
}

/** Makes the kernel's sequences, and the definitions that the edit of the table takes along. */
export async function ownSequences(
  connection: KernelConnection,
  tableId: number,
  sequences: readonly NewSequence[],
): Promise<{ readonly sequences?: readonly Definition[] }> {
  if (sequences.length === 0) return {};
  const owned = sequences.map(({ columnId, definition }) => ({ ...definition, ownedBy: { tableId, columnId } }));
  // One that a failure leaves here has a number that is given out again, and is replaced then.
  for (const definition of owned) await createKernelSequence(connection, definition, undefined);
  return { sequences: owned };
}

/** The definitions after an edit that may have brought or dropped sequences, and what the dropped ones leave in the kernel. */
export function definitionsAfter(
  writer: Writer,
  { definitions: kept }: CatalogState,
): { readonly definitions: Definitions; readonly garbage: Garbage[] } {
  const { definitions } = writer.latest;
  const gone = definitions.all.filter(({ kind, definitionId }) => kind === 'sequence' && !kept.has(definitionId));
  const isSame = gone.length === 0 && definitions.size === kept.size;
  return {
    definitions: isSame ? definitions : new Definitions(kept.values()),
    garbage: gone.map(
      ({ definitionId }) =>
        () =>
          dropKernelSequence(writer.maintenance, definitionId),
    ),
  };
}
