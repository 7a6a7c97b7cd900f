// The fourth migration: settings of users, contacts, blocks, last-seen times, invitations and reports.

// Who watches or blocks a user is always asked of some users: their rows are found by the primary key.
const USERS: readonly string[] = [
  `CREATE TABLE user_settings (
     user_id bigint PRIMARY KEY,
     read_receipts boolean NOT NULL,
     visibility text NOT NULL
   )`,
  'CREATE TABLE contacts (user_id bigint NOT NULL, other bigint NOT NULL, PRIMARY KEY (user_id, other))',
  'CREATE TABLE blocks (user_id bigint NOT NULL, other bigint NOT NULL, PRIMARY KEY (user_id, other))',
  'CREATE TABLE last_seen (user_id bigint PRIMARY KEY, at bigint NOT NULL) WITH (fillfactor = 80)',
];

// `uses` is the number of its rows in `invite_uses`, which go with it.
const INVITES: readonly string[] = [
  `CREATE TABLE invites (
     code text COLLATE "C" PRIMARY KEY,
     conversation bigint NOT NULL,
     created_by bigint NOT NULL,
     created_at bigint NOT NULL,
     expires_at bigint NOT NULL,
     uses_max bigint,
     uses bigint NOT NULL DEFAULT 0
   )`,
  'CREATE INDEX invites_conversation ON invites (conversation, expires_at)',
  'CREATE INDEX invites_expiry ON invites (expires_at)',

  `CREATE TABLE invite_uses (
     code text COLLATE "C" NOT NULL REFERENCES invites ON DELETE CASCADE,
     user_id bigint NOT NULL,
     PRIMARY KEY (code, user_id)
   )`,
];

const REPORTS: readonly string[] = [
  `CREATE TABLE reports (
     id bigint PRIMARY KEY,
     reporter bigint NOT NULL,
     client_msg_id text COLLATE "C" NOT NULL,
     conversation bigint NOT NULL,
     at bigint NOT NULL,
     reason text NOT NULL,
     note bytea,
     entries bytea NOT NULL,
     closed_by bigint,
     closed_at bigint
   )`,
  'CREATE UNIQUE INDEX reports_request ON reports (reporter, client_msg_id)',
  'CREATE INDEX reports_conversation ON reports (conversation, id)',
];

export const PEOPLE: readonly string[] = [...USERS, ...INVITES, ...REPORTS];
