import type { RequestOptions } from '../../../engine/ports/object-store.ts';
import { MemoryObjectStore } from '../memory.ts';
import { StoreLayer, type RequestKind, type StoreRequest } from '../store-layer.ts';

/** What happens to the next request of a kind: it fails before the store has it, or after; or `wait` holds the answer back. */
export interface ScriptedFault {
  readonly kind: RequestKind;
  readonly before?: Error;
  readonly after?: Error;
  readonly wait?: Promise<unknown>;
  /** Runs when the store has done what it was asked, before the answer is lost. */
  readonly meanwhile?: () => Promise<unknown>;
}

/** A store in memory to which things happen as a test says, and which remembers what it was asked. */
export class ScriptedStore extends StoreLayer {
  readonly requests: StoreRequest[] = [];
  readonly script: ScriptedFault[] = [];
  /** Requests under way. */
  active = 0;
  mostActive = 0;

  /** What is below: nothing happens to requests that go there. */
  readonly memory: MemoryObjectStore;

  constructor() {
    const memory = new MemoryObjectStore();
    super(memory);
    this.memory = memory;
  }

  count(kind: RequestKind): number {
    return this.requests.filter((request) => request.kind === kind).length;
  }

  protected async around<T>(
    request: StoreRequest,
    options: RequestOptions,
    send: (options: RequestOptions) => Promise<T>,
  ): Promise<T> {
    this.requests.push(request);
    const index = this.script.findIndex(({ kind }) => kind === request.kind);
    const [fault] = index === -1 ? [] : this.script.splice(index, 1);
    this.active++;
    this.mostActive = Math.max(this.mostActive, this.active);
    try {
      await fault?.wait;
      if (fault?.before !== undefined) throw fault.before;
      const answer = await send(options);
      await fault?.meanwhile?.();
      if (fault?.after !== undefined) throw fault.after;
      return answer;
    } finally {
      this.active--;
    }
  }
}
