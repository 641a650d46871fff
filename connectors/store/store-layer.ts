import type {
  ConditionalOptions,
  ObjectInfo,
  ObjectPage,
  ObjectStore,
  RequestOptions,
  VersionedObject,
} from '../../engine/ports/object-store.ts';
import { listPages } from './paging.ts';

/** What is asked of a store: one of its methods that go to the service. */
export type RequestKind = Exclude<keyof ObjectStore, 'uri' | 'list' | 'localPath' | 'close'>;

export interface StoreRequest {
  readonly kind: RequestKind;
  /** The object's key; the prefix of a page, the first key of a delete, the target of a copy. */
  readonly key: string;
  /** Bytes of the body, for those that have it in memory. */
  readonly sentBytes: number;
  /** Bytes that a range asks for. */
  readonly askedBytes?: number;
  /** The file that is uploaded. */
  readonly localPath?: string;
  /** Objects of a delete. */
  readonly keyCount?: number;
}

/** A store over another one, all of whose requests pass through `around`. A request that a layer repeats goes to `send` again. */
export abstract class StoreLayer implements ObjectStore {
  protected readonly inner: ObjectStore;

  constructor(inner: ObjectStore) {
    this.inner = inner;
  }

  protected abstract around<T>(
    request: StoreRequest,
    options: RequestOptions,
    send: (options: RequestOptions) => Promise<T>,
  ): Promise<T>;

  get uri(): string {
    return this.inner.uri;
  }

  get(key: string, options: RequestOptions = {}): Promise<Uint8Array | undefined> {
    return this.around({ kind: 'get', key, sentBytes: 0 }, options, (passed) => this.inner.get(key, passed));
  }

  getVersion(key: string, options: RequestOptions = {}): Promise<VersionedObject | undefined> {
    const request = { kind: 'getVersion', key, sentBytes: 0 } as const;
    return this.around(request, options, (passed) => this.inner.getVersion(key, passed));
  }

  getRange(key: string, offset: number, length: number, options: RequestOptions = {}): Promise<Uint8Array> {
    const request = { kind: 'getRange', key, sentBytes: 0, askedBytes: length } as const;
    return this.around(request, options, (passed) => this.inner.getRange(key, offset, length, passed));
  }

  head(key: string, options: RequestOptions = {}): Promise<ObjectInfo | undefined> {
    return this.around({ kind: 'head', key, sentBytes: 0 }, options, (passed) => this.inner.head(key, passed));
  }

  put(key: string, bytes: Uint8Array, options: RequestOptions = {}): Promise<void> {
    const request = { kind: 'put', key, sentBytes: bytes.length } as const;
    return this.around(request, options, (passed) => this.inner.put(key, bytes, passed));
  }

  create(key: string, bytes: Uint8Array, options: ConditionalOptions = {}): Promise<'created' | 'exists'> {
    const request = { kind: 'create', key, sentBytes: bytes.length } as const;
    return this.around(request, options, (passed) => this.inner.create(key, bytes, { ...options, ...passed }));
  }

  replace(
    key: string,
    bytes: Uint8Array,
    version: string,
    options: ConditionalOptions = {},
  ): Promise<'replaced' | 'changed'> {
    const request = { kind: 'replace', key, sentBytes: bytes.length } as const;
    return this.around(request, options, (passed) =>
      this.inner.replace(key, bytes, version, { ...options, ...passed }),
    );
  }

  putFile(key: string, localPath: string, options: RequestOptions = {}): Promise<void> {
    const request = { kind: 'putFile', key, sentBytes: 0, localPath } as const;
    return this.around(request, options, (passed) => this.inner.putFile(key, localPath, passed));
  }

  createFile(key: string, localPath: string, options: ConditionalOptions = {}): Promise<'created' | 'exists'> {
    const request = { kind: 'createFile', key, sentBytes: 0, localPath } as const;
    return this.around(request, options, (passed) => this.inner.createFile(key, localPath, { ...options, ...passed }));
  }

  copy(from: string, to: string, options: RequestOptions = {}): Promise<void> {
    return this.around({ kind: 'copy', key: to, sentBytes: 0 }, options, (passed) => this.inner.copy(from, to, passed));
  }

  list(prefix: string, options: RequestOptions = {}): AsyncIterable<ObjectInfo> {
    return listPages(this, prefix, options);
  }

  listPage(prefix: string, cursor?: string, options: RequestOptions = {}): Promise<ObjectPage> {
    const request = { kind: 'listPage', key: prefix, sentBytes: 0 } as const;
    return this.around(request, options, (passed) => this.inner.listPage(prefix, cursor, passed));
  }

  delete(keys: readonly string[], options: RequestOptions = {}): Promise<void> {
    const request = { kind: 'delete', key: keys[0] ?? '', sentBytes: 0, keyCount: keys.length } as const;
    return this.around(request, options, (passed) => this.inner.delete(keys, passed));
  }

  localPath(key: string): string | undefined {
    return this.inner.localPath(key);
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}

/** Bytes of objects in an answer. */
export function receivedBytes(answer: unknown): number {
  if (answer instanceof Uint8Array) return answer.length;
  if (typeof answer !== 'object' || answer === null || !('bytes' in answer)) return 0;
  return answer.bytes instanceof Uint8Array ? answer.bytes.length : 0;
}
