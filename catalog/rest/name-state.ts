import { alreadyExists, namespaceNotEmpty, noSuchNamespace, noSuchTable } from './rest-error.ts';
import {
  NAMESPACE_SEPARATOR,
  namespaceKey,
  namespaceText,
  tableKey,
  tableText,
  type Namespace,
  type TableName,
} from './names.ts';

/**
 * All names of the catalog: namespaces with their properties, and which table each name stands for. Keys are levels with a separator
 * between them. The functions make the next state, or throw what the protocol wants to hear.
 */
export interface NameState {
  readonly namespaces: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Ids of tables; a table keeps its id when it is renamed. */
  readonly tables: Readonly<Record<string, string>>;
}

export const NO_NAMES: NameState = { namespaces: {}, tables: {} };

export function hasNamespace(state: NameState, namespace: Namespace): boolean {
  return Object.hasOwn(state.namespaces, namespaceKey(namespace));
}

export function tableId(state: NameState, name: TableName): string | undefined {
  const key = tableKey(name);
  return Object.hasOwn(state.tables, key) ? state.tables[key] : undefined;
}

export function propertiesOf(state: NameState, namespace: Namespace): Readonly<Record<string, string>> {
  const properties = hasNamespace(state, namespace) ? state.namespaces[namespaceKey(namespace)] : undefined;
  if (properties === undefined) throw noSuchNamespace(namespaceText(namespace));
  return properties;
}

/** Namespaces one level below `parent`; those at the top for `undefined`. */
export function childNamespaces(state: NameState, parent: Namespace | undefined): Namespace[] {
  const depth = (parent?.length ?? 0) + 1;
  const prefix = parent === undefined ? '' : `${namespaceKey(parent)}${NAMESPACE_SEPARATOR}`;
  return Object.keys(state.namespaces)
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.split(NAMESPACE_SEPARATOR))
    .filter((levels) => levels.length === depth);
}

export function tablesIn(state: NameState, namespace: Namespace): TableName[] {
  const prefix = `${namespaceKey(namespace)}${NAMESPACE_SEPARATOR}`;
  return Object.keys(state.tables)
    .filter((key) => key.startsWith(prefix) && !key.slice(prefix.length).includes(NAMESPACE_SEPARATOR))
    .map((key) => ({ namespace, name: key.slice(prefix.length) }));
}

/** The levels above need not be there. */
export function withNamespace(
  state: NameState,
  namespace: Namespace,
  properties: Readonly<Record<string, string>>,
): NameState {
  if (hasNamespace(state, namespace)) throw alreadyExists(`Namespace already exists: ${namespaceText(namespace)}`);
  return { ...state, namespaces: { ...state.namespaces, [namespaceKey(namespace)]: properties } };
}

export function withProperties(
  state: NameState,
  namespace: Namespace,
  updates: Readonly<Record<string, string>>,
  removals: readonly string[],
): NameState {
  const properties = { ...propertiesOf(state, namespace), ...updates };
  const removed = new Set(removals);
  const kept = Object.entries(properties).filter(([name]) => !removed.has(name));
  return { ...state, namespaces: { ...state.namespaces, [namespaceKey(namespace)]: Object.fromEntries(kept) } };
}

export function withoutNamespace(state: NameState, namespace: Namespace): NameState {
  propertiesOf(state, namespace);
  const below = `${namespaceKey(namespace)}${NAMESPACE_SEPARATOR}`;
  const isEmpty = ![...Object.keys(state.tables), ...Object.keys(state.namespaces)].some((key) =>
    key.startsWith(below),
  );
  if (!isEmpty) throw namespaceNotEmpty(namespaceText(namespace));
  return { ...state, namespaces: without(state.namespaces, namespaceKey(namespace)) };
}

export function withTable(state: NameState, name: TableName, id: string): NameState {
  propertiesOf(state, name.namespace);
  if (tableId(state, name) !== undefined) throw alreadyExists(`Table already exists: ${tableText(name)}`);
  return { ...state, tables: { ...state.tables, [tableKey(name)]: id } };
}

/** Takes a name away from a table, if it still has it. */
export function withoutTable(state: NameState, name: TableName, id: string): NameState {
  return tableId(state, name) === id ? { ...state, tables: without(state.tables, tableKey(name)) } : state;
}

export function withRenamed(state: NameState, source: TableName, destination: TableName): NameState {
  const id = tableId(state, source);
  if (id === undefined) throw noSuchTable(tableText(source));
  propertiesOf(state, destination.namespace);
  const renamed = { ...state, tables: without(state.tables, tableKey(source)) };
  return withTable(renamed, destination, id);
}

function without<T>(record: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).filter(([other]) => other !== key));
}
