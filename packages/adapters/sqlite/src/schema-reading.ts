// The fifth migration: what is read, received, mentioned, hidden and followed, and the counts that make unread cheap.

/** A sender's messages are counted in blocks of so many seqs: at most one block is ever looked through. */
export const SENT_BLOCK_SEQS_COUNT = 64;

// - How many messages a log has up to a seq is that seq less the seqs that are no message's: `change_counts` has their
//   number at each of them, `logs.floor_changes` at the floor. So a message, as nearly every entry is, adds nothing.
// - `sent_counts` has a row for each block in which a kept message of the sender is, with how many the sender had sent
//   before it. Only the first message of a sender in a block adds one.
// - Where the counting begins does not matter: only differences between two seqs above the floor are ever used.
// - entries_message_id is not unique: ids come from clocks, and the audit is where two equal ones are found.
const COUNTS = `
ALTER TABLE logs ADD COLUMN floor_changes INTEGER NOT NULL DEFAULT 0;

CREATE TABLE change_counts (
  log INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  changes INTEGER NOT NULL,
  PRIMARY KEY (log, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO change_counts
  SELECT log, seq, sum(seq - coalesce(from_seq, seq) + (kind IS NOT NULL)) OVER (PARTITION BY log ORDER BY seq)
  FROM entries WHERE kind IS NOT NULL OR from_seq < seq;

CREATE TABLE sent_counts (
  log INTEGER NOT NULL,
  sender INTEGER NOT NULL,
  block INTEGER NOT NULL,
  sent_before INTEGER NOT NULL,
  PRIMARY KEY (log, sender, block)
) STRICT, WITHOUT ROWID;
INSERT INTO sent_counts
  SELECT log, sender, block, sum(count) OVER (PARTITION BY log, sender ORDER BY block) - count
  FROM (
    SELECT log, sender, seq / ${SENT_BLOCK_SEQS_COUNT} AS block, count(*) AS count
    FROM entries WHERE kind IS NULL GROUP BY log, sender, seq / ${SENT_BLOCK_SEQS_COUNT}
  );

CREATE INDEX entries_message_id ON entries (message_id);
`;

// - `read_seq` is null where only flags were set. `begun` is where the user last joined.
// - `mentions.user` is 0 where every member is mentioned; `mentions_set` has the last entry whose mentions were set.
// - `followers.follows` is 0 where the user once stopped.
const PERSONAL = `
CREATE TABLE personal (
  user INTEGER NOT NULL,
  conversation INTEGER NOT NULL,
  read_seq INTEGER,
  begun INTEGER NOT NULL DEFAULT 0,
  muted_until INTEGER NOT NULL DEFAULT 0,
  archived INTEGER NOT NULL DEFAULT 0,
  pinned INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (user, conversation)
) STRICT, WITHOUT ROWID;

CREATE TABLE mentions (
  user INTEGER NOT NULL,
  conversation INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  sender INTEGER NOT NULL,
  PRIMARY KEY (user, conversation, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX mentions_conversation ON mentions (conversation, seq);

CREATE TABLE mentions_set (conversation INTEGER PRIMARY KEY, as_of INTEGER NOT NULL) STRICT;

CREATE TABLE hidden (
  user INTEGER NOT NULL,
  number INTEGER NOT NULL,
  conversation INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (user, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX hidden_message ON hidden (user, conversation, seq);

CREATE TABLE followers (
  conversation INTEGER NOT NULL,
  thread INTEGER NOT NULL,
  user INTEGER NOT NULL,
  follows INTEGER NOT NULL,
  PRIMARY KEY (conversation, thread, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX followers_user ON followers (user, conversation, thread) WHERE follows = 1;
`;

// - `receipts` has a user's watermarks, `receipt_devices` those of each device.
// - A step has the time of every seq between the step before and its own; null where that is not known. Steps without
//   a time are not stored until one with a time comes after them. Device 0 is the user's reading.
const RECEIPTS = `
CREATE TABLE receipts (
  conversation INTEGER NOT NULL,
  user INTEGER NOT NULL,
  received INTEGER NOT NULL,
  read INTEGER NOT NULL,
  PRIMARY KEY (conversation, user)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipt_devices (
  conversation INTEGER NOT NULL,
  user INTEGER NOT NULL,
  device INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (conversation, user, device)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipt_steps (
  conversation INTEGER NOT NULL,
  user INTEGER NOT NULL,
  device INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER,
  PRIMARY KEY (conversation, user, device, seq)
) STRICT, WITHOUT ROWID;
`;

export const READING = COUNTS + PERSONAL + RECEIPTS;

/** The seventh migration: retention finds what users hid of a conversation, and earlier passes left what they dropped. */
export const RETENTION = `
CREATE INDEX hidden_conversation ON hidden (conversation, seq);
DELETE FROM followers WHERE thread <= (SELECT floor FROM logs WHERE id = followers.conversation);
DELETE FROM hidden WHERE seq <= (SELECT floor FROM logs WHERE id = hidden.conversation)
  AND number < (SELECT max(number) FROM hidden AS all_of WHERE all_of.user = hidden.user);
`;
