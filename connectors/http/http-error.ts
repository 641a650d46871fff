import { AlopexError, SqlState } from '../../engine/errors.ts';

/** A failure of HTTP itself, before any statement runs. */
export class HttpError extends AlopexError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    message: string,
    options: { code?: string; hint?: string; headers?: Readonly<Record<string, string>> } = {},
  ) {
    const { code = SqlState.invalidParameter, hint, headers = {} } = options;
    super(code, message, hint === undefined ? {} : { hint });
    this.name = 'HttpError';
    this.status = status;
    this.headers = headers;
  }
}

/** By SQLSTATE, or its first two characters. */
const STATUS: Readonly<Record<string, number>> = {
  '08': 503,
  '0A': 400,
  '20': 400,
  '21': 400,
  '22': 400,
  '23': 409,
  '24': 400,
  '25': 409,
  '26': 400,
  '2B': 409,
  '3D': 400,
  '3F': 400,
  '40': 409,
  '42': 400,
  '44': 409,
  '53': 503,
  '54': 400,
  '55': 409,
  [SqlState.queryCanceled]: 503,
  '57': 503,
};

/** The status that tells best what an SQLSTATE means: the request, the state of the data, or the server. */
export function statusOf(error: unknown): number {
  if (error instanceof HttpError) return error.status;
  if (!(error instanceof AlopexError)) return 500;
  return STATUS[error.code] ?? STATUS[error.code.slice(0, 2)] ?? 500;
}

/** What a failure says in JSON. */
export function errorJson(error: unknown, sql?: string): string {
  const known = error instanceof AlopexError ? error : undefined;
  const message = error instanceof Error ? error.message : String(error);
  const position = sql === undefined ? undefined : positionOf(message, sql);
  return JSON.stringify({
    error: {
      code: known?.code ?? SqlState.internalError,
      message,
      ...(known?.hint === undefined ? {} : { hint: known.hint }),
      ...(position === undefined ? {} : { position }),
    },
  });
}

/**
 * Where in the text the mistake is, counted from 1 in characters as PostgreSQL does. Messages show it as a line with a caret below, cut
 * short when the line is long: then, and when the line is there twice, nobody knows.
 */
function positionOf(message: string, sql: string): number | undefined {
  const shown = /^LINE \d+: (.*)\n( *)\^/m.exec(message);
  if (shown?.[1] === undefined || shown[2] === undefined) return undefined;
  const label = shown[0].indexOf(shown[1]);
  const line = shown[1].replace(/^\.\.\./, '').replace(/\.\.\.$/, '');
  const column = shown[2].length - label - (shown[1].startsWith('...') ? 3 : 0);
  const at = sql.indexOf(line);
  if (at === -1 || sql.indexOf(line, at + 1) !== -1 || column < 0) return undefined;
  // Characters, not halves of them.
  return Array.from(sql.slice(0, at + column)).length + 1;
}
