import { EXAMPLES } from './examples.ts';

const BEGIN = '<!-- Examples: written by `npm run docs:sql` from test/docs/examples.ts, and run by its test. -->';
const END = '<!-- End of the examples. -->';

/** The page with its examples as they are now; they come last when it has none yet. */
export function withExamples(page: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  const before = begin < 0 ? `${page.trimEnd()}\n\n## Examples\n\n` : page.slice(0, begin);
  const after = end < 0 ? '\n' : page.slice(end + END.length);
  return `${before}${BEGIN}\n\n${examplesText()}\n${END}${after}`;
}

function examplesText(): string {
  const groups = EXAMPLES.map(({ title, supported, refused = [] }) => {
    const no = refused.map(([code, sql]) => `${sql}; -- ${code}`);
    const list = [...supported.map((sql) => `${sql};`), ...(no.length === 0 ? [] : ['', '-- refused:', ...no])];
    return `### ${title}\n\n\`\`\`sql\n${list.join('\n')}\n\`\`\`\n`;
  });
  return `A test runs these from top to bottom in one database; what is refused has its SQLSTATE behind it.\n\n${groups.join('\n')}`;
}
