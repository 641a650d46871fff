/** So many values of a sequence are reserved at a time, but for sequences that do not have many left. */
const RESERVED_VALUES = 1024n;
/** At most this part of what is left is reserved. */
const RESERVED_PART = 16n;

/** The options of a sequence that say how it counts. */
export interface SequenceRange {
  readonly start: bigint;
  readonly increment: bigint;
  readonly minimum: bigint;
  readonly maximum: bigint;
}

/** The options of a sequence, out of the body of its definition. */
export function sequenceRange(body: string): SequenceRange {
  const match = /^START WITH (-?\d+) INCREMENT BY (-?\d+) MINVALUE (-?\d+) MAXVALUE (-?\d+) /.exec(body);
  if (match === null) throw new Error(`no sequence: ${body}`);
  const [start, increment, minimum, maximum] = match.slice(1).map(BigInt) as [bigint, bigint, bigint, bigint];
  return { start, increment, minimum, maximum };
}

/** Whether a value lies behind what is reserved. */
export function isBeyond(value: bigint, reserved: bigint | undefined, { increment }: SequenceRange): boolean {
  if (reserved === undefined) return true;
  return increment > 0n ? value > reserved : value < reserved;
}

/** Up to where to reserve when `last` is handed out. Few where few are left: what a crash skips is gone. */
export function boundToReserve(last: bigint, range: SequenceRange): bigint {
  const part = valuesLeft(last, range) / RESERVED_PART;
  return last + range.increment * (part < RESERVED_VALUES ? part : RESERVED_VALUES);
}

/** Where a sequence goes on when so many edits are lost, each of which may have reserved values. */
export function boundAfterLoss(body: string, reserved: bigint | undefined, edits: number): bigint {
  const range = sequenceRange(body);
  // A statement may have taken any number of values before its edit; a million for each is far more than most take.
  const skipped = BigInt(edits) * 1_000_000n;
  const last = reserved ?? range.start;
  const left = valuesLeft(last, range);
  return last + range.increment * (skipped < left ? skipped : left);
}

function valuesLeft(last: bigint, { increment, minimum, maximum }: SequenceRange): bigint {
  return ((increment > 0n ? maximum : minimum) - last) / increment;
}
