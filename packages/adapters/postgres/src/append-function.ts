// append_entries: any number of conditional appends, each all or nothing, in one statement and so in one commit.
import { SENT_BLOCK_SEQS_COUNT as BLOCK } from './sent-block.ts';

// It goes through the appends in the order of the arrays, which is that of the conversations' ids: batches that run at
// the same time lock logs in one order. Of each append, `counts` has the number of its entries in the flat arrays.
// - The update is the fence: it changes no row unless token and head are the expected ones, and locks the log's row until
//   the commit, so that what follows sees every append that came before.
// - `ON CONFLICT` finds the duplicates. Where there is one, this append's rows are taken back before anyone can see them.
// - Only refused appends come back, with where they stand in the arrays.
const HEAD = `
CREATE FUNCTION append_entries(
  conversations bigint[], tokens text[], heads bigint[], counts integer[],
  kinds text[], message_ids bigint[], senders bigint[], client_msg_ids text[], ats bigint[], bodies text[]
) RETURNS TABLE (place integer, state json, existing json) LANGUAGE plpgsql AS $$
DECLARE
  log_id bigint;
  old_head bigint;
  new_head bigint;
  first integer;
  last integer := 0;
  inserted integer;
BEGIN
  FOR nth_append IN 1 .. cardinality(conversations) LOOP
    place := nth_append;
    log_id := conversations[place];
    old_head := heads[place];
    new_head := old_head + counts[place];
    first := last + 1;
    last := last + counts[place];
    state := NULL;
    existing := NULL;
`;

const FENCE = `
    UPDATE logs l SET head = new_head, oldest_at = coalesce(l.oldest_at, ats[first])
      WHERE l.id = log_id AND l.token = tokens[place] AND l.head = old_head;
    IF NOT FOUND THEN
      state := (SELECT json_build_object('token', l.token, 'head', l.head, 'floor', l.floor)
                FROM logs l WHERE l.id = log_id);
      RETURN NEXT;
      CONTINUE;
    END IF;
`;

const INSERT = `
    INSERT INTO entries (conversation, seq, kind, message_id, sender, client_msg_id, at, body)
      SELECT log_id, old_head + n.nth, n.kind, n.message_id, n.sender, n.client_msg_id, n.at, n.body
      FROM unnest(kinds[first:last], message_ids[first:last], senders[first:last], client_msg_ids[first:last],
             ats[first:last], bodies[first:last])
        WITH ORDINALITY AS n (kind, message_id, sender, client_msg_id, at, body, nth)
      ON CONFLICT (conversation, sender, client_msg_id) DO NOTHING;
    GET DIAGNOSTICS inserted = ROW_COUNT;
    IF inserted < counts[place] THEN
      DELETE FROM entries e WHERE e.conversation = log_id AND e.seq > old_head;
      UPDATE logs l SET head = old_head WHERE l.id = log_id;
      existing := (
        SELECT json_agg(json_build_object('seq', e.seq, 'kind', e.kind, 'message_id', e.message_id::text,
          'sender', e.sender::text, 'client_msg_id', e.client_msg_id, 'at', e.at, 'body', e.body) ORDER BY e.seq)
        FROM unnest(senders[first:last], client_msg_ids[first:last]) AS n (sender, client_msg_id)
          JOIN entries e ON e.conversation = log_id AND e.sender = n.sender AND e.client_msg_id = n.client_msg_id);
      RETURN NEXT;
      CONTINUE;
    END IF;
`;

// What a sender sent before a new block: what was sent before the last block that the sender has a row for, in it, and
// by this append between the two. One append may begin several blocks; one entry alone, as nearly every append is,
// seldom begins one, and is looked at first.
const COUNTS = `
    IF counts[place] > 1 OR kinds[first] IS NULL AND NOT EXISTS (
      SELECT 1 FROM sent_counts s
      WHERE s.conversation = log_id AND s.sender = senders[first] AND s.block = new_head / ${BLOCK}) THEN
      INSERT INTO sent_counts (conversation, sender, block, sent_before)
        SELECT log_id, n.sender, n.block, coalesce(b.sent_before, 0)
          + coalesce((SELECT count(*) FROM entries e WHERE e.conversation = log_id
                        AND e.seq >= b.block * ${BLOCK} AND e.seq < (b.block + 1) * ${BLOCK}
                        AND e.sender = n.sender AND e.kind IS NULL), 0)
          + coalesce(sum(n.sent) OVER (PARTITION BY n.sender ORDER BY n.block
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)
        FROM (
          SELECT u.sender, (old_head + u.nth) / ${BLOCK} AS block, count(*) AS sent
          FROM unnest(kinds[first:last], senders[first:last]) WITH ORDINALITY AS u (kind, sender, nth)
          WHERE u.kind IS NULL GROUP BY 1, 2
        ) n
        LEFT JOIN LATERAL (
          SELECT s.block, s.sent_before FROM sent_counts s
          WHERE s.conversation = log_id AND s.sender = n.sender ORDER BY s.block DESC LIMIT 1
        ) b ON true
        WHERE b.block IS NULL OR b.block < n.block;
    END IF;
    IF counts[place] > 1 OR kinds[first] IS NOT NULL THEN
      INSERT INTO change_counts (conversation, seq, changes)
        SELECT log_id, old_head + u.nth, row_number() OVER (ORDER BY u.nth) + coalesce(
          (SELECT c.changes FROM change_counts c WHERE c.conversation = log_id AND c.seq <= old_head
           ORDER BY c.seq DESC LIMIT 1),
          (SELECT l.floor_changes FROM logs l WHERE l.id = log_id))
        FROM unnest(kinds[first:last]) WITH ORDINALITY AS u (kind, nth) WHERE u.kind IS NOT NULL;
    END IF;
  END LOOP;
END $$`;

export const APPEND_FUNCTION = HEAD + FENCE + INSERT + COUNTS;
