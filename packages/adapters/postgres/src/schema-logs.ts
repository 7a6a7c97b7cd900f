// The first migration: the logs of the conversations, and the counts that make unread cheap (decision 0005).
import { APPEND_FUNCTION } from './append-function.ts';
import { DROP_FUNCTION } from './drop-function.ts';

// - `kind` is null for a message, as nearly every entry is. A row covers one seq: nothing makes ranges yet.
// - `oldest_at` is the time of the oldest kept row, so that retention finds what to drop without reading every log.
// - An append changes no indexed column of `logs`, and its page has room: the new version stays beside the old one.
const TABLES: readonly string[] = [
  'CREATE TABLE meta (name text PRIMARY KEY, value text NOT NULL)',
  "INSERT INTO meta VALUES ('log_id', replace(gen_random_uuid()::text, '-', ''))",

  `CREATE TABLE logs (
     id bigint PRIMARY KEY,
     token text NOT NULL,
     head bigint NOT NULL,
     floor bigint NOT NULL,
     floor_changes bigint NOT NULL DEFAULT 0,
     oldest_at bigint
   ) WITH (fillfactor = 50)`,
  'CREATE INDEX logs_oldest ON logs (oldest_at) WHERE oldest_at IS NOT NULL',

  `CREATE TABLE entries (
     conversation bigint NOT NULL,
     seq bigint NOT NULL,
     sender bigint NOT NULL,
     message_id bigint NOT NULL,
     at bigint NOT NULL,
     kind text,
     client_msg_id text COLLATE "C" NOT NULL,
     body text NOT NULL,
     PRIMARY KEY (conversation, seq)
   )`,
  'CREATE UNIQUE INDEX entries_client_msg_id ON entries (conversation, sender, client_msg_id)',
  // Not unique: ids come from clocks, and the audit is where two equal ones are found.
  'CREATE INDEX entries_message_id ON entries (message_id)',

  `CREATE TABLE states (
     conversation bigint NOT NULL,
     seq bigint NOT NULL,
     as_of bigint NOT NULL,
     body text NOT NULL,
     PRIMARY KEY (conversation, seq)
   )`,
];

// - How many messages a log has up to a seq is that seq less the seqs that are no message's: `change_counts` has their
//   number at each of them, `logs.floor_changes` at the floor. So a message adds nothing.
// - `sent_counts` has a row for each block in which a kept message of the sender is, with how many the sender had sent
//   before it. Only the first message of a sender in a block adds one.
// - Where the counting begins does not matter: only differences between two seqs above the floor are ever used.
const COUNTS: readonly string[] = [
  `CREATE TABLE change_counts (
     conversation bigint NOT NULL,
     seq bigint NOT NULL,
     changes bigint NOT NULL,
     PRIMARY KEY (conversation, seq)
   )`,
  `CREATE TABLE sent_counts (
     conversation bigint NOT NULL,
     sender bigint NOT NULL,
     block bigint NOT NULL,
     sent_before bigint NOT NULL,
     PRIMARY KEY (conversation, sender, block)
   )`,
];

export const LOGS: readonly string[] = [...TABLES, ...COUNTS, APPEND_FUNCTION, DROP_FUNCTION];
