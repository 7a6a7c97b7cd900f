// The third migration: users, their devices and the tokens that sign them in.

export const ACCOUNTS: readonly string[] = [
  `CREATE TABLE users (
     id bigint PRIMARY KEY,
     name text COLLATE "C" NOT NULL,
     password_hash text,
     external_id bytea,
     created_at bigint NOT NULL
   )`,
  'CREATE UNIQUE INDEX users_name ON users (name)',
  'CREATE UNIQUE INDEX users_external_id ON users (external_id) WHERE external_id IS NOT NULL',

  `CREATE TABLE devices (
     id bigint PRIMARY KEY,
     user_id bigint NOT NULL,
     key bytea NOT NULL,
     name bytea NOT NULL,
     created_at bigint NOT NULL
   )`,
  'CREATE UNIQUE INDEX devices_user_key ON devices (user_id, key)',

  `CREATE TABLE tokens (
     hash text COLLATE "C" PRIMARY KEY,
     user_id bigint NOT NULL,
     device bigint NOT NULL,
     created_at bigint NOT NULL,
     expires_at bigint NOT NULL
   )`,
  'CREATE INDEX tokens_user ON tokens (user_id)',
  'CREATE INDEX tokens_device ON tokens (device)',
  'CREATE INDEX tokens_expiry ON tokens (expires_at)',
];
