/** What a finding is about. */
export type FindingKind =
  | 'manifest'
  | 'log'
  | 'segment'
  | 'delete file'
  | 'retired segment'
  | 'history file'
  | 'key-value segment'
  | 'cold table'
  | 'cold file'
  | 'move'
  | 'unknown file';

export interface Finding {
  /** `warning`: what a crash leaves, and the next open tidies up; nothing is lost or wrong. */
  readonly severity: 'damage' | 'warning';
  readonly kind: FindingKind;
  /** Path below the data directory, or the address of a cold object. */
  readonly file: string;
  /** A clause about the file: `its checksum is wrong`. */
  readonly problem: string;
}

/** Hears of findings as they are made. */
export type FindingSink = (finding: Finding) => void;

/** What an error says of a file, without the name of the file in front of it. */
export function problemOf(error: unknown, path: string): string {
  const message = error instanceof Error ? error.message : String(error);
  const said = `${path} is damaged: `;
  return message.startsWith(said) ? message.slice(said.length) : message;
}
