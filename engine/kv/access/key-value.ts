import { AlopexError, SqlState } from '../../errors.ts';
import { bytesCodec, jsonCodec, textCodec, type Codec, type KeyEncoding, type ValueEncoding } from './encoding.ts';
import { checkKeyspaceName, Keyspace } from './keyspace.ts';
import type { KvTree } from './kv-tree.ts';
import { DEFAULT_KEYSPACE } from './store-tree.ts';

type KeyOf<E extends KeyEncoding> = E extends 'text' ? string : Uint8Array;
type ValueOf<E extends ValueEncoding> = E extends 'json' ? unknown : E extends 'text' ? string : Uint8Array;

export interface KeyspaceOptions<K extends KeyEncoding, V extends ValueEncoding> {
  /** How `scan` hands out keys; bytes when absent. */
  readonly keyEncoding?: K;
  /** How values are stored and handed out; bytes when absent. `json` values can be anything that JSON can say. */
  readonly valueEncoding?: V;
}

const KEY_CODECS: Readonly<Record<KeyEncoding, Codec<unknown>>> = { bytes: bytesCodec, text: textCodec };
const VALUE_CODECS: Readonly<Record<ValueEncoding, Codec<unknown>>> = {
  bytes: bytesCodec,
  text: textCodec,
  json: jsonCodec,
};

/** Keys and values in named keyspaces; itself the keyspace `default`, in bytes. */
export class KeyValue extends Keyspace {
  readonly #tree: KvTree;

  constructor(tree: KvTree) {
    super(tree, DEFAULT_KEYSPACE.name, { keys: bytesCodec, values: bytesCodec });
    this.#tree = tree;
  }

  /**
   * A keyspace, which comes into being with its first key.
   *
   * ```ts
   * const sessions = db.kv.keyspace('sessions', { keyEncoding: 'text', valueEncoding: 'json' });
   * await sessions.put('a7', { user: 1 }, { ttlMs: 3_600_000 });
   * ```
   */
  keyspace<K extends KeyEncoding = 'bytes', V extends ValueEncoding = 'bytes'>(
    name: string,
    options: KeyspaceOptions<K, V> = {},
  ): Keyspace<KeyOf<K>, ValueOf<V>> {
    checkKeyspaceName(name);
    return new Keyspace(this.#tree, name, {
      keys: codec(KEY_CODECS, options.keyEncoding) as Codec<KeyOf<K>>,
      values: codec(VALUE_CODECS, options.valueEncoding) as Codec<ValueOf<V>>,
    });
  }
}

function codec(codecs: Readonly<Record<string, Codec<unknown>>>, name = 'bytes'): Codec<unknown> | undefined {
  if (Object.hasOwn(codecs, name)) return codecs[name];
  throw new AlopexError(SqlState.invalidParameter, `there is no encoding ${JSON.stringify(name)} here`, {
    hint: `The encodings are ${Object.keys(codecs).join(', ')}.`,
  });
}
