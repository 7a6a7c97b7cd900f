// A prepared statement: its text, the name that a connection keeps its plan under, and the rows that it brings.
// Ids (bigint) go in and come out as decimal strings, seqs and times (bigint too) come out as strings: `Number(…)` them.

type Scalar = string | number | boolean | Uint8Array | null;
/** What a statement's parameters take; an array goes to `unnest` or `= ANY`. */
export type Value = Scalar | readonly Scalar[];

export interface Statement<Row> {
  /** Unique in this package: a connection prepares each name once. */
  readonly name: string;
  readonly text: string;
  /** Never there: it ties the type of the rows to the statement. */
  readonly row?: Row;
}

const textsByName = new Map<string, string>();

/** `Row` has the columns by name. Throws where the name is that of another statement: a connection would run that one. */
export function statement<Row = Record<never, never>>(name: string, text: string): Statement<Row> {
  if ((textsByName.get(name) ?? text) !== text) throw new Error(`two statements have the name ${name}`);
  textsByName.set(name, text);
  return { name, text };
}

/** Of all modules that are loaded; so many as are written there. */
export function allStatements(): readonly Statement<never>[] {
  return [...textsByName].map(([name, text]) => ({ name, text }));
}
