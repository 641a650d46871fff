import type { KvState } from '../lsm/kv-state.ts';

const MAX_BYTES = 64;

/** A key of the tree as people read it: `default:abc`; one that is not UTF-8 text in hexadecimal after `\x`, a long one cut short. */
export function keyText(state: KvState, key: Uint8Array): string {
  if (key.length < 4) return `(${hex(key)})`;
  const id = new DataView(key.buffer, key.byteOffset, 4).getUint32(0);
  const name = id === 0 ? 'default' : (state.keyspaces.find((keyspace) => keyspace.id === id)?.name ?? String(id));
  return `${name}:${bytesText(key.subarray(4))}`;
}

function bytesText(bytes: Uint8Array): string {
  if (bytes.length > MAX_BYTES) return `${hex(bytes.subarray(0, MAX_BYTES))}…`;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return hex(bytes);
  }
}

function hex(bytes: Uint8Array): string {
  return `\\x${Buffer.from(bytes).toString('hex')}`;
}
