/** A cache line: a key's bits are all in one, so that a look-up waits for memory once. */
export const LINE_BYTES = 64;
/** So that `hash × lines` is exact; 128 MiB, a hundred million keys. */
const MAX_LINES = 2 ** 21;
const GOLDEN = 0x9e3779b1;

/** How many bits to set for a key: a little less than the ln 2 × bits per key of a filter that is not divided in lines. */
export function filterProbes(bitsPerKey: number): number {
  return Math.max(1, Math.min(30, Math.floor(bitsPerKey * 0.69)));
}

/** The filter over the first `count` hashes; empty when there are none or `bitsPerKey` is 0. */
export function buildFilter(hashes: Uint32Array, count: number, bitsPerKey: number): Uint8Array {
  if (count === 0 || bitsPerKey === 0) return new Uint8Array(0);
  const filter = new Uint8Array(filterBytes(count, bitsPerKey));
  const lines = filter.length / LINE_BYTES;
  const probes = filterProbes(bitsPerKey);
  for (let at = 0; at < count; at++) {
    let hash = hashes[at] as number;
    const line = lineOf(hash, lines);
    for (let probe = 0; probe < probes; probe++) {
      hash = Math.imul(hash, GOLDEN);
      const bit = hash >>> 23;
      const place = line + (bit >>> 3);
      filter[place] = (filter[place] as number) | (1 << (bit & 7));
    }
  }
  return filter;
}

/** The size that {@link buildFilter} gives. */
export function filterBytes(count: number, bitsPerKey: number): number {
  return Math.min(MAX_LINES, Math.ceil((count * bitsPerKey) / (LINE_BYTES * 8))) * LINE_BYTES;
}

/** False: no entry has a key with this hash. An empty filter excludes nothing. */
export function filterMayContain(filter: Uint8Array, probes: number, hash: number): boolean {
  const lines = filter.length / LINE_BYTES;
  if (lines === 0) return true;
  const line = lineOf(hash, lines);
  let mixed = hash;
  for (let probe = 0; probe < probes; probe++) {
    mixed = Math.imul(mixed, GOLDEN);
    const bit = mixed >>> 23;
    if (((filter[line + (bit >>> 3)] as number) & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}

function lineOf(hash: number, lines: number): number {
  return Math.floor((hash * lines) / 2 ** 32) * LINE_BYTES;
}
