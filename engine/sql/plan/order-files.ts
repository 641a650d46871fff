import { compareBounds } from '../../table/bound-text.ts';
import type { Bound } from '../../table/bound.ts';
import type { DataFile } from '../../table/data-file.ts';
import type { TableVersion } from '../../table/version.ts';
import type { TopRows } from './order-by.ts';
import { bindOperand, canDecide, type FileTest } from './prune.ts';

/** A file and where its values begin and end, in the order that is wanted. */
interface Placed {
  readonly file: DataFile;
  readonly near: Bound | undefined;
  readonly far: Bound | undefined;
  /** Rows that are sure to have a value and to be there. */
  readonly sureRows: number;
  readonly isAllNull: boolean;
  readonly mayHaveNull: boolean;
}

/** The files of a table by the values of the column that decides the order first. */
export class OrderedFiles {
  readonly #top: TopRows;
  readonly #sign: number;
  readonly #placed: readonly Placed[];

  private constructor(top: TopRows, placed: readonly Placed[]) {
    this.#top = top;
    this.#sign = top.descending ? -1 : 1;
    this.#placed = placed;
  }

  /** `undefined` when the bounds of the column do not order as its values. */
  static of(top: TopRows, table: TableVersion, files: readonly DataFile[]): OrderedFiles | undefined {
    const operand = bindOperand({ path: [top.column], conversions: [] }, table.schema);
    if (operand === undefined || !canDecide('<', operand.type)) return undefined;
    const placed = files.map((file): Placed => {
      const stats = file.stats.get(operand.leaf.id);
      const { lower, upper } = stats === undefined ? { lower: undefined, upper: undefined } : operand.range(stats);
      const [near, far] = top.descending ? [upper, lower] : [lower, upper];
      const deleted = table.deletedRows.get(file.fileId) ?? 0;
      return {
        file,
        near,
        far,
        sureRows: file.rowCount - (stats?.nullCount ?? file.rowCount) - deleted,
        isAllNull: stats?.nullCount === file.rowCount,
        mayHaveNull: stats?.nullCount !== 0,
      };
    });
    return new OrderedFiles(top, placed);
  }

  /** The value up to which files of which every row matches are sure to hold all rows that are wanted. */
  sureLimit(matches: FileTest): Bound | undefined {
    const sure = this.#placed.flatMap(({ file, far, sureRows }) =>
      far === undefined || sureRows <= 0 || !matches(file) ? [] : [{ far, sureRows }],
    );
    sure.sort((a, b) => this.#sign * compareBounds(a.far, b.far));
    let rows = 0;
    for (const { far, sureRows } of sure) {
      rows += sureRows;
      if (rows >= this.#top.wanted) return far;
    }
    return undefined;
  }

  /** What can hold a row up to a value, that one included, as further columns may decide; and nulls that come first. */
  upTo(limit: Bound): readonly DataFile[] {
    return this.#placed.filter((placed) => this.#mayBeWithin(placed, limit)).map(({ file }) => file);
  }

  /** Files in the order of where their values begin; first those of which that is not known. */
  inOrder(): readonly DataFile[] {
    const withValues = this.#placed.filter(({ isAllNull }) => !isAllNull);
    withValues.sort((a, b) => {
      if (a.near === undefined || b.near === undefined)
        return Number(a.near !== undefined) - Number(b.near !== undefined);
      return this.#sign * compareBounds(a.near, b.near);
    });
    return withValues.map(({ file }) => file);
  }

  #mayBeWithin({ near, isAllNull, mayHaveNull }: Placed, limit: Bound): boolean {
    if (this.#top.nullsFirst && mayHaveNull) return true;
    return !isAllNull && (near === undefined || this.#sign * compareBounds(near, limit) <= 0);
  }
}
