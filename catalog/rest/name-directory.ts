import { decoding } from '../damage.ts';
import { parseJson, stringifyJson } from '../json.ts';
import { MetadataObjects } from '../metadata-objects.ts';
import { type Pointer, PointerLog } from '../pointer.ts';
import { CATALOG_FOLDER } from '../transaction-decisions.ts';
import { type NameState, NO_NAMES } from './name-state.ts';
import type { RestCatalogOptions } from './ports.ts';
import { commitFailed } from './rest-error.ts';
import { swapPointer } from './table-log.ts';

interface NameFile extends NameState {
  readonly 'format-version': 1;
  /** Names of the files before this one that may still be there. */
  readonly former: readonly string[];
}

interface CurrentNames {
  readonly state: NameState;
  readonly former: readonly string[];
  /** Name of the file; `undefined` for none. */
  readonly file: string | undefined;
}

const MAX_ATTEMPTS = 20;
/** A reader that has just read a pointer finds its file, unless so many changes come in between. */
const KEPT_FILES = 32;

/**
 * All names of the catalog, in one file with one pointer: so each change of names (create, drop, rename) is one swap, and none is ever
 * half done. Files are whole states: the catalog is meant for thousands of tables, not for millions.
 */
export class NameDirectory {
  readonly #options: RestCatalogOptions;
  readonly #objects: MetadataObjects;
  readonly #pointers: PointerLog;

  constructor(options: RestCatalogOptions) {
    this.#options = options;
    this.#objects = new MetadataObjects(options.warehouse);
    const isTarget = (name: string): boolean => /^\d{5,}-[0-9a-f-]+\.names\.json$/.test(name);
    this.#pointers = new PointerLog(options.warehouse, this.#objects, CATALOG_FOLDER, isTarget);
  }

  async load(): Promise<NameState> {
    for (let attempt = 1; ; attempt++) {
      const { pointer } = await this.#pointers.current();
      try {
        return (await this.#read(pointer)).state;
      } catch (error) {
        // So many changes came meanwhile that the file is gone: then there is a later one.
        const isLatest = (await this.#pointers.current()).pointer?.version === pointer?.version;
        if (isLatest || attempt >= MAX_ATTEMPTS) throw error;
      }
    }
  }

  /** Changes the names in one step. `change` may run several times; what it throws is thrown. */
  async change(change: (state: NameState) => NameState): Promise<void> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const proposal = await this.propose(change);
      if (proposal === undefined) return;
      if ((await this.swap(proposal.pointer)) === 'committed') {
        await this.#removeFormer(proposal.gone);
        return;
      }
    }
    throw commitFailed(`${MAX_ATTEMPTS} other changes of names came first`);
  }

  /** Writes what the change makes of the names, without making it current; `undefined` when it changes nothing. */
  async propose(
    change: (state: NameState) => NameState,
    transaction?: string,
  ): Promise<{ pointer: Pointer; gone: readonly string[] } | undefined> {
    const { pointer, lastVersion } = await this.#pointers.settled();
    const { state, former, file } = await this.#read(pointer);
    const next = change(state);
    if (next === state) return undefined;
    const version = lastVersion + 1;
    const files = file === undefined ? former : [...former, file];
    const content: NameFile = { 'format-version': 1, ...next, former: files.slice(-KEPT_FILES) };
    const name = `${String(version).padStart(5, '0')}-${this.#options.random.uuid()}.names.json`;
    const { crc32 } = await this.#objects.write(this.#key(name), Buffer.from(stringifyJson(content)));
    return {
      pointer: { version, metadata: name, crc32, ...(transaction === undefined ? {} : { transaction }) },
      gone: files.slice(0, -KEPT_FILES),
    };
  }

  async swap(pointer: Pointer): Promise<'committed' | 'lost'> {
    return await swapPointer(this.#pointers, pointer);
  }

  async #read(pointer: Pointer | undefined): Promise<CurrentNames> {
    if (pointer === undefined || pointer.metadata === null || pointer.crc32 === null) {
      return { state: NO_NAMES, former: [], file: undefined };
    }
    const key = this.#key(pointer.metadata);
    const bytes = await this.#objects.read(key, this.#pointers.key(pointer.version), { crc32: pointer.crc32 });
    const { namespaces, tables, former } = decoding(key, () => decodeNames(bytes));
    return { state: { namespaces, tables }, former, file: pointer.metadata };
  }

  async #removeFormer(names: readonly string[]): Promise<void> {
    try {
      await this.#options.warehouse.delete(names.map((name) => this.#key(name)));
    } catch {
      // The change has happened; what stays is garbage of a few kilobytes.
    }
  }

  #key(name: string): string {
    return `${CATALOG_FOLDER}/${name}`;
  }
}

function decodeNames(bytes: Uint8Array): NameFile {
  const value = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as NameFile;
  const version: unknown = value['format-version'];
  if (version !== 1) throw new Error(`its format version is ${String(version)}, not 1`);
  return value;
}
