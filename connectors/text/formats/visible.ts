// C0, C1, and what changes the direction of the text around it.
const CONTROL = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;
const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** The text on one line without control characters: data cannot steer the terminal or break a table. */
export function visible(text: string): string {
  return text.replaceAll(CONTROL, (found) => {
    const code = found.codePointAt(0)!;
    return (
      ESCAPES[found] ??
      (code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`)
    );
  });
}
