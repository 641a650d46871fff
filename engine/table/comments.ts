/** What COMMENT ON has said of a table and its columns. */
export interface TableComments {
  readonly table?: string;
  /** By field id. */
  readonly columns: readonly (readonly [number, string])[];
}
