import { parseAlterTable } from './parse-alter.ts';
import { parseCreateTable, parseDropTable } from './parse-create.ts';
import { parseAlterDefinition, parseCreateDefinition, parseDropDefinition } from './parse-definition.ts';
import { parseCreateIndex, parseDropIndex } from './parse-index.ts';
import type { Statement } from './statement.ts';
import type { TokenReader } from './token-reader.ts';

/** `CREATE …` of anything. */
export function parseCreate(reader: TokenReader): Statement {
  const start = reader.position;
  reader.expect('CREATE');
  const orReplace = reader.accept('OR', 'REPLACE');
  if (reader.isNext('TEMP') || reader.isNext('TEMPORARY')) return { kind: 'temporary', text: reader.text };
  const definition = parseCreateDefinition(reader, { orReplace }) ?? (orReplace ? undefined : parseCreateIndex(reader));
  if (definition !== undefined) return definition;
  reader.seek(start);
  return parseCreateTable(reader);
}

/** `DROP …` of anything. */
export function parseDrop(reader: TokenReader): Statement {
  const start = reader.position;
  reader.expect('DROP');
  const definition = parseDropDefinition(reader) ?? parseDropIndex(reader);
  if (definition !== undefined) return definition;
  reader.seek(start);
  return parseDropTable(reader);
}

/** `ALTER …` of anything. */
export function parseAlter(reader: TokenReader): Statement {
  const start = reader.position;
  reader.expect('ALTER');
  const definition = parseAlterDefinition(reader);
  if (definition !== undefined) return definition;
  reader.seek(start);
  return parseAlterTable(reader);
}
