import { contentProblem, namedFiles, type NamedFile } from '../check/data-files.ts';
import { applyEdit, type Edit } from '../lsm/state.ts';
import type { FileSystem } from '../ports/file-system.ts';
import type { RepairPlan } from './repair-plan.ts';

/**
 * Drops hot segments that are damaged or missing. A delete file is dropped only with `acceptResurrectedRows`: without it, rows that were deleted are there again, and nobody
 * would see that.
 */
export async function planDataFiles(
  fileSystem: FileSystem,
  dataDir: string,
  plan: RepairPlan,
  acceptResurrectedRows: boolean,
): Promise<void> {
  for (const file of namedFiles(plan.state)) {
    const problem = await contentProblem(fileSystem, `${dataDir}/${file.name}`, file);
    if (problem === undefined) continue;
    const { kind, table, name, rowCount } = file;
    const rows = `${rowCount} ${rowCount === 1 ? 'row' : 'rows'}`;
    if (kind === 'segment') {
      const action = `dropped; its ${rows} of table "${table.name}" are lost, those included that were deleted since`;
      plan.items.push({ outcome: 'lost', file: name, problem, action });
    } else if (kind !== 'delete file') {
      const action = `dropped, with all past versions of table "${table.name}"`;
      plan.items.push({ outcome: 'lost', file: name, problem, action });
    } else if (acceptResurrectedRows) {
      const action = `dropped; up to ${rows} of table "${table.name}" that were deleted or replaced are there again`;
      plan.items.push({ outcome: 'lost', file: name, problem, action });
    } else {
      const action = `left, and the database does not open: without it up to ${rows} of table "${table.name}" that were deleted or replaced would be there again`;
      plan.items.push({ outcome: 'left', file: name, problem, action });
      continue;
    }
    plan.state = applyEdit(plan.state, dropEdit(plan.state.seq, file));
    if (problem !== 'it is missing') plan.removals.push(name);
  }
}

function dropEdit(seq: number, { kind, table, fileId }: NamedFile): Edit {
  return {
    kind: 'change-files',
    seq,
    tableId: table.tableId,
    addSegments: [],
    removeSegments: kind === 'segment' ? [fileId] : [],
    addDeleteFiles: [],
    removeDeleteFiles: kind === 'delete file' ? [fileId] : [],
  };
}
