import { crc32 } from 'node:zlib';
import { AlopexError, SqlState } from '../errors.ts';
import { decodeFrames, encodeFrame } from '../log/frame.ts';
import { readFramedFile } from '../log/framed-file.ts';
import { Mutex } from '../mutex.ts';
import type { AppendFile, FileSystem } from '../ports/file-system.ts';
import {
  applyEdit,
  editFromJson,
  editToJson,
  EMPTY_STATE,
  snapshotEdit,
  type Edit,
  type ManifestState,
} from './state.ts';

/** Written into every data directory; a higher one was written by a later AlopexDB. */
export const FORMAT_VERSION = 4;

/** The oldest that can be read. Its manifest is rewritten before anything is added, for the AlopexDB that wrote it would not know the edits. */
const OLDEST_FORMAT_VERSION = 2;

/** A manifest longer than this is rewritten as one snapshot edit when the database is opened. */
const REWRITE_BYTES = 1 << 20;

export interface Current {
  readonly formatVersion: number;
  readonly manifest: string;
}

/** The state of the database, and the way to change it. */
export interface ManifestEdits {
  readonly state: ManifestState;
  /** Why nothing more can be committed, if so. */
  readonly failure: unknown;
  commit(edit: Edit): Promise<ManifestState>;
}

/**
 * The append-only log of edits, and the only commit point of every change of files (invariant 3).
 * `<folder>/CURRENT` names the manifest file in use; it is replaced atomically when a new one takes over.
 */
export class Manifest implements ManifestEdits {
  readonly #folder: string;
  readonly #file: AppendFile;
  readonly #turns = new Mutex();
  #state: ManifestState;
  #failure: unknown;

  private constructor(folder: string, file: AppendFile, state: ManifestState) {
    this.#folder = folder;
    this.#file = file;
    this.#state = state;
  }

  static async open(fileSystem: FileSystem, folder: string): Promise<Manifest> {
    await fileSystem.makeFolder(folder);
    const current = await readCurrent(fileSystem, folder);
    let state = EMPTY_STATE;
    if (current !== undefined) {
      const path = `${folder}/${current.manifest}`;
      for (const payload of (await readFramedFile(fileSystem, path, true)).payloads) {
        state = applyEdit(state, editFromJson(new TextDecoder().decode(payload)));
      }
      // The names that a process that was killed has left may not be durable.
      await fileSystem.syncFolder(folder);
      const isOlder = current.formatVersion < FORMAT_VERSION;
      if (!isOlder && ((await fileSystem.size(path)) ?? 0) < REWRITE_BYTES) {
        return new Manifest(folder, await fileSystem.openAppend(path), state);
      }
    }
    return new Manifest(folder, await startFile(fileSystem, folder, current, state), state);
  }

  get state(): ManifestState {
    return this.#state;
  }

  /** Why nothing more can be committed, if so. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Makes an edit durable and current. A failure is final: whether the edit is durable is unknown until the manifest is read again. */
  commit(edit: Edit): Promise<ManifestState> {
    return this.#turns.run(() => this.#commit(edit));
  }

