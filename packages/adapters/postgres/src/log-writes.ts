// What is written to the logs besides appends: each statement is a transaction of its own.
import { statement } from './statement.ts';

export const CLAIM = statement<{ head: string; floor: string }>(
  'log_claim',
  `INSERT INTO logs (id, token, head, floor) VALUES ($1, $2, 0, 0)
   ON CONFLICT (id) DO UPDATE SET token = excluded.token RETURNING head, floor`,
);

/**
 * Of several states of one message the last counts. FOR KEY SHARE waits for a drop that is under way and for nothing
 * else, so that no state is put below the floor that it leaves.
 */
export const PUT_STATES = statement(
  'log_put_states',
  `WITH log AS MATERIALIZED (SELECT floor FROM logs WHERE id = $1::bigint FOR KEY SHARE)
   INSERT INTO states (conversation, seq, as_of, body)
     SELECT DISTINCT ON (n.seq) $1::bigint, n.seq, n.as_of, n.body
     FROM log, unnest($2::bigint[], $3::bigint[], $4::text[]) AS n (seq, as_of, body)
     WHERE n.seq > log.floor ORDER BY n.seq, n.as_of DESC
   ON CONFLICT (conversation, seq) DO UPDATE SET as_of = excluded.as_of, body = excluded.body
     WHERE excluded.as_of > states.as_of`,
);

export const ERASE = statement(
  'log_erase',
  `UPDATE entries SET body = $3 WHERE conversation = $1 AND seq = ANY ($2::bigint[]) AND body <> $3`,
);

export const DROP = statement<{ more: boolean }>('log_drop', 'SELECT drop_entries($1, $2, $3) AS more');
