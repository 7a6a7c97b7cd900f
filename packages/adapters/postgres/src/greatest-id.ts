// The greatest id in the tables, so that a server whose clock was set back while it was down makes none of them again.
import type { Database } from './database.ts';
import { statement } from './statement.ts';

/** Each by an index of its own. */
const GREATEST = statement<{ id: string | null }>(
  'greatest_id',
  `SELECT greatest(
     (SELECT max(message_id) FROM entries), (SELECT max(id) FROM users), (SELECT max(id) FROM devices),
     (SELECT max(id) FROM conversations), (SELECT max(id) FROM reports)
   ) AS id`,
);

/** A decimal string; undefined for new data. */
export async function greatestId(database: Database): Promise<string | undefined> {
  const [row] = await database.read(GREATEST, []);
  return row?.id ?? undefined;
}
