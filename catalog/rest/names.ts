import { badRequest } from './rest-error.ts';

/** The levels of a namespace, from the top. */
export type Namespace = readonly string[];

export interface TableName {
  readonly namespace: Namespace;
  readonly name: string;
}

/** Between the levels of a namespace in paths, and in the keys that names are kept under. */
export const NAMESPACE_SEPARATOR = '\u001f';

/** Throws 400 for a namespace that cannot be one. */
export function checkNamespace(levels: readonly unknown[]): Namespace {
  if (levels.length === 0) throw badRequest('A namespace must have at least one level');
  for (const level of levels) {
    if (typeof level !== 'string' || level === '' || level.includes(NAMESPACE_SEPARATOR) || level.includes('\0')) {
      throw badRequest(`Invalid namespace level: ${JSON.stringify(level)}`);
    }
  }
  return levels as Namespace;
}

export function checkTableName(name: string): string {
  if (name === '' || name.includes(NAMESPACE_SEPARATOR) || name.includes('\0')) {
    throw badRequest(`Invalid table name: ${JSON.stringify(name)}`);
  }
  return name;
}

/** A namespace as a path or query has it, with its escapes taken off. */
export function parseNamespace(text: string): Namespace {
  return checkNamespace(text.split(NAMESPACE_SEPARATOR));
}

export function namespaceKey(namespace: Namespace): string {
  return namespace.join(NAMESPACE_SEPARATOR);
}

export function tableKey({ namespace, name }: TableName): string {
  return [...namespace, name].join(NAMESPACE_SEPARATOR);
}

/** For messages. */
export function namespaceText(namespace: Namespace): string {
  return namespace.join('.');
}

export function tableText({ namespace, name }: TableName): string {
  return [...namespace, name].join('.');
}
