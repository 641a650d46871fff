/** Local files, as core code sees them. Paths are absolute. Errors are Node's own, with their `code` (`ENOENT`, `ENOSPC`, …). */
export interface FileSystem {
  /** Opens for appending and creates the file if need be; `position` is where the next append goes. */
  openAppend(path: string): Promise<AppendFile>;
  /**
   * Opens a finished file for positioned reads. It and its reads are synchronous: a read that the operating system has in memory costs a few
   * microseconds, a tenth of a trip to another thread and back.
   */
  openRead(path: string): ReadFile;
  /**
   * Opens a file of `sizeBytes` to be written in any place, and makes it, a hole throughout, if need be. Nothing of it is durable, and what a crash leaves may be anything:
   * whoever uses it checks what is read back.
   */
  openSparse(path: string, sizeBytes: number): Promise<SparseFile>;
  /** The whole file; throws `ENOENT` when absent. */
  readFile(path: string): Promise<Uint8Array>;
  /** Reads the file front to back in pieces of about 1 MiB, for checksums. */
  readChunks(path: string): AsyncIterable<Uint8Array>;
  /** Writes a new file, fsyncs it, renames it into place and fsyncs the folder: all of it or nothing after a crash. */
  writeFileAtomic(path: string, bytes: Uint8Array): Promise<void>;
  /**
   * Shortens a file, writes once more what is left, and fsyncs it. After a failed fsync the cache of the operating system may hold as written what is
   * not on the disk: another fsync alone would not change that.
   */
  truncate(path: string, sizeBytes: number): Promise<void>;
  /** Fsyncs a file that another writer (the kernel) has finished. */
  syncFile(path: string): Promise<void>;
  /** Fsyncs a folder, so that creates, renames and removes in it survive a crash. */
  syncFolder(path: string): Promise<void>;
  makeFolder(path: string): Promise<void>;
  /** Names in a folder, sorted; an absent folder is empty. */
  list(path: string): Promise<string[]>;
  /** Size in bytes, or `undefined` when absent. */
  size(path: string): Promise<number | undefined>;
  /** Removes a file; absent is not an error. */
  remove(path: string): Promise<void>;
  /** Removes a folder and all below it; absent is not an error. */
  removeFolder(path: string): Promise<void>;
}

/** A file that only grows. */
export interface AppendFile {
  /** Bytes in the file, those appended so far included. */
  readonly sizeBytes: number;
  append(bytes: Uint8Array): Promise<void>;
  /**
   * `append` within the call: what the operating system takes into its memory costs a few microseconds, a tenth of a trip to another thread and back. Absent where files
   * have no such calls. Only while no other call is under way.
   */
  appendNow?(bytes: Uint8Array): void;
  /** `append` and `sync` in one, in one trip to the operating system where it can: the cost of a small commit is that of its trips. */
  appendDurably(bytes: Uint8Array): Promise<void>;
  /**
   * `appendDurably` within the call, which holds up everything else in the process until the disk has answered. Absent where files have no such calls. Only while no other
   * call is under way.
   */
  appendDurablyNow?(bytes: Uint8Array): void;
  /**
   * Makes the file `sizeBytes` longer than it is, by zeros, durably: what is appended there later does not change the size of the file, which saves a disk half of the work.
   * Other appends may go on meanwhile. Returns whether it has been done: where there is no room for it the file can be used as before. `sizeBytes` of the file stays what it
   * was, but whoever reads the file finds the zeros behind what was appended, until `release`. Absent where it would not help.
   */
  reserve?(sizeBytes: number): Promise<boolean>;
  /** Gives back what of the reserved space is not used, durably: the file ends where the last append does. Only while no other call is under way. */
  release?(): Promise<void>;
  /** Makes everything appended so far durable. A failure is final: the caller must not retry (invariant 2). */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** A file with holes. Calls may overlap in time. */
export interface SparseFile {
  write(offset: number, bytes: Uint8Array): Promise<void>;
  /** Zeros where nothing was written; fewer bytes only at the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A file that does not change any more. */
export interface ReadFile {
  /**
   * Bytes `[offset, offset + length)`; fewer only at the end of the file; they stay as they are. `into`, of at least `length` bytes, may be filled and a view of it returned,
   * which saves an allocation (a third of the cost of reading a block that the operating system has in memory).
   */
  read(offset: number, length: number, into?: Uint8Array): Uint8Array;
  close(): void;
}
