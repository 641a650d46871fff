import { AlopexError, SqlState } from '../../engine/errors.ts';

/**
 * A failure as the protocol tells it: a status and the name that clients know it by. Messages of the usual cases begin as
 * those of the reference implementation do, for clients show them and tests look for them.
 */
export class RestError extends AlopexError {
  readonly status: number;
  readonly type: string;

  constructor(status: number, type: string, code: string, message: string, cause?: unknown) {
    super(code, message, cause === undefined ? {} : { cause });
    this.name = 'RestError';
    this.status = status;
    this.type = type;
  }
}

/** The request is malformed, or asks for a change that is not possible at all: the same request will fail again. */
export function badRequest(message: string): RestError {
  return new RestError(400, 'BadRequestException', SqlState.invalidParameter, message);
}

/** Something that this server lets nobody do, such as dropping a table of the database behind its back. */
export function forbidden(message: string): RestError {
  return new RestError(403, 'ForbiddenException', SqlState.wrongObjectType, message);
}

export function noSuchNamespace(name: string): RestError {
  const message = `Namespace does not exist: ${name}`;
  return new RestError(404, 'NoSuchNamespaceException', SqlState.undefinedSchema, message);
}

export function noSuchTable(name: string): RestError {
  return new RestError(404, 'NoSuchTableException', SqlState.undefinedTable, `Table does not exist: ${name}`);
}

export function noSuchWarehouse(name: string): RestError {
  const message = `Warehouse does not exist: ${name}`;
  return new RestError(404, 'NoSuchWarehouseException', SqlState.undefinedObject, message);
}

/** A file of a table is not there. */
export function notFound(message: string): RestError {
  return new RestError(404, 'NotFoundException', SqlState.undefinedFile, message);
}

export function unsupported(message: string): RestError {
  return new RestError(406, 'UnsupportedOperationException', SqlState.featureNotSupported, message);
}

export function alreadyExists(message: string): RestError {
  return new RestError(409, 'AlreadyExistsException', SqlState.duplicateObject, message);
}

export function namespaceNotEmpty(name: string): RestError {
  const message = `Namespace is not empty: ${name}`;
  return new RestError(409, 'NamespaceNotEmptyException', SqlState.dependentObjects, message);
}

/** Proof that nothing happened: the client may look again and retry. */
export function commitFailed(message: string): RestError {
  return new RestError(409, 'CommitFailedException', SqlState.serializationFailure, message);
}

export function unprocessable(message: string): RestError {
  return new RestError(422, 'UnprocessableEntityException', SqlState.invalidParameter, message);
}

/** It may or may not have happened: the client must find out before it cleans up or tries again. */
export function commitStateUnknown(cause: unknown): RestError {
  const message = `It is not known whether the commit took place: ${cause instanceof Error ? cause.message : String(cause)}`;
  return new RestError(500, 'CommitStateUnknownException', SqlState.ioError, message, cause);
}
