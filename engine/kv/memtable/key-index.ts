import type { ArenaView } from './arena.ts';
import { KEY_LENGTH, NODE_HEADER_BYTES, chunkOf, unitOf } from './layout.ts';

const FIRST_SLOTS = 1024;

/** From key to node: open addressing over pairs of (hash, node). Keys are never removed. */
export class KeyIndex {
  readonly #arena: ArenaView;
  /** Hash and node of every slot; node 0 means empty. */
  #slots: Int32Array;
  #mask: number;
  #count = 0;

  /** `expectedKeys`: there is room for about so many from the beginning. */
  constructor(arena: ArenaView, expectedKeys: number) {
    this.#arena = arena;
    let slots = FIRST_SLOTS;
    while (slots < expectedKeys) slots *= 2;
    this.#slots = new Int32Array(2 * slots);
    this.#mask = slots - 1;
  }

  get count(): number {
    return this.#count;
  }

  get sizeBytes(): number {
    return this.#slots.byteLength;
  }

  /** The node of a key, or 0. */
  find(key: Uint8Array, hash: number): number {
    return this.#slots[this.slotOf(key, 0, key.length, hash) + 1] as number;
  }

  /** Where the key `key[keyStart, keyEnd)` is, or where it would be put. Good until the next `insert`. */
  slotOf(key: Uint8Array, keyStart: number, keyEnd: number, hash: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    const wanted = hash | 0;
    for (let slot = wanted & mask; ; slot = (slot + 1) & mask) {
      const node = slots[2 * slot + 1] as number;
      if (node === 0 || (slots[2 * slot] === wanted && this.#isKey(node, key, keyStart, keyEnd))) return 2 * slot;
    }
  }

  nodeAt(slot: number): number {
    return this.#slots[slot + 1] as number;
  }

  /** Puts a new key's node into the slot that `slotOf` found empty. */
  insert(slot: number, hash: number, node: number): void {
    this.#slots[slot] = hash | 0;
    this.#slots[slot + 1] = node;
    this.#count++;
    // Linear probing stays short up to two thirds full.
    if (3 * this.#count > 2 * (this.#mask + 1)) this.#grow();
  }

  #grow(): void {
    const old = this.#slots;
    const slots = new Int32Array(2 * old.length);
    const mask = 2 * this.#mask + 1;
    for (let at = 0; at < old.length; at += 2) {
      const node = old[at + 1] as number;
      if (node === 0) continue;
      let slot = (old[at] as number) & mask;
      while (slots[2 * slot + 1] !== 0) slot = (slot + 1) & mask;
      slots[2 * slot] = old[at] as number;
      slots[2 * slot + 1] = node;
    }
    this.#slots = slots;
    this.#mask = mask;
  }

  #isKey(node: number, key: Uint8Array, keyStart: number, keyEnd: number): boolean {
    const chunk = chunkOf(this.#arena, node);
    const unit = unitOf(this.#arena, node);
    if (chunk.words[(unit << 1) + KEY_LENGTH] !== keyEnd - keyStart) return false;
    const bytes = chunk.bytes;
    const shift = (unit << 3) + NODE_HEADER_BYTES - keyStart;
    for (let at = keyEnd - 1; at >= keyStart; at--) if (bytes[shift + at] !== key[at]) return false;
    return true;
  }
}
