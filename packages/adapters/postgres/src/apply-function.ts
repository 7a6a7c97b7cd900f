// apply_changes: what entries of a group's log changed, each thing only by a newer entry than the one it is from.

// `users` is unique: of several changes of one user the newest is given. It locks the conversation's row first, so that
// the number of members is counted under it. A title, settings or memberships that are not given are null or empty.
export const APPLY_FUNCTION = `
CREATE FUNCTION apply_changes(
  conversation_id bigint, new_as_of bigint,
  new_title_seq bigint, new_title bytea, new_title_key bytea,
  new_settings_seq bigint, new_public boolean, new_announcements boolean, new_slow_mode_s integer,
  users bigint[], roles text[], joined_seqs bigint[], visible_afters bigint[], left_seqs bigint[], bans boolean[],
  changed_seqs bigint[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  before integer;
  after integer;
BEGIN
  PERFORM 1 FROM conversations WHERE id = conversation_id FOR NO KEY UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION 'conversation % was never created', conversation_id; END IF;
  SELECT count(*) INTO before FROM memberships m
    WHERE m.user_id = ANY (users) AND m.conversation = conversation_id AND m.left_seq IS NULL;
  INSERT INTO memberships AS m
      (user_id, conversation, role, joined_seq, visible_after, left_seq, banned, changed_seq)
    SELECT n.user_id, conversation_id, n.role, n.joined_seq, n.visible_after, n.left_seq, n.banned, n.changed_seq
    FROM unnest(users, roles, joined_seqs, visible_afters, left_seqs, bans, changed_seqs)
      AS n (user_id, role, joined_seq, visible_after, left_seq, banned, changed_seq)
    ON CONFLICT (user_id, conversation) DO UPDATE SET role = excluded.role, joined_seq = excluded.joined_seq,
      visible_after = excluded.visible_after, left_seq = excluded.left_seq, banned = excluded.banned,
      changed_seq = excluded.changed_seq
    WHERE excluded.changed_seq > m.changed_seq;
  SELECT count(*) INTO after FROM memberships m
    WHERE m.user_id = ANY (users) AND m.conversation = conversation_id AND m.left_seq IS NULL;
  UPDATE conversations c SET as_of = greatest(c.as_of, new_as_of), members_count = c.members_count + after - before
    WHERE c.id = conversation_id;
  UPDATE conversations c SET title = new_title, title_key = new_title_key, title_seq = new_title_seq
    WHERE c.id = conversation_id AND c.title_seq < new_title_seq;
  UPDATE conversations c SET public = new_public, announcements = new_announcements, slow_mode_s = new_slow_mode_s,
      settings_seq = new_settings_seq
    WHERE c.id = conversation_id AND c.settings_seq < new_settings_seq;
END $$`;
