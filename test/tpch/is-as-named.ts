import type { AlopexSide } from '../differential/test-support/alopex-side.ts';
import type { Dataset, SuiteName } from './dataset.ts';
import type { LayoutName } from './layout.ts';
import { tablePlan } from './table-plan.ts';

/** What does not fit the layout's name, or nothing: queries over rows that are elsewhere would prove something else. */
export async function isAsNamed(
  name: LayoutName,
  suite: SuiteName,
  dataset: Dataset,
  alopex: AlopexSide,
): Promise<string | undefined> {
  for (const { name: table, columns, rowCount } of dataset.tables) {
    const found = await alopex.placement(table);
    const { rows, hotRows, coldRows, hotFiles, coldFiles } = found;
    const { coldBefore, change } = tablePlan(suite, table, columns);
    const whole = name !== 'split-changed' || change === undefined;
    // One in a hundred rows is deleted, give or take what chance does in small tables.
    const complete = whole ? rows === rowCount : rows < rowCount && rows > rowCount * 0.9;
    const split = coldBefore !== undefined && hotRows > 0.1 * rows && coldRows > 0.1 * rows && coldFiles > 1;
    const placed: Readonly<Record<LayoutName, boolean>> = {
      hot: coldFiles === 0 && hotRows === rows,
      cold: hotFiles === 0 && coldRows === rows,
      split: coldBefore === undefined ? hotRows === rows : split,
      'split-changed': coldBefore === undefined ? hotRows === rows : split,
      'small-segments': hotRows === rows && (rowCount < 1000 || hotFiles >= 20),
    };
    if (!complete || !placed[name]) return `${table}: ${JSON.stringify(found)}`;
  }
  return undefined;
}
