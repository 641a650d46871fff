/** Places of fields in the tables of Arrow's `Message.fbs`. */
const MESSAGE_HEADER = 2;
const MESSAGE_BODY_LENGTH = 3;
const BATCH_LENGTH = 0;
const BATCH_NODES = 1;
const BATCH_BUFFERS = 2;

/** A column's node and a buffer are two 64-bit numbers each. */
const PAIR_BYTES = 16;

export interface BatchFigures {
  readonly rowCount: number;
  /** By column. */
  readonly nullCounts: readonly number[];
  /** Bytes of each buffer, before padding to a multiple of 8. */
  readonly sizes: readonly number[];
  readonly bodyBytes: number;
}

/**
 * The metadata of a record batch as a form to fill in. It is a FlatBuffer in which every figure has its place whatever its value, so that of two batches of the same columns only the figures differ. The
 * form is one that Arrow's library has written, of a batch with one row.
 */
export class BatchSlots {
  readonly #form: Uint8Array;
  readonly #bodyLength: number;
  readonly #rowCount: number;
  readonly #nodes: number;
  readonly #buffers: number;

  constructor(form: Uint8Array) {
    this.#form = form;
    const view = new DataView(form.buffer, form.byteOffset, form.byteLength);
    // After the mark and the length.
    const message = reference(view, 8);
    const batch = reference(view, field(view, message, MESSAGE_HEADER));
    this.#bodyLength = field(view, message, MESSAGE_BODY_LENGTH);
    this.#rowCount = field(view, batch, BATCH_LENGTH);
    this.#nodes = reference(view, field(view, batch, BATCH_NODES)) + 4;
    this.#buffers = reference(view, field(view, batch, BATCH_BUFFERS)) + 4;
  }

  get length(): number {
    return this.#form.length;
  }

  write(target: Uint8Array, { rowCount, nullCounts, sizes, bodyBytes }: BatchFigures): void {
    target.set(this.#form);
    const view = new DataView(target.buffer, target.byteOffset, target.byteLength);
    // The upper halves are zero in the form, and stay so.
    view.setUint32(this.#bodyLength, bodyBytes, true);
    view.setUint32(this.#rowCount, rowCount, true);
    for (let column = 0; column < nullCounts.length; column++) {
      view.setUint32(this.#nodes + column * PAIR_BYTES, rowCount, true);
      view.setUint32(this.#nodes + column * PAIR_BYTES + 8, nullCounts[column] ?? 0, true);
    }
    let start = 0;
    for (let buffer = 0; buffer < sizes.length; buffer++) {
      const size = sizes[buffer] ?? 0;
      view.setUint32(this.#buffers + buffer * PAIR_BYTES, start, true);
      view.setUint32(this.#buffers + buffer * PAIR_BYTES + 8, size, true);
      start += (size + 7) & ~7;
    }
  }
}

/** Where an offset that stands at `at` leads. */
function reference(view: DataView, at: number): number {
  return at + view.getUint32(at, true);
}

/** Where a field of a table is; throws when the form leaves it out. */
function field(view: DataView, table: number, number: number): number {
  const vtable = table - view.getInt32(table, true);
  const offset = 4 + number * 2 < view.getUint16(vtable, true) ? view.getUint16(vtable + 4 + number * 2, true) : 0;
  if (offset === 0) throw new TypeError(`the form of a record batch has no field ${number}`);
  return table + offset;
}
