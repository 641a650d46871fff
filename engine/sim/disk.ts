import { MemoryContent, NativeContent, type Content, type NativeFolder } from './content.ts';
import type { FaultCounters } from './fault.ts';
import type { SeededRandom } from './random.ts';
import { tearBytes } from './tear.ts';

interface SimFile {
  readonly content: Content;
  /** Bytes that a power cut cannot touch. */
  syncedBytes: number;
  /** Where a failed sync dropped what was to be written: read back as written, gone after a power cut, whatever is synced later. */
  readonly dropped: { readonly from: number; readonly to: number }[];
  /** Where the zeros end that are reserved behind the content; not before its end if there are any. */
  reservedTo: number;
  /** What a power cut leaves of that: as far as it has been synced, or as it was before it was given back. */
  safeReserve: { readonly least: number; readonly most: number };
}

const NO_RESERVE = { least: 0, most: 0 };

/**
 * The disk of the simulated machine, with its cache: what has been written, and what of it is safe. Files grow, or are replaced whole. A change of a folder (a new
 * name, a removed one) is safe when the folder has been synced, each name by itself.
 */
export class SimDisk {
  /** Names as processes see them now. */
  readonly #current = new Map<string, SimFile>();
  /** Names that are on the disk itself. */
  readonly #durable = new Map<string, SimFile>();
  readonly #folders = new Set<string>();
  readonly #native: NativeFolder | undefined;
  readonly #counters: FaultCounters;

  constructor(counters: FaultCounters, native?: NativeFolder) {
    this.#counters = counters;
    this.#native = native;
  }

  /** Makes a folder and those above it. They are safe at once: the port's implementation syncs them. */
  makeFolder(path: string): void {
    this.#native?.makeFolder(path);
    for (let folder = path; folder !== ''; folder = parentOf(folder)) this.#folders.add(folder);
  }

  hasFolder(path: string): boolean {
    return this.#folders.has(path);
  }

  exists(path: string): boolean {
    return this.#find(path) !== undefined;
  }

  size(path: string): number | undefined {
    const file = this.#find(path);
    return file === undefined ? undefined : Math.max(file.content.sizeBytes, file.reservedTo);
  }

  /** Without what is reserved behind. */
  appendedSize(path: string): number {
    return this.#get(path).content.sizeBytes;
  }

  /** The bytes of a file, or `undefined` when absent. A view: do not change it. */
  bytes(path: string): Uint8Array | undefined {
    const file = this.#find(path);
    return file === undefined ? undefined : withZerosTo(file.content.bytes(), file.reservedTo);
  }

