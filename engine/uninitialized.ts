/**
 * Bytes with any content, to be written before they are read. Small pieces share memory: one with memory of its own, filled with zeros, costs more than a commit of one key
 * otherwise does.
 */
export function uninitialized(length: number): Uint8Array {
  const { buffer, byteOffset } = Buffer.allocUnsafe(length);
  return new Uint8Array(buffer, byteOffset, length);
}
