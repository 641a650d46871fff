/** A loop's variable in one turn. */
export interface LoopValue {
  readonly variable: string;
  readonly value: string;
}

/** Puts the values of variables, such as `TEST_DIR`, in place of `{TEST_DIR}`, `${TEST_DIR}` and `__TEST_DIR__`. */
export function replaceVariables(text: string, variables: ReadonlyMap<string, string>): string {
  if (!text.includes('{') && !text.includes('__')) return text;
  let replaced = text;
  for (const [name, value] of variables) {
    replaced = replaced
      .replaceAll(`\${${name}}`, value)
      .replaceAll(`{${name}}`, value)
      .replaceAll(`__${name}__`, value);
  }
  return replaced;
}

/** Puts the values of loops, outermost first, in place of `${name}` and `{name}`. */
export function replaceLoopValues(
  text: string,
  loops: readonly LoopValue[],
  variables: ReadonlyMap<string, string>,
): string {
  let replaced = text;
  for (const loop of loops) {
    const value = replaceVariables(loop.value, variables);
    const names = loop.variable.split(',');
    const values = names.length === 1 ? [value] : value.split(',');
    for (const [index, name] of names.entries()) {
      const part = values[index] ?? '';
      replaced = replaced.replaceAll(`\${${name}}`, part).replaceAll(`{${name}}`, part);
    }
  }
  return replaced;
}
