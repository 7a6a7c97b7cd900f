// Raises watermarks of receipts, any number of steps in one statement.
import type { Raised, ReceiptStep } from '@parley/ports/receipt-store';
import type { Database } from './database.ts';
import { statement } from './statement.ts';

/** Steps of one statement: more are done in turns, so that none runs long. */
const STEPS_MAX_COUNT = 1_000;
/** The device of a step that is the user's reading. */
const READING_DEVICE = '0';

// - `device` and `mark` raise the rows, each once, in one order for all calls, and bring what was there before: not as of
//   the beginning of this statement, but as of the row's lock.
// - `passed` has, of each step, the watermark before it: the row's, or that of a step that came earlier in this call.
// - What is answered are the steps that raised a watermark of their user, with both as they are with them.
const RAISE = statement<{ place: string; received: string; read: string }>(
  'receipts_raise',
  `WITH step AS (
     SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
       WITH ORDINALITY AS s (conversation, user_id, device, seq, at, place)
   ), device AS (
     INSERT INTO receipt_devices AS d (conversation, user_id, device, seq)
       SELECT conversation, user_id, device, max(seq) FROM step WHERE device <> ${READING_DEVICE}
       GROUP BY conversation, user_id, device ORDER BY conversation, user_id, device
     ON CONFLICT (conversation, user_id, device)
       DO UPDATE SET seq_before = d.seq, seq = excluded.seq WHERE excluded.seq > d.seq
     RETURNING conversation, user_id, device, seq_before
   ), mark AS (
     INSERT INTO receipts AS r (conversation, user_id, received, read)
       SELECT conversation, user_id, coalesce(max(seq) FILTER (WHERE device <> ${READING_DEVICE}), 0),
         coalesce(max(seq) FILTER (WHERE device = ${READING_DEVICE}), 0)
       FROM step GROUP BY conversation, user_id ORDER BY conversation, user_id
     ON CONFLICT (conversation, user_id)
       DO UPDATE SET received_before = r.received, received = greatest(r.received, excluded.received),
         read_before = r.read, read = greatest(r.read, excluded.read)
       WHERE excluded.received > r.received OR excluded.read > r.read
     RETURNING conversation, user_id, received_before, read_before
   ), before AS (
     SELECT conversation, user_id, device, seq_before AS seq FROM device
     UNION ALL SELECT conversation, user_id, ${READING_DEVICE}, read_before FROM mark
   ), passed AS (
     SELECT s.*, greatest(b.seq, max(s.seq) OVER (
       PARTITION BY s.conversation, s.user_id, s.device ORDER BY s.place
       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS after_seq
     FROM step s JOIN before b USING (conversation, user_id, device)
   ), timed AS (
     INSERT INTO receipt_times (conversation, user_id, device, after_seq, seq, at)
       SELECT conversation, user_id, device, after_seq, seq, at FROM passed
       WHERE seq > after_seq AND at IS NOT NULL
   ), followed AS (
     SELECT s.place,
       greatest(m.received_before, max(s.seq) FILTER (WHERE s.device <> ${READING_DEVICE}) OVER earlier) AS received_before,
       greatest(m.received_before, max(s.seq) FILTER (WHERE s.device <> ${READING_DEVICE}) OVER so_far) AS received,
       greatest(m.read_before, max(s.seq) FILTER (WHERE s.device = ${READING_DEVICE}) OVER earlier) AS read_before,
       greatest(m.read_before, max(s.seq) FILTER (WHERE s.device = ${READING_DEVICE}) OVER so_far) AS read
     FROM step s JOIN mark m USING (conversation, user_id)
     WINDOW so_far AS (PARTITION BY s.conversation, s.user_id ORDER BY s.place ROWS UNBOUNDED PRECEDING),
       earlier AS (PARTITION BY s.conversation, s.user_id ORDER BY s.place
         ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
   )
   SELECT place, received, read FROM followed
   WHERE received > received_before OR read > read_before ORDER BY place`,
);

/** What is news to others, in order of the steps. */
export async function raiseReceipts(database: Database, steps: readonly ReceiptStep[]): Promise<Raised[]> {
  const raised: Raised[] = [];
  for (let from = 0; from < steps.length; from += STEPS_MAX_COUNT) {
    const some = steps.slice(from, from + STEPS_MAX_COUNT);
    const rows = await database.write(RAISE, [
      some.map(({ conversation }) => conversation),
      some.map(({ user }) => user),
      some.map(({ device }) => device ?? READING_DEVICE),
      some.map(({ seq }) => seq),
      some.map(({ at, timed }) => (timed ? at : null)),
    ]);
    for (const { place, received, read } of rows) {
      const step = some[Number(place) - 1];
      if (step === undefined) throw new Error('a step rose that was not asked for');
      const { conversation, user, device } = step;
      const row = { user, received: Number(received), read: Number(read) };
      raised.push({ conversation, by: device === undefined ? 'read' : 'received', row });
    }
  }
  return raised;
}
