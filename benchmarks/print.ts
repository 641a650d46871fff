export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** A table: the first column flush left, the others flush right. */
export function printTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  for (const row of [header, ...rows]) {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    print(cells.join('  ').trimEnd());
  }
}

/** `1,234,567`. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

export function mebibytes(sizeBytes: number): string {
  return `${(sizeBytes / (1 << 20)).toFixed(1)} MiB`;
}
