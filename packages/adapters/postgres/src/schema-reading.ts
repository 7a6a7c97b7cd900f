// The fifth migration: what is read, received, mentioned, hidden and followed.

// - `read_seq` is null where only flags were set. `begun` is where the user last joined.
// - `mentions.user_id` is 0 where every member is mentioned.
// - `mentions_set.as_of` is the last entry whose mentions were set, `before` the one that its last change replaced.
// - `followers.follows` is false where the user once stopped.
const PERSONAL: readonly string[] = [
  `CREATE TABLE personal (
     user_id bigint NOT NULL,
     conversation bigint NOT NULL,
     read_seq bigint,
     begun bigint NOT NULL DEFAULT 0,
     muted_until bigint NOT NULL DEFAULT 0,
     archived boolean NOT NULL DEFAULT false,
     pinned boolean NOT NULL DEFAULT false,
     PRIMARY KEY (user_id, conversation)
   ) WITH (fillfactor = 80)`,

  `CREATE TABLE mentions (
     user_id bigint NOT NULL,
     conversation bigint NOT NULL,
     seq bigint NOT NULL,
     sender bigint NOT NULL,
     PRIMARY KEY (user_id, conversation, seq)
   )`,
  'CREATE INDEX mentions_conversation ON mentions (conversation, seq)',
  `CREATE TABLE mentions_set (
     conversation bigint PRIMARY KEY,
     as_of bigint NOT NULL,
     before bigint NOT NULL
   ) WITH (fillfactor = 80)`,

  `CREATE TABLE hidden (
     user_id bigint NOT NULL,
     number bigint NOT NULL,
     conversation bigint NOT NULL,
     seq bigint NOT NULL,
     PRIMARY KEY (user_id, number)
   )`,
  'CREATE UNIQUE INDEX hidden_message ON hidden (user_id, conversation, seq)',
  'CREATE INDEX hidden_conversation ON hidden (conversation, seq)',

  `CREATE TABLE followers (
     conversation bigint NOT NULL,
     thread bigint NOT NULL,
     user_id bigint NOT NULL,
     follows boolean NOT NULL,
     PRIMARY KEY (conversation, thread, user_id)
   )`,
  'CREATE INDEX followers_user ON followers (user_id, conversation, thread) WHERE follows',
];

// - `receipts` has a user's watermarks, `receipt_devices` those of each device. The columns `…before` have what the last
//   change replaced: this is how the statement that raises a watermark learns it, whoever raised it meanwhile.
// - `receipt_times` has the time of a step for the seqs in (after_seq, seq]; what no row covers has no time. Device 0 is
//   the user's reading.
const RECEIPTS: readonly string[] = [
  `CREATE TABLE receipts (
     conversation bigint NOT NULL,
     user_id bigint NOT NULL,
     received bigint NOT NULL,
     received_before bigint NOT NULL DEFAULT 0,
     read bigint NOT NULL,
     read_before bigint NOT NULL DEFAULT 0,
     PRIMARY KEY (conversation, user_id)
   ) WITH (fillfactor = 80)`,

  `CREATE TABLE receipt_devices (
     conversation bigint NOT NULL,
     user_id bigint NOT NULL,
     device bigint NOT NULL,
     seq bigint NOT NULL,
     seq_before bigint NOT NULL DEFAULT 0,
     PRIMARY KEY (conversation, user_id, device)
   ) WITH (fillfactor = 80)`,

  `CREATE TABLE receipt_times (
     conversation bigint NOT NULL,
     user_id bigint NOT NULL,
     device bigint NOT NULL,
     after_seq bigint NOT NULL,
     seq bigint NOT NULL,
     at bigint NOT NULL,
     PRIMARY KEY (conversation, user_id, device, seq)
   )`,
];

export const READING: readonly string[] = [...PERSONAL, ...RECEIPTS];
