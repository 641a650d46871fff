import type { Anomaly, AnomalyKind } from './history.ts';

/** One transaction comes before another: it wrote what the other overwrote (ww) or read (wr), or read what the other overwrote (rw). */
export interface Dependency {
  readonly from: number;
  readonly to: number;
  readonly kind: 'ww' | 'wr' | 'rw';
  readonly key: string;
}

type Kind = Dependency['kind'];

/** The dependencies between transactions, in which an order of all of them would leave no cycle. */
export class DependencyGraph {
  readonly #edges: Dependency[] = [];
  readonly #from = new Map<number, Dependency[]>();

  add(edge: Dependency): void {
    if (edge.from === edge.to) return;
    this.#edges.push(edge);
    const known = this.#from.get(edge.from);
    if (known === undefined) this.#from.set(edge.from, [edge]);
    else known.push(edge);
  }

  /** One anomaly for each edge that closes a cycle, of the worst kind that it closes. */
  cycles(): Anomaly[] {
    return this.#edges.flatMap((edge) => this.#worst(edge) ?? []);
  }

  #worst(edge: Dependency): Anomaly | undefined {
    if (edge.kind === 'ww') return this.#closed('G0', edge, this.#path(edge, ['ww']));
    if (edge.kind === 'wr') return this.#closed('G1c', edge, this.#path(edge, ['ww', 'wr']));
    return (
      this.#closed('G-single', edge, this.#path(edge, ['ww', 'wr'])) ??
      this.#closed('G-nonadjacent', edge, this.#path(edge, ['ww', 'wr', 'rw'], true)) ??
      this.#closed('G2', edge, this.#path(edge, ['ww', 'wr', 'rw']))
    );
  }

  #closed(kind: AnomalyKind, first: Dependency, rest: readonly Dependency[] | undefined): Anomaly | undefined {
    if (rest === undefined) return undefined;
    const cycle = [first, ...rest];
    const steps = cycle.map(({ from, to, kind, key }) => `${from} -${kind} ${key}-> ${to}`);
    return { kind, transactions: cycle.map(({ from }) => from), explanation: steps.join(', ') };
  }

  /** Edges of some kinds from the end of `closing` back to its start; `apart`: with no two rw edges one after the other, `closing` among them. Breadth first. */
  #path(closing: Dependency, kinds: readonly Kind[], apart = false): Dependency[] | undefined {
    interface Step {
      readonly at: number;
      readonly edge: Dependency | undefined;
      readonly before: Step | undefined;
      readonly afterRw: boolean;
    }
    const start: Step = { at: closing.to, edge: undefined, before: undefined, afterRw: closing.kind === 'rw' };
    const seen = new Set<string>();
    const queue = [start];
    for (let step = queue.shift(); step !== undefined; step = queue.shift()) {
      if (step.at === closing.from && step.edge !== undefined && !(apart && step.afterRw)) {
        const path: Dependency[] = [];
        for (let back: Step | undefined = step; back?.edge !== undefined; back = back.before) path.unshift(back.edge);
        return path;
      }
      for (const edge of this.#from.get(step.at) ?? []) {
        const isRw = edge.kind === 'rw';
        if (!kinds.includes(edge.kind) || (apart && isRw && step.afterRw)) continue;
        const state = `${edge.to} ${apart && isRw}`;
        if (seen.has(state)) continue;
        seen.add(state);
        queue.push({ at: edge.to, edge, before: step, afterRw: isRw });
      }
    }
    return undefined;
  }
}
