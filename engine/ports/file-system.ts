/** Local files, as core code sees them. Paths are absolute. Errors are Node's own, with their `code` (`ENOENT`, `ENOSPC`, …). */
export interface FileSystem {
  /** Opens for appending and creates the file if need be; `position` is where the next append goes. */
  openAppend(path: string): Promise<AppendFile>;
  /** The whole file; throws `ENOENT` when absent. */
  readFile(path: string): Promise<Uint8Array>;
  /** Reads the file front to back in pieces of about 1 MiB, for checksums. */
  readChunks(path: string): AsyncIterable<Uint8Array>;
  /** Writes a new file, fsyncs it, renames it into place and fsyncs the folder: all of it or nothing after a crash. */
  writeFileAtomic(path: string, bytes: Uint8Array): Promise<void>;
  /** Shortens a file and fsyncs it. */
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
  /** Makes everything appended so far durable. A failure is final: the caller must not retry (invariant 2). */
  sync(): Promise<void>;
  close(): Promise<void>;
}
