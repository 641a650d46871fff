import { AlopexError, SqlState } from '../../errors.ts';
import type { Parameters } from '../../ports/kernel.ts';
import type { TableWriter } from '../../writer.ts';
import { parseCopyLoad } from '../parse/parse-copy.ts';
import type { CopyFromStatement } from '../parse/statement.ts';
import { loadCopied } from './copy-load.ts';
import { addStaged } from './insert.ts';
import type { Session } from './session.ts';
import { Stage } from './stage.ts';

/** `COPY … FROM`: the kernel reads the file into the stage, with all of its options; rows that cannot be loaded may be left out and reported. Counts the rows added. */
export async function runCopyFrom(
  writer: TableWriter,
  session: Session,
  statement: CopyFromStatement,
  parameters?: Parameters,
): Promise<number> {
  const table = writer.table(statement.table);
  const load = parseCopyLoad(statement.rest);
  await session.prepareTarget(writer.latest, table);
  return Stage.with(session.connection, table, async (stage) => {
    const count = await withFileNamed(statement.rest, () =>
      load === undefined
        ? stage.run(`COPY ${stage.relation} ${statement.rest}`, parameters)
        : loadCopied(writer, session, table, stage, load, parameters),
    );
    return addStaged(writer, session, table, stage, count);
  });
}

/** Names the file in errors, and takes what the kernel cannot put a name to for what it is here: a file that cannot be read. */
async function withFileNamed<T>(rest: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw error instanceof AlopexError ? copyError(error, rest) : error;
  }
}

function copyError(error: AlopexError, rest: string): AlopexError {
  const source = /\bFROM\s+'((?:[^']|'')*)'/i.exec(rest)?.[1]?.replaceAll("''", "'");
  const isNamed = source === undefined || error.message.includes(source);
  const isUnreadable = error.code === SqlState.internalError || error.message.startsWith('Failed to read file');
  const hint = 'Check the file and the options of COPY; nothing was loaded.';
  return new AlopexError(
    isUnreadable ? SqlState.badCopyFile : error.code,
    isNamed ? error.message : `COPY from ${source}: ${error.message}`,
    { hint: isUnreadable ? hint : (error.hint ?? hint), cause: error.cause },
  );
}
