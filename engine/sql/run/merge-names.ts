import { quoteIdentifier } from '../../table/data-type.ts';
import type { TableVersion } from '../../table/version.ts';
import { identifierValue, isKeyword, significant, tokenize } from '../lexer.ts';
import type { MergeAction, MergeClause } from '../parse/statement.ts';

/** A plain name in a clause about rows of one side alone means the column of that side, even if the other side has one of the same name. */
export function withPlainNames(
  { schema }: Pick<TableVersion, 'schema'>,
  target: string,
  source: { readonly alias: string; readonly columns: readonly string[] },
  clause: MergeClause,
): MergeClause {
  const { on, condition, action } = clause;
  if (on === 'both') return clause;
  const ofTarget = new Set(schema.columns.map(({ name }) => name.toLowerCase()));
  const both = new Set(source.columns.map((name) => name.toLowerCase()).filter((name) => ofTarget.has(name)));
  const side = quoteIdentifier(on === 'source-only' ? source.alias : target);
  const qualified = (sql: string): string => qualifyNames(sql, both, side);
  return {
    on,
    condition: condition === undefined ? undefined : qualified(condition),
    action: eachValue(action, qualified),
  };
}

/** The same action with other expressions. */
function eachValue(action: MergeAction, change: (sql: string) => string): MergeAction {
  if (action.kind === 'insert' && typeof action.values === 'object') {
    return { ...action, values: { ...action.values, expressions: action.values.expressions.map(change) } };
  }
  if (action.kind !== 'update' || typeof action.set === 'string') return action;
  const set = action.set.map(({ column, valueSql }) => ({
    column,
    valueSql: valueSql === undefined ? undefined : change(valueSql),
  }));
  return { ...action, set };
}

/** Puts `side` in front of these names where they stand alone: not those of types, functions or lambdas. In a query names may be its own, so it stays as it is. */
function qualifyNames(sql: string, names: ReadonlySet<string>, side: string): string {
  const tokens = tokenize(sql);
  const solid = significant(tokens);
  if (names.size === 0 || solid.some((token) => isKeyword(token, 'SELECT') || isKeyword(token, 'FROM'))) return sql;
  return tokens
    .map((token) => {
      const at = solid.indexOf(token);
      const name = at < 0 ? undefined : identifierValue(token);
      const before = solid[at - 1]?.text.toUpperCase() ?? '';
      const after = solid[at + 1]?.text ?? '';
      const stands = !['.', 'AS', '::', ':', '$'].includes(before) && !['.', '(', '->', ':'].includes(after);
      return name !== undefined && names.has(name.toLowerCase()) && stands ? `${side}.${token.text}` : token.text;
    })
    .join('');
}
