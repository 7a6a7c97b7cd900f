// The greatest id in the data, so that a server whose clock was set back while it was down makes none of them again.
import type { Database } from 'bun:sqlite';

/** Ids are made in order and stored nearly so: the greatest message id is among the rows that came last. */
export const LAST_ROWS_COUNT = 100_000;

/** A decimal string; undefined for new data. */
export function greatestId(database: Database): string | undefined {
  const row = database
    .prepare<{ id: string | null }, [number]>(
      `SELECT cast(max(id) AS TEXT) AS id FROM (
         SELECT max(id) AS id FROM users
         UNION ALL SELECT max(id) FROM devices
         UNION ALL SELECT max(id) FROM conversations
         UNION ALL SELECT max(id) FROM reports
         UNION ALL SELECT max(message_id) FROM entries
           WHERE position > (SELECT max(position) FROM entries) - ?
       )`,
    )
    .get(LAST_ROWS_COUNT);
  return row?.id ?? undefined;
}
