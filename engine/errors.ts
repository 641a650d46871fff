/**
 * The one error type that users see. `code` is an SQLSTATE (five characters, PostgreSQL's list where one fits);
 * `hint` says what to do about it.
 */
export class AlopexError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  /** Where in the SQL that was given the trouble is, in characters from 1, as PostgreSQL counts; `undefined` where there is no such place. The message shows it too. */
  readonly position: number | undefined;

  constructor(code: string, message: string, options: { hint?: string; position?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AlopexError';
    this.code = code;
    this.hint = options.hint;
    this.position = options.position;
  }
}

/** SQLSTATE codes used by name, so that one condition has one code everywhere. */
export const SqlState = {
  cannotConnect: '08001',
  connectionFailure: '08006',
  unknownOutcome: '08007',
  featureNotSupported: '0A000',
  invalidTransactionState: '25000',
  activeTransaction: '25001',
  invalidParameter: '22023',
  stringTruncation: '22001',
  numericOutOfRange: '22003',
  invalidDatetime: '22007',
  datetimeOutOfRange: '22008',
  invalidText: '22P02',
  badCopyFile: '22P04',
  notNullViolation: '23502',
  uniqueViolation: '23505',
  checkViolation: '23514',
  invalidAuthorization: '28000',
  serializationFailure: '40001',
  insufficientPrivilege: '42501',
  syntaxError: '42601',
  undefinedColumn: '42703',
  generatedAlways: '428C9',
  undefinedTable: '42P01',
  undefinedSchema: '3F000',
  undefinedObject: '42704',
  duplicateObject: '42710',
  duplicateSchema: '42P06',
  wrongObjectType: '42809',
  reservedName: '42939',
  dependentObjects: '2BP01',
  undefinedFunction: '42883',
  duplicateFunction: '42723',
  duplicateTable: '42P07',
  duplicateColumn: '42701',
  datatypeMismatch: '42804',
  invalidTableDefinition: '42P16',
  insufficientResources: '53000',
  diskFull: '53100',
  outOfMemory: '53200',
  configurationLimitExceeded: '53400',
  objectNotInState: '55000',
  objectInUse: '55006',
  lockNotAvailable: '55P03',
  queryCanceled: '57014',
  cannotConnectNow: '57P03',
  systemError: '58000',
  ioError: '58030',
  undefinedFile: '58P01',
  internalError: 'XX000',
  dataCorrupted: 'XX001',
} as const;
