/**
 * Where cold files live. Keys are relative, `/`-separated, without a leading slash.
 * Contract, run against every implementation by `connectors/store/object-store.suite.ts`:
 * - an object is all there or not there: no reader sees half of one;
 * - what was acknowledged is durable;
 * - `create` succeeds for exactly one of any number of racing callers;
 * - deleting what is absent is not an error;
 * - `list` returns keys in ascending byte order and sees every object that was acknowledged before the call.
 */
export interface ObjectStore {
  /** Base address without a trailing slash, such as `file:///data/warehouse`; `uri + '/' + key` names an object. */
  readonly uri: string;
  /** The whole object, or `undefined` when absent. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** Bytes `[offset, offset + length)`; shorter only at the end of the object. Throws `58P01` when absent. */
  getRange(key: string, offset: number, length: number): Promise<Uint8Array>;
  head(key: string): Promise<ObjectInfo | undefined>;
  /** Writes, replacing what is there. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Writes only if the key is free. `exists` is proof that somebody's object is there (it may be one's own, after a lost answer). */
  create(key: string, bytes: Uint8Array): Promise<'created' | 'exists'>;
  /** Uploads a local file with bounded memory, replacing what is there. */
  putFile(key: string, localPath: string): Promise<void>;
  list(prefix: string): AsyncIterable<ObjectInfo>;
  delete(keys: readonly string[]): Promise<void>;
  /** A path under which the kernel can read the object in place, where there is one. */
  localPath(key: string): string | undefined;
}

export interface ObjectInfo {
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}
