/**
 * Where cold files live. Keys are relative, `/`-separated, without a leading slash.
 * Contract, run against every implementation by `connectors/store/object-store.suite.ts`:
 * - an object is all there or not there: no reader sees half of one;
 * - what was acknowledged is durable, and every later read and list sees it;
 * - `create` succeeds for exactly one of any number of racing callers, and so does `replace` of one version;
 * - deleting what is absent is not an error;
 * - pages of a list, one after the other, hold keys in ascending byte order (only within each page, where keys have characters beyond U+FFFF).
 *
 * A write that throws may have taken place or may yet. Whoever writes one key by both `put` and `replace` at the same time gets one of the two; which one is not told.
 */
export interface ObjectStore {
  /** Base address without a trailing slash, such as `file:///data/warehouse`; `uri + '/' + key` names an object. */
  readonly uri: string;
  /** The whole object, or `undefined` when absent. */
  get(key: string, options?: RequestOptions): Promise<Uint8Array | undefined>;
  /** The whole object with its version, read in one step; for `replace`. */
  getVersion(key: string, options?: RequestOptions): Promise<VersionedObject | undefined>;
  /** Bytes `[offset, offset + length)`; shorter only at the end of the object. Throws `58P01` when absent. */
  getRange(key: string, offset: number, length: number, options?: RequestOptions): Promise<Uint8Array>;
  head(key: string, options?: RequestOptions): Promise<ObjectInfo | undefined>;
  /** Writes, replacing what is there. */
  put(key: string, bytes: Uint8Array, options?: RequestOptions): Promise<void>;
  /** Writes only if the key is free. `exists` is proof that somebody's object is there (it may be one's own, after a lost answer). */
  create(key: string, bytes: Uint8Array, options?: ConditionalOptions): Promise<'created' | 'exists'>;
  /** Writes only if the object still has this version. `changed` is proof that it has another one or is gone. */
  replace(
    key: string,
    bytes: Uint8Array,
    version: string,
    options?: ConditionalOptions,
  ): Promise<'replaced' | 'changed'>;
  /** Uploads a local file with bounded memory, replacing what is there. */
  putFile(key: string, localPath: string, options?: RequestOptions): Promise<void>;
  /** `create` from a local file, with bounded memory. */
  createFile(key: string, localPath: string, options?: ConditionalOptions): Promise<'created' | 'exists'>;
  /** Copies within the store without bringing the bytes here, replacing what is there. Throws `58P01` when `from` is absent. */
  copy(from: string, to: string, options?: RequestOptions): Promise<void>;
  /** All objects whose keys begin with `prefix`, in ascending byte order of keys. */
  list(prefix: string, options?: RequestOptions): AsyncIterable<ObjectInfo>;
  /** Some of them, as one request gives; `cursor` is the `next` of the page before. A page may be empty and not the last. */
  listPage(prefix: string, cursor?: string, options?: RequestOptions): Promise<ObjectPage>;
  delete(keys: readonly string[], options?: RequestOptions): Promise<void>;
  /** A path under which the kernel can read the object in place, where there is one. */
  localPath(key: string): string | undefined;
  /** Lets go of connections. Requests under way may fail; later ones do. */
  close(): Promise<void>;
}

export interface RequestOptions {
  /** Ends the request early: it fails with the signal's reason, and a write may have taken place all the same. */
  readonly signal?: AbortSignal;
}

export interface ConditionalOptions extends RequestOptions {
  /**
   * Names this write among all others (a UUID) and is stored with the object, where a store can: by it a writer that got no answer recognizes its own object. Letters, digits
   * and hyphens. Made up when absent.
   */
  readonly token?: string;
}

export interface ObjectInfo {
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** Opaque, and another one after every write of the object: an ETag, a generation. */
  readonly version: string;
  /** The token of the conditional write that made the object, where the store tells it; pages of lists often do not. */
  readonly token?: string;
}

export interface VersionedObject {
  readonly bytes: Uint8Array;
  readonly version: string;
}

export interface ObjectPage {
  readonly objects: readonly ObjectInfo[];
  /** Where the next page begins; absent on the last one. */
  readonly next?: string;
}
