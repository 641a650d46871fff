/** What a part of the database holds: values by key, both as text. */
export type State = ReadonlyMap<string, string>;

/** The database has broken a promise. */
export class Violation extends Error {}

/** A part of the database that one task alone changes, one change at a time: so what it must hold is known at every moment, however many tasks there are. */
export class Partition {
  readonly name: string;
  readonly #mayBeGone: (value: string) => boolean;
  /** What has been acknowledged, oldest first; the last one holds now. */
  readonly #acknowledged: State[] = [new Map()];
  #pending: State | undefined;
  /** A change that failed. While the process lives it has not happened; after a restart it may have. */
  #doubtful: State | undefined;

  /** `mayBeGone` says of a value whether it may have expired: whether it is there or not, then, is all the same. */
  constructor(name: string, mayBeGone: (value: string) => boolean = () => false) {
    this.name = name;
    this.#mayBeGone = mayBeGone;
  }

  get state(): State {
    const state = this.#acknowledged.at(-1);
    if (state === undefined) throw new Error('a partition has a state at any time');
    return state;
  }

  /** A moment, to be given to `check` later. */
  get moment(): number {
    return this.#acknowledged.length - 1;
  }

  /** Checks what a reader saw that began at `since`: a state that held at some time since then, or one that was about to. */
  check(found: State, since: number, reader: string): void {
    const allowed = this.#acknowledged.slice(since);
    if (this.#pending !== undefined) allowed.push(this.#pending);
    if (allowed.some((state) => this.isSame(state, found))) return;
    const doubtful = this.#doubtful !== undefined && this.isSame(this.#doubtful, found);
    throw new Violation(
      `${reader} found in ${this.name} what ${doubtful ? 'a failed change would have made' : 'never was'}: ${difference(this.state, found)}`,
    );
  }

  isSame(left: State, right: State): boolean {
    return sameState(this.#lasting(left), this.#lasting(right));
  }

  #lasting(state: State): State {
    const gone = [...state].filter(([, value]) => this.#mayBeGone(value));
    if (gone.length === 0) return state;
    const lasting = new Map(state);
    for (const [key] of gone) lasting.delete(key);
    return lasting;
  }

  begin(next: State): void {
    this.#pending = next;
  }

  acknowledge(): void {
    if (this.#pending === undefined) throw new Error(`nothing is pending in ${this.name}`);
    this.#acknowledged.push(this.#pending);
    this.#pending = undefined;
    this.#doubtful = undefined;
  }

  fail(): void {
    this.#doubtful = this.#pending;
    this.#pending = undefined;
  }

  /** What a restart may leave of the change that was under way, if there was one. */
  get undecided(): State | undefined {
    return this.#pending ?? this.#doubtful;
  }

  /** Decides, after a restart, what has become of the undecided change. */
  settle(happened: boolean): void {
    const { undecided } = this;
    if (happened && undecided !== undefined) this.#acknowledged.push(undecided);
    this.#pending = undefined;
    this.#doubtful = undefined;
    this.#acknowledged.splice(0, this.#acknowledged.length - 1);
  }
}

/** Changes of several partitions that happen together or not at all. */
export type Change = ReadonlyMap<Partition, State>;

/** Everything that the database must hold. */
export class Model {
  readonly #undecided = new Set<Change>();

  /** Runs a change of the database, and keeps account of it. */
  async change(change: Change, run: () => Promise<unknown>): Promise<void> {
    for (const [partition, next] of change) partition.begin(next);
    this.#undecided.add(change);
    try {
      await run();
    } catch (error) {
      for (const partition of change.keys()) partition.fail();
      throw error;
    }
    for (const partition of change.keys()) partition.acknowledge();
    this.#undecided.delete(change);
  }

  /** The process lives and has answered a read: what failed before has not happened. */
  forget(partition: Partition): void {
    for (const change of this.#undecided) if (change.has(partition)) this.#undecided.delete(change);
  }

  /** Checks what is there after a restart, and takes undecided changes for done or not, as they turn out. With `settle` false it only checks. */
  recover(found: Change, settle: boolean): void {
    for (const change of this.#undecided) this.#checkTogether(change, found);
    for (const [partition, state] of found) {
      const { undecided } = partition;
      const happened = undecided !== undefined && partition.isSame(undecided, state);
      if (!happened && !partition.isSame(partition.state, state)) {
        throw new Violation(`${partition.name} is wrong after a restart: ${difference(partition.state, state)}`);
      }
      if (settle) partition.settle(happened);
    }
    if (settle) this.#undecided.clear();
  }

  #checkTogether(change: Change, found: Change): void {
    const changed = [...change].filter(([partition, next]) => !partition.isSame(partition.state, next));
    const happened = changed.filter(([partition, next]) => partition.isSame(found.get(partition) ?? new Map(), next));
    if (happened.length === 0 || happened.length === changed.length) return;
    const names = happened.map(([partition]) => partition.name).join(', ');
    throw new Violation(`a change of ${changed.length} partitions has happened in part: ${names}`);
  }
}

export function sameState(left: State, right: State): boolean {
  if (left.size !== right.size) return false;
  for (const [key, value] of left) if (right.get(key) !== value) return false;
  return true;
}

const SHOWN = 5;

function difference(expected: State, found: State): string {
  const lines: string[] = [];
  for (const key of new Set([...expected.keys(), ...found.keys()])) {
    const [want, have] = [expected.get(key) ?? 'absent', found.get(key) ?? 'absent'];
    if (want !== have) lines.push(`${key}: expected ${want}, found ${have}`);
  }
  const more = lines.length > SHOWN ? ` and ${lines.length - SHOWN} more` : '';
  return lines.slice(0, SHOWN).join('; ') + more;
}