  async #commit(edit: Edit): Promise<ManifestState> {
    if (this.#failure !== undefined) throw this.#stopped();
    const next = applyEdit(this.#state, edit);
    try {
      await this.#file.appendDurably(encodeFrame([new TextEncoder().encode(editToJson(edit))])); // The commit point.
    } catch (error) {
      this.#failure = error;
      throw this.#stopped();
    }
    this.#state = next;
    return next;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #stopped(): AlopexError {
    return new AlopexError(SqlState.ioError, `the manifest in ${this.#folder} could not be written`, {
      hint: 'Free disk space or repair the disk, then open the database again; acknowledged commits are safe.',
      cause: this.#failure,
    });
  }
}

async function startFile(
  fileSystem: FileSystem,
  folder: string,
  previous: Current | undefined,
  state: ManifestState,
): Promise<AppendFile> {
  const number = previous === undefined ? 1 : manifestNumber(previous.manifest) + 1;
  const file = await writeManifest(fileSystem, folder, number, state);
  if (previous !== undefined) await fileSystem.remove(`${folder}/${previous.manifest}`);
  return file;
}

export function manifestNumber(name: string): number {
  return Number(name.slice('MANIFEST-'.length));
}

/** Writes a manifest file that holds the whole state, and makes it the current one. */
export async function writeManifest(
  fileSystem: FileSystem,
  folder: string,
  number: number,
  state: ManifestState,
): Promise<AppendFile> {
  const name = `MANIFEST-${String(number).padStart(6, '0')}`;
  const path = `${folder}/${name}`;
  // A crash may have left a half-written one that CURRENT never named.
  await fileSystem.remove(path);
  const file = await fileSystem.openAppend(path);
  try {
    await file.append(encodeFrame([new TextEncoder().encode(editToJson(snapshotEdit(state)))]));
    await file.sync();
    await fileSystem.syncFolder(folder);
    await fileSystem.writeFileAtomic(
      `${folder}/CURRENT`,
      encodeCurrent({ formatVersion: FORMAT_VERSION, manifest: name }),
    );
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** JSON, a space, and the JSON's CRC-32 in hexadecimal: readable by people, and a flipped bit shows. */
function encodeCurrent(current: Current): Uint8Array {
  const json = JSON.stringify(current);
  return new TextEncoder().encode(`${json} ${crc32(json).toString(16).padStart(8, '0')}\n`);
}

async function readCurrent(fileSystem: FileSystem, folder: string): Promise<Current | undefined> {
  const path = `${folder}/CURRENT`;
  if ((await fileSystem.size(path)) === undefined) {
    // A crash while the directory was made leaves one manifest without an edit; any other was in use.
    const orphans = (await fileSystem.list(folder)).filter((name) => name.startsWith('MANIFEST-'));
    const used =
      orphans.length > 1 || (orphans[0] !== undefined && (await hasEdits(fileSystem, `${folder}/${orphans[0]}`)));
    if (!used) return undefined;
    throw new AlopexError(SqlState.dataCorrupted, `${path} is missing, though there is a ${orphans[0]}`, {
      hint: 'Restore the file from a backup; nothing was changed.',
    });
  }
  return parseCurrent(folder, await fileSystem.readFile(path));
}

/** The content of `CURRENT` in a folder. Throws `XX001` when it is damaged, `0A000` when another version of AlopexDB wrote it. */
export function parseCurrent(folder: string, bytes: Uint8Array): Current {
  const path = `${folder}/CURRENT`;
  const text = new TextDecoder().decode(bytes);
  const match = /^(.*) ([0-9a-f]{8})\n$/.exec(text);
  if (match?.[1] === undefined || crc32(match[1]) !== Number.parseInt(match[2] ?? '', 16)) {
    throw new AlopexError(SqlState.dataCorrupted, `${path} is damaged: its checksum is wrong`, {
      hint: 'Restore the file from a backup; nothing was changed.',
    });
  }
  const current = JSON.parse(match[1]) as Current;
  if (current.formatVersion < OLDEST_FORMAT_VERSION) {
    throw new AlopexError(
      SqlState.featureNotSupported,
      `the data in ${folder} has format version ${current.formatVersion}, of a development version`,
      { hint: 'Copy its tables out with the AlopexDB that wrote it (COPY … TO), and into a new directory.' },
    );
  }
  if (current.formatVersion > FORMAT_VERSION) {
    throw new AlopexError(
      SqlState.featureNotSupported,
      `the data in ${folder} has format version ${current.formatVersion}; this AlopexDB reads up to ${FORMAT_VERSION}`,
      { hint: 'Open it with the newer AlopexDB that wrote it. Nothing was changed.' },
    );
  }
  return current;
}

/** Whether more than the opening snapshot was ever written. Only that of the first manifest is empty: a later one begins with all that there was. */
async function hasEdits(fileSystem: FileSystem, path: string): Promise<boolean> {
  return !path.endsWith('/MANIFEST-000001') || decodeFrames(await fileSystem.readFile(path)).payloads.length > 1;
}
