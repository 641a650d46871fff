/** A key as the tree has it begins with its keyspace's id, so that one tree holds all keyspaces. */
export const KEYSPACE_BYTES = 4;

/** Up to here, copying byte by byte is cheaper than a call. */
const SHORT_COPY_BYTES = 48;

/** Writes a key as the tree has it: the keyspace's id, big endian, and the user's bytes. */
export function writeStoredKey(into: Uint8Array, at: number, keyspaceId: number, key: Uint8Array): void {
  into[at] = keyspaceId >>> 24;
  into[at + 1] = keyspaceId >>> 16;
  into[at + 2] = keyspaceId >>> 8;
  into[at + 3] = keyspaceId;
  const start = at + KEYSPACE_BYTES;
  if (key.length <= SHORT_COPY_BYTES)
    for (let byte = 0; byte < key.length; byte++) into[start + byte] = key[byte] as number;
  else into.set(key, start);
}

/** Longer keys are rare. */
const LONGEST_REUSED_BYTES = 128;
/** One array for each length. */
const reused: (Uint8Array | undefined)[] = [];

/** As {@link storedKey}, in memory that the next call uses again: for look-ups, which keep nothing of a key. */
export function lookUpKey(keyspaceId: number, key: Uint8Array): Uint8Array {
  const length = KEYSPACE_BYTES + key.length;
  if (length > LONGEST_REUSED_BYTES) return storedKey(keyspaceId, key);
  const stored = (reused[length] ??= new Uint8Array(length));
  writeStoredKey(stored, 0, keyspaceId, key);
  return stored;
}

export function storedKey(keyspaceId: number, key: Uint8Array): Uint8Array {
  const stored = new Uint8Array(KEYSPACE_BYTES + key.length);
  writeStoredKey(stored, 0, keyspaceId, key);
  return stored;
}
