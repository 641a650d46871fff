import type { OptionSetting } from './statement.ts';
import { TokenReader } from './token-reader.ts';

/** `(name = value, …)`. Values stay SQL text; what they mean is for `table-options.ts`. */
export function parseOptions(reader: TokenReader): OptionSetting[] {
  const inner = new TokenReader(reader.group());
  return inner.listUntil(inner.end).map((item) => {
    const setting = new TokenReader(item);
    const name = setting.identifier('the name of an option').toLowerCase();
    setting.expectSymbol('=');
    const valueSql = setting.rest();
    if (valueSql === '') throw setting.error(`expected a value for "${name}"`);
    return { name, valueSql: valueSql.toUpperCase() === 'NULL' ? undefined : valueSql };
  });
}