  /** Names in a folder, sorted. */
  list(path: string): string[] {
    this.#adoptAll();
    const names = new Set<string>();
    for (const entry of [...this.#current.keys(), ...this.#folders]) {
      if (entry.startsWith(`${path}/`)) names.add(entry.slice(path.length + 1).split('/')[0] ?? '');
    }
    return [...names].sort();
  }

  /** A new, empty file in the place of whatever has the name. */
  create(path: string): void {
    this.#setCurrent(path, this.#newFile(path, new Uint8Array(0)));
  }

  append(path: string, bytes: Uint8Array): void {
    this.#get(path).content.append(bytes);
  }

  /** Changes bytes of a file where they are: none of it is safe from there on. */
  writeAt(path: string, offset: number, bytes: Uint8Array): void {
    const file = this.#get(path);
    const changed = file.content.bytes().slice();
    changed.set(bytes, offset);
    file.content.replace(changed);
    file.syncedBytes = Math.min(file.syncedBytes, offset);
  }

  /** Writes a new file, syncs it, and renames it into place; the rename is not safe yet. */
  replace(path: string, bytes: Uint8Array): void {
    const file = this.#newFile(path, bytes);
    file.syncedBytes = bytes.length;
    this.#setCurrent(path, file);
  }

  truncate(path: string, sizeBytes: number): void {
    const file = this.#get(path);
    settleReserve(file, file.reservedTo);
    file.content.replace(file.content.bytes().slice(0, sizeBytes));
    file.syncedBytes = Math.min(file.syncedBytes, sizeBytes);
  }

  /** Whoever opens a file for appending goes on behind everything that is there. */
  reopen(path: string): void {
    const file = this.#get(path);
    settleReserve(file, file.reservedTo);
  }

  /** Makes a file longer by zeros, where later appends go. */
  reserve(path: string, sizeBytes: number, isSafe: boolean): void {
    const file = this.#get(path);
    file.reservedTo = Math.max(file.reservedTo, file.content.sizeBytes) + sizeBytes;
    const { reservedTo, safeReserve } = file;
    file.safeReserve = { least: isSafe ? reservedTo : safeReserve.least, most: reservedTo };
  }

  /** Gives back what is reserved; if that is not safe, it may come back. */
  release(path: string, isSafe: boolean): void {
    const file = this.#get(path);
    file.reservedTo = 0;
    file.safeReserve = isSafe ? NO_RESERVE : { least: 0, most: file.safeReserve.most };
    if (isSafe) this.syncFile(path);
  }

  syncFile(path: string): void {
    const file = this.#get(path);
    file.syncedBytes = file.content.sizeBytes;
  }

  /** Writes the same bytes once more and syncs them: what a failed sync had dropped is safe now. */
  rewrite(path: string): void {
    this.#get(path).dropped.length = 0;
    this.syncFile(path);
  }

  /** A sync that fails: the cache forgets that there is anything to write. */
  dropUnsynced(path: string): void {
    const file = this.#get(path);
    const to = file.content.sizeBytes;
    if (to > file.syncedBytes) file.dropped.push({ from: file.syncedBytes, to });
  }

  syncFolder(path: string): void {
    this.#adoptAll();
    for (const name of new Set([...this.#current.keys(), ...this.#durable.keys()])) {
      if (parentOf(name) === path || this.#isBelowRemovedFolder(name, path)) this.#syncEntry(name);
    }
  }

  remove(path: string): void {
    if (this.exists(path)) this.#setCurrent(path, undefined);
  }

  removeFolder(path: string): void {
    this.#adoptAll();
    for (const name of this.#current.keys()) if (name.startsWith(`${path}/`)) this.#setCurrent(name, undefined);
    for (const folder of this.#folders) {
      if (folder === path || folder.startsWith(`${path}/`)) this.#folders.delete(folder);
    }
  }

  /** Files whose bytes and name are all safe, sorted: what can rot. */
  syncedFiles(): string[] {
    const safe = [...this.#current].filter(
      ([path, file]) =>
        this.#durable.get(path) === file && file.syncedBytes === file.content.sizeBytes && file.reservedTo === 0,
    );
    return safe.flatMap(([path, file]) => (file.content.sizeBytes > 0 ? path : [])).sort();
  }

  /** Flips one bit of a file at rest. */
  flipBit(path: string, bit: number): void {
    const file = this.#get(path);
    const bytes = file.content.bytes().slice();
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    file.content.replace(bytes);
  }

  /** The power fails: of what was not safe, anything may be left. */
  powerCut(random: SeededRandom): void {
    this.#adoptAll();
    for (const path of [...new Set([...this.#current.keys(), ...this.#durable.keys()])].sort()) {
      this.#settleEntry(path, random);
    }
    for (const file of this.#current.values()) this.#tear(file, random);
  }

  #settleEntry(path: string, random: SeededRandom): void {
    const current = this.#current.get(path);
    const durable = this.#durable.get(path);
    if (current === durable) return;
    const keepsChange = random.chance(0.5);
    this.#counters.count(keepsChange ? 'unsynced folder entry kept' : 'unsynced folder entry lost');
    if (!keepsChange) {
      this.#setCurrent(path, durable);
      if (durable !== undefined) this.#restoreFolders(path);
    }
    this.#syncEntry(path);
  }

  #tear(file: SimFile, random: SeededRandom): void {
    const size = file.content.sizeBytes;
    if (size > file.syncedBytes || file.dropped.length > 0) {
      const written = file.content.bytes().slice();
      for (const { from, to } of file.dropped) written.fill(0, from, to);
      const torn = tearBytes(written, Math.min(file.syncedBytes, size), random);
      this.#counters.count(`unsynced bytes: ${torn.tear}`);
      file.content.replace(torn.bytes);
    }
    const { least, most } = file.safeReserve;
    if (most > 0) {
      this.#counters.count('reserved space after a power cut');
      settleReserve(file, random.between(least, most));
    }
    file.syncedBytes = file.content.sizeBytes;
    file.dropped.length = 0;
  }

  #find(path: string): SimFile | undefined {
    const known = this.#current.get(path);
    if (known !== undefined) return known;
    if (this.#native?.holds(path) === true && this.#native.size(path) !== undefined) this.#adopt(this.#native, path);
    return this.#current.get(path);
  }

  /** Native code writes files without telling. */
  #adoptAll(): void {
    if (this.#native === undefined) return;
    for (const path of this.#native.paths()) if (!this.#current.has(path)) this.#adopt(this.#native, path);
  }

  #adopt(native: NativeFolder, path: string): void {
    this.#current.set(path, newSimFile(new NativeContent(native, path)));
  }

  #get(path: string): SimFile {
    const file = this.#find(path);
    if (file === undefined) throw Object.assign(new Error(`ENOENT: no such file, ${path}`), { code: 'ENOENT' });
    return file;
  }

  /** Not in place yet. */
  #newFile(path: string, bytes: Uint8Array): SimFile {
    if (this.#native?.holds(path) !== true) return newSimFile(new MemoryContent(bytes));
    const limbo = this.#native.limbo();
    this.#native.write(limbo, bytes);
    return newSimFile(new NativeContent(this.#native, limbo));
  }

  #setCurrent(path: string, file: SimFile | undefined): void {
    const before = this.#find(path);
    if (before === file) return;
    if (before !== undefined) {
      if (this.#durable.get(path) === before) before.content.detach();
      else before.content.dispose();
    }
    if (file === undefined) {
      this.#current.delete(path);
    } else {
      file.content.attach(path);
      this.#current.set(path, file);
    }
  }

  #syncEntry(path: string): void {
    const current = this.#current.get(path);
    const durable = this.#durable.get(path);
    if (current === durable) return;
    durable?.content.dispose();
    if (current === undefined) this.#durable.delete(path);
    else this.#durable.set(path, current);
  }

  /** Once a folder's removal is safe, so is that of all in it. */
  #isBelowRemovedFolder(name: string, parent: string): boolean {
    if (!name.startsWith(`${parent}/`)) return false;
    const child = `${parent}/${name.slice(parent.length + 1).split('/')[0]}`;
    return child !== name && !this.#folders.has(child);
  }

  #restoreFolders(path: string): void {
    this.makeFolder(parentOf(path));
  }
}

function newSimFile(content: Content): SimFile {
  return { content, syncedBytes: 0, dropped: [], reservedTo: 0, safeReserve: NO_RESERVE };
}

/** What was reserved up to `to` is a part of the file as any other from here on. */
function settleReserve(file: SimFile, to: number): void {
  const bytes = file.content.bytes();
  if (to > bytes.length) file.content.replace(withZerosTo(bytes, to));
  file.reservedTo = 0;
  file.safeReserve = NO_RESERVE;
}

function withZerosTo(bytes: Uint8Array, to: number): Uint8Array {
  if (to <= bytes.length) return bytes;
  const longer = new Uint8Array(to);
  longer.set(bytes);
  return longer;
}

export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
