// The sixth migration: a group's settings and bans, settings of users, contacts, blocks, invitations and reports.

// - The three settings are null until they are first changed; `settings_seq` orders their changes.
// - `channel_title` is there of public groups alone: the title as `titleKey` makes it, so that one index finds channels
//   by how their title begins. The other one is for all of them, in order of id.
// - `members` is how many are members now: groups are listed by the hundred, and each may have ten thousand.
const GROUPS = `
ALTER TABLE conversations ADD COLUMN public INTEGER;
ALTER TABLE conversations ADD COLUMN announcements INTEGER;
ALTER TABLE conversations ADD COLUMN slow_mode_s INTEGER;
ALTER TABLE conversations ADD COLUMN settings_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN channel_title TEXT;
ALTER TABLE conversations ADD COLUMN members INTEGER NOT NULL DEFAULT 0;
UPDATE conversations SET members =
  (SELECT count(*) FROM memberships m WHERE m.conversation = conversations.id AND m.left_seq IS NULL);
CREATE INDEX conversations_channel_title ON conversations (channel_title) WHERE channel_title IS NOT NULL;
CREATE INDEX conversations_channels ON conversations (id) WHERE channel_title IS NOT NULL;

ALTER TABLE memberships ADD COLUMN banned INTEGER NOT NULL DEFAULT 0;
`;

// Who watches or blocks a user is always asked of some users: their rows are found by the primary key.
const USERS = `
CREATE TABLE user_settings (
  user INTEGER PRIMARY KEY,
  read_receipts INTEGER NOT NULL,
  visibility TEXT NOT NULL
) STRICT;

CREATE TABLE contacts (
  user INTEGER NOT NULL,
  other INTEGER NOT NULL,
  PRIMARY KEY (user, other)
) STRICT, WITHOUT ROWID;

CREATE TABLE blocks (
  user INTEGER NOT NULL,
  other INTEGER NOT NULL,
  PRIMARY KEY (user, other)
) STRICT, WITHOUT ROWID;

CREATE TABLE last_seen (user INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT;
`;

// `uses` is the number of its rows in `invite_uses`.
const INVITES = `
CREATE TABLE invites (
  code TEXT PRIMARY KEY,
  conversation INTEGER NOT NULL,
  created_by INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  uses_max INTEGER,
  uses INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX invites_conversation ON invites (conversation, expires_at);
CREATE INDEX invites_expiry ON invites (expires_at);

CREATE TABLE invite_uses (
  code TEXT NOT NULL,
  user INTEGER NOT NULL,
  PRIMARY KEY (code, user)
) STRICT, WITHOUT ROWID;
`;

const REPORTS = `
CREATE TABLE reports (
  id INTEGER PRIMARY KEY,
  reporter INTEGER NOT NULL,
  client_msg_id TEXT NOT NULL,
  conversation INTEGER NOT NULL,
  at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  note TEXT,
  entries TEXT NOT NULL,
  closed_by INTEGER,
  closed_at INTEGER
) STRICT;
CREATE UNIQUE INDEX reports_request ON reports (reporter, client_msg_id);
CREATE INDEX reports_conversation ON reports (conversation, id);
`;

export const PEOPLE = GROUPS + USERS + INVITES + REPORTS;
