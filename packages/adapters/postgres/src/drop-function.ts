// drop_entries: one bounded step of retention. True while more is to be dropped.
import { SENT_BLOCK_SEQS_COUNT as BLOCK } from './sent-block.ts';

// It takes the log's row FOR UPDATE, which the states' writer waits for (FOR KEY SHARE), so that no state of a dropped
// entry is left. The counts go with the rows: a block's goes when no message of its sender is left in it.
export const DROP_FUNCTION = `
CREATE FUNCTION drop_entries(log_id bigint, through bigint, rows_max integer) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  log logs%ROWTYPE;
  upto bigint;
  until bigint;
BEGIN
  SELECT * INTO log FROM logs WHERE id = log_id FOR UPDATE;
  IF NOT FOUND THEN RETURN false; END IF;
  until := least(through, log.head);
  IF until <= log.floor THEN RETURN false; END IF;
  upto := coalesce((SELECT e.seq FROM entries e WHERE e.conversation = log_id AND e.seq <= until
                    ORDER BY e.seq LIMIT 1 OFFSET rows_max - 1), until);
  UPDATE logs SET floor = upto,
      floor_changes = coalesce((SELECT c.changes FROM change_counts c WHERE c.conversation = log_id AND c.seq <= upto
                                ORDER BY c.seq DESC LIMIT 1), log.floor_changes),
      oldest_at = (SELECT e.at FROM entries e WHERE e.conversation = log_id AND e.seq > upto ORDER BY e.seq LIMIT 1)
    WHERE id = log_id;
  DELETE FROM change_counts WHERE conversation = log_id AND seq <= upto;
  DELETE FROM sent_counts s
    USING (SELECT DISTINCT e.sender FROM entries e
           WHERE e.conversation = log_id AND e.seq <= upto AND e.kind IS NULL) dropped
    WHERE s.conversation = log_id AND s.sender = dropped.sender AND (s.block < upto / ${BLOCK}
      OR s.block = upto / ${BLOCK} AND NOT EXISTS (
        SELECT 1 FROM entries e WHERE e.conversation = log_id AND e.seq > upto AND e.seq < (upto / ${BLOCK} + 1) * ${BLOCK}
          AND e.sender = s.sender AND e.kind IS NULL));
  DELETE FROM states WHERE conversation = log_id AND seq <= upto;
  DELETE FROM entries WHERE conversation = log_id AND seq <= upto;
  RETURN upto < until;
END $$`;
