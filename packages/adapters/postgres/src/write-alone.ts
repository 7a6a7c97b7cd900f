// A write that follows from a look at several rows: one at a time by name, across all nodes.
import type { Database } from './database.ts';
import { type Statement, statement, type Value } from './statement.ts';

/** Held until the commit. Two names of the same hash wait for each other, which is all. */
const WAIT_FOR_TURN = statement(
  'wait_for_turn',
  "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ' ' || $1, 0))::text",
);

/** The statement sees every write of the same name that came before: its snapshot is taken when its turn has come. */
export function writeAlone<Row>(
  database: Database,
  name: string,
  write: Statement<Row>,
  values: readonly Value[],
): Promise<readonly Row[]> {
  return database.transaction('read committed', async (transaction) => {
    await transaction.run(WAIT_FOR_TURN, [name]);
    return transaction.run(write, values);
  });
}
