import type { Clock } from '../engine/ports/clock.ts';
import type { ColdCatalog, ColdTable } from '../engine/ports/cold-table.ts';
import type { ObjectStore } from '../engine/ports/object-store.ts';
import type { Random } from '../engine/ports/random.ts';
import { IcebergTable } from './iceberg-table.ts';

/** Iceberg tables in an object store, found by their folder and by nothing else. */
export class IcebergCatalog implements ColdCatalog {
  readonly #ports: { readonly store: ObjectStore; readonly clock: Clock; readonly random: Random };

  constructor(ports: { readonly store: ObjectStore; readonly clock: Clock; readonly random: Random }) {
    this.#ports = ports;
  }

  table(prefix: string, verify?: (key: string, bytes: Uint8Array) => void): ColdTable {
    return new IcebergTable({ ...this.#ports, prefix, ...(verify === undefined ? {} : { verify }) });
  }
}
