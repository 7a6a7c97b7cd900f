// How many rows a database has that it did not have before: counted from outside, over all tables.
import { Database } from 'bun:sqlite';
import { join } from 'node:path';

export interface RowsChanged {
  /** New, changed and deleted rows. */
  readonly count: number;
  /** Of these, by table; tables without one are left out. */
  readonly byTable: Readonly<Record<string, number>>;
}

type Snapshot = ReadonlyMap<string, ReadonlySet<string>>;

/** Counts what one act writes to a server's database while the server runs. A row that changes twice counts once. */
export async function rowsChangedBy(folder: string, act: () => Promise<void>): Promise<RowsChanged> {
  const before = snapshot(folder);
  await act();
  const after = snapshot(folder);
  const byTable: Record<string, number> = {};
  let count = 0;
  for (const [table, rows] of after) {
    const old = before.get(table) ?? new Set<string>();
    const added = [...rows].filter((row) => !old.has(row)).length;
    const gone = [...old].filter((row) => !rows.has(row)).length;
    // A changed row is one that came and one that went.
    const changed = Math.max(added, gone);
    if (changed > 0) byTable[table] = changed;
    count += changed;
  }
  return { count, byTable };
}

function snapshot(folder: string): Snapshot {
  using database = new Database(join(folder, 'parley.db'), { readonly: true });
  // One transaction: all tables as they were at one moment.
  return database.transaction(() => {
    const tables = database
      .query<{ name: string }, []>("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql IS NOT NULL")
      .all();
    return new Map(
      tables.map(({ name }) => {
        const rows = database.query(`SELECT * FROM "${name}"`).values();
        return [name, new Set(rows.map((row) => row.map(String).join('\u0000')))];
      }),
    );
  })();
}
