import { AlopexError, SqlState } from '../../errors.ts';
import { parseOptions } from './parse-options.ts';
import type { AlterAction, AlterTableStatement } from './statement.ts';
import type { TokenReader } from './token-reader.ts';

/** `ALTER TABLE [IF EXISTS] name action`. */
export function parseAlterTable(reader: TokenReader): AlterTableStatement {
  reader.expect('ALTER');
  const what = reader.peek()?.text.toUpperCase() ?? '';
  if (!reader.accept('TABLE')) throw new AlopexError(SqlState.featureNotSupported, `ALTER ${what} is not supported`);
  const ifExists = reader.accept('IF', 'EXISTS');
  const name = reader.tableName();
  const action = parseAction(reader);
  reader.expectEnd();
  return { kind: 'alter-table', name, ifExists, action };
}

function parseAction(reader: TokenReader): AlterAction {
  if (reader.accept('SET')) return { kind: 'set', options: parseOptions(reader) };
  if (reader.accept('TIER', 'PARTITION')) return parseTier(reader);
  if (reader.accept('ADD')) {
    reader.accept('COLUMN');
    const ifNotExists = reader.accept('IF', 'NOT', 'EXISTS');
    return { kind: 'add-column', definition: reader.rest(), ifNotExists };
  }
  if (reader.accept('DROP')) {
    reader.accept('COLUMN');
    const ifExists = reader.accept('IF', 'EXISTS');
    return { kind: 'drop-column', column: reader.identifier('a column name'), ifExists };
  }
  if (reader.accept('RENAME', 'TO')) return { kind: 'rename', to: reader.identifier('a table name') };
  if (reader.accept('RENAME')) {
    reader.accept('COLUMN');
    const from = reader.identifier('a column name');
    reader.expect('TO');
    return { kind: 'rename-column', from, to: reader.identifier('a column name') };
  }
  throw new AlopexError(SqlState.featureNotSupported, `ALTER TABLE … ${reader.peek()?.text ?? ''} is not supported`, {
    hint: 'Use SET (…), TIER PARTITION WHERE … TO COLD | HOT, ADD COLUMN, DROP COLUMN, RENAME COLUMN or RENAME TO.',
  });
}

/** `TIER PARTITION WHERE condition TO COLD | HOT`: the last TO is ours, whatever the condition holds. */
function parseTier(reader: TokenReader): AlterAction {
  reader.expect('WHERE');
  const end = reader.end - 2;
  const condition = end > reader.position ? reader.textUntil(end) : '';
  if (condition === '') throw reader.error('expected a condition, then TO COLD or TO HOT');
  reader.expect('TO');
  if (reader.accept('COLD')) return { kind: 'tier', condition, direction: 'cold' };
  if (reader.accept('HOT')) return { kind: 'tier', condition, direction: 'hot' };
  throw reader.error('expected COLD or HOT');
}
