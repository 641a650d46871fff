const POSITIVE = '<REGEX>:';
const NEGATIVE = '<!REGEX>:';

export function isPattern(text: string): boolean {
  return text.startsWith(POSITIVE) || text.startsWith(NEGATIVE);
}

/** Whether the whole of a text fits `<REGEX>:…`, or does not fit `<!REGEX>:…`. Dots stand for line ends too. */
export function fitsPattern(text: string, pattern: string): boolean {
  const wanted = pattern.startsWith(POSITIVE);
  const source = pattern.slice((wanted ? POSITIVE : NEGATIVE).length);
  // Flags stand at the front in the syntax of scripts.
  const [, flags = '', rest = source] = /^\(\?([ims]+)\)(.*)$/s.exec(source) ?? [];
  let expression: RegExp;
  try {
    expression = new RegExp(`^(?:${rest})$`, [...new Set(`s${flags}`)].join(''));
  } catch {
    return false;
  }
  return expression.test(text) === wanted;
}
