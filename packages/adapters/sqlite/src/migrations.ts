// The schema, as numbered steps. A step that has been released never changes; a new one is added after it.
import type { Database } from 'bun:sqlite';
import { StoreError } from '@parley/ports/store-error';
import { PEOPLE } from './schema-people.ts';
import { READING, RETENTION } from './schema-reading.ts';

interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

// - Ids are 63-bit integers; they are bound and read as decimal text, so that none passes through a double.
// - `entries` is in order of arrival, so that all conversations fill the same last page; `logs.key` and `senders.key`
//   keep its two indexes short. `kind` is null for a message, nearly all of them, which keeps `entries_changes` small.
// - `oldest_at` is the time of the oldest kept row, so that retention finds what to drop without reading every log.
const LOGS = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE logs (
  id INTEGER PRIMARY KEY,
  key INTEGER NOT NULL,
  token TEXT,
  head INTEGER NOT NULL,
  floor INTEGER NOT NULL,
  oldest_at INTEGER
) STRICT;
CREATE UNIQUE INDEX logs_key ON logs (key);
CREATE INDEX logs_oldest ON logs (oldest_at) WHERE oldest_at IS NOT NULL;

CREATE TABLE senders (key INTEGER PRIMARY KEY, id INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX senders_id ON senders (id);

CREATE TABLE entries (
  position INTEGER PRIMARY KEY,
  log INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  from_seq INTEGER,
  sender INTEGER NOT NULL,
  client_msg_id ANY NOT NULL,
  message_id INTEGER NOT NULL,
  at INTEGER NOT NULL,
  kind TEXT,
  body TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX entries_seq ON entries (log, seq);
CREATE UNIQUE INDEX entries_client_msg_id ON entries (client_msg_id, sender, log);
CREATE INDEX entries_changes ON entries (log, seq) WHERE kind IS NOT NULL;
`;

// - `title_seq` and `changed_seq` order the changes of a title and of a membership; `as_of` is Members.asOf.
// - The direct members' order and a group's first request make each conversation one of its kind.
const MEMBERS = `
CREATE TABLE conversations (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  created_by INTEGER NOT NULL,
  first INTEGER,
  second INTEGER,
  client_msg_id TEXT,
  title TEXT,
  history TEXT,
  title_seq INTEGER NOT NULL DEFAULT 0,
  as_of INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX conversations_direct ON conversations (first, second) WHERE first IS NOT NULL;
CREATE UNIQUE INDEX conversations_group ON conversations (created_by, client_msg_id) WHERE client_msg_id IS NOT NULL;

CREATE TABLE memberships (
  user INTEGER NOT NULL,
  conversation INTEGER NOT NULL,
  role TEXT NOT NULL,
  joined_seq INTEGER NOT NULL,
  visible_after INTEGER NOT NULL,
  left_seq INTEGER,
  changed_seq INTEGER NOT NULL,
  PRIMARY KEY (user, conversation)
) STRICT, WITHOUT ROWID;
CREATE INDEX memberships_conversation ON memberships (conversation, user, left_seq);

CREATE TABLE marks (
  user INTEGER NOT NULL,
  device INTEGER NOT NULL,
  conversation INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (user, device, conversation)
) STRICT, WITHOUT ROWID;
`;

const ACCOUNTS = `
CREATE TABLE users (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  password_hash TEXT,
  external_id TEXT,
  created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX users_name ON users (name);
CREATE UNIQUE INDEX users_external_id ON users (external_id) WHERE external_id IS NOT NULL;

CREATE TABLE devices (
  id INTEGER PRIMARY KEY,
  user INTEGER NOT NULL,
  key TEXT NOT NULL,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX devices_user_key ON devices (user, key);

CREATE TABLE tokens (
  hash TEXT PRIMARY KEY,
  user INTEGER NOT NULL,
  device INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_user ON tokens (user);
CREATE INDEX tokens_device ON tokens (device);
CREATE INDEX tokens_expiry ON tokens (expires_at);
`;

// A table of its own: nearly no message has a state. In order of arrival, like `entries`.
const STATES = `
CREATE TABLE states (
  position INTEGER PRIMARY KEY,
  log INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  as_of INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX states_seq ON states (log, seq);
`;

export const MIGRATIONS: readonly Migration[] = [
  { version: 1, name: 'logs', sql: LOGS },
  { version: 2, name: 'members', sql: MEMBERS },
  { version: 3, name: 'accounts', sql: ACCOUNTS },
  { version: 4, name: 'states', sql: STATES },
  { version: 5, name: 'reading', sql: READING },
  { version: 6, name: 'people', sql: PEOPLE },
  { version: 7, name: 'retention', sql: RETENTION },
];

const TABLE = `CREATE TABLE IF NOT EXISTS migrations (
  version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL
) STRICT`;

export interface MigrateOptions {
  readonly database: Database;
  readonly migrations: readonly Migration[];
  readonly now: number;
  /** For a database that is made just now; an older one keeps its own. SQLite draws one where none is given. */
  readonly newLogId: string | undefined;
}

/** Brings the schema up to date in one transaction and returns the log id. Refuses a newer or a foreign schema. */
export function migrate({ database, migrations, now, newLogId }: MigrateOptions): string {
  return database
    .transaction(() => {
      database.run(TABLE);
      const applied = database
        .query<{ version: number; name: string }, []>('SELECT version, name FROM migrations ORDER BY version')
        .all();
      checkApplied(applied, migrations);
      for (const migration of migrations.slice(applied.length)) {
        database.run(migration.sql);
        database.run('INSERT INTO migrations VALUES (?, ?, ?)', [migration.version, migration.name, now]);
      }
      const insert =
        "INSERT INTO meta VALUES ('log_id', coalesce(?, lower(hex(randomblob(16))))) ON CONFLICT DO NOTHING";
      database.run(insert, [newLogId ?? null]);
      const row = database.query<{ value: string }, []>("SELECT value FROM meta WHERE name = 'log_id'").get();
      if (row === null) throw new Error('the log id was not stored');
      return row.value;
    })
    .immediate();
}

/** Throws unless what was applied is how these migrations begin. */
export function checkApplied(
  applied: readonly { readonly version: number; readonly name: string }[],
  migrations: readonly Migration[],
): void {
  for (const [index, { version, name }] of applied.entries()) {
    const known = migrations[index];
    if (known === undefined) {
      throw new StoreError(
        'unavailable',
        `The data is of a newer version of Parley (schema ${version} "${name}"; this one knows ${migrations.length})`,
      );
    }
    if (known.version !== version || known.name !== name) {
      throw new StoreError(
        'unavailable',
        `The data has a schema that Parley does not know: ${version} "${name}"`,
      );
    }
  }
}
