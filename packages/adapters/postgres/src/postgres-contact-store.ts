// Settings, contacts, blocks and last-seen times on PostgreSQL.
import { type ContactStore, DEFAULT_SETTINGS, type Settings } from '@parley/ports/contact-store';
import type { UserId } from '@parley/protocol/ids';
import type { Visibility } from '@parley/protocol/settings';
import type { Database } from './database.ts';
import { BEFORE_THE_FIRST } from './id-page.ts';
import { statement } from './statement.ts';
import { writeAlone } from './write-alone.ts';

interface Id {
  readonly id: UserId;
}

const SETTINGS = statement<{ id: UserId; read_receipts: boolean; visibility: Visibility }>(
  'settings',
  'SELECT user_id AS id, read_receipts, visibility FROM user_settings WHERE user_id = ANY ($1::bigint[])',
);
const SET_SETTINGS = statement(
  'set_settings',
  `INSERT INTO user_settings (user_id, read_receipts, visibility) VALUES ($1, $2, $3)
   ON CONFLICT (user_id) DO UPDATE SET read_receipts = excluded.read_receipts, visibility = excluded.visibility`,
);
const LAST_SEEN = statement<{ id: UserId; at: string }>(
  'last_seen',
  'SELECT user_id AS id, at FROM last_seen WHERE user_id = ANY ($1::bigint[])',
);
const SET_LAST_SEEN = statement(
  'set_last_seen',
  `INSERT INTO last_seen (user_id, at)
     SELECT user_id, max(at) FROM unnest($1::bigint[], $2::bigint[]) AS n (user_id, at)
     GROUP BY user_id ORDER BY user_id
   ON CONFLICT (user_id) DO UPDATE SET at = excluded.at WHERE excluded.at > last_seen.at`,
);

/** A list that each user has of others. */
const list = (table: 'contacts' | 'blocks') => ({
  name: table,
  // All of them or none. Those that are there already never are too many.
  add: statement<{ fits: boolean }>(
    `${table}_add`,
    `WITH fresh AS (
       SELECT DISTINCT n.other FROM unnest($2::bigint[]) AS n (other)
       WHERE NOT EXISTS (SELECT FROM ${table} t WHERE t.user_id = $1 AND t.other = n.other)
     ), room AS (
       SELECT count(*) = 0 OR count(*) + (SELECT count(*) FROM ${table} WHERE user_id = $1) <= $3 AS fits FROM fresh
     ), added AS (
       INSERT INTO ${table} (user_id, other) SELECT $1, other FROM fresh WHERE (SELECT fits FROM room)
     )
     SELECT fits FROM room`,
  ),
  remove: statement(
    `${table}_remove`,
    `DELETE FROM ${table} WHERE user_id = $1 AND other = ANY ($2::bigint[])`,
  ),
  page: statement<Id>(
    `${table}_page`,
    `SELECT other AS id FROM ${table} WHERE user_id = $1 AND other > $2 ORDER BY other LIMIT $3`,
  ),
  /** Which of some users are on the list of one. */
  among: statement<Id>(
    `${table}_among`,
    `SELECT other AS id FROM ${table} WHERE user_id = $1 AND other = ANY ($2::bigint[])`,
  ),
  /** Which of some users have one on their list. */
  havingAmong: statement<Id>(
    `${table}_having_among`,
    `SELECT user_id AS id FROM ${table} WHERE other = $1 AND user_id = ANY ($2::bigint[])`,
  ),
});
type List = ReturnType<typeof list>;

const CONTACTS = list('contacts');
const BLOCKS = list('blocks');

export class PostgresContactStore implements ContactStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async settings(users: readonly UserId[]): Promise<ReadonlyMap<UserId, Settings>> {
    const rows = await this.#database.read(SETTINGS, [users]);
    const found = new Map(
      rows.map(({ id, read_receipts, visibility }) => [id, { readReceipts: read_receipts, visibility }]),
    );
    return new Map(users.map((user) => [user, found.get(user) ?? DEFAULT_SETTINGS]));
  }

  async setSettings(user: UserId, { readReceipts, visibility }: Settings): Promise<void> {
    await this.#database.write(SET_SETTINGS, [user, readReceipts, visibility]);
  }

  watch(user: UserId, others: readonly UserId[], max: number): Promise<boolean> {
    return this.#add(CONTACTS, user, others, max);
  }

  async unwatch(user: UserId, others: readonly UserId[]): Promise<void> {
    await this.#database.write(CONTACTS.remove, [user, others]);
  }

  async contacts(user: UserId, after: UserId | undefined, limit: number): Promise<readonly UserId[]> {
    return idsOf(await this.#database.read(CONTACTS.page, [user, after ?? BEFORE_THE_FIRST, limit]));
  }

  async watchersAmong(user: UserId, others: readonly UserId[]): Promise<readonly UserId[]> {
    return idsOf(await this.#database.read(CONTACTS.havingAmong, [user, others]));
  }

  async contactsAmong(user: UserId, others: readonly UserId[]): Promise<readonly UserId[]> {
    return idsOf(await this.#database.read(CONTACTS.among, [user, others]));
  }

  block(user: UserId, other: UserId, max: number): Promise<boolean> {
    return this.#add(BLOCKS, user, [other], max);
  }

  async unblock(user: UserId, other: UserId): Promise<void> {
    await this.#database.write(BLOCKS.remove, [user, [other]]);
  }

  async blocked(user: UserId, after: UserId | undefined, limit: number): Promise<readonly UserId[]> {
    return idsOf(await this.#database.read(BLOCKS.page, [user, after ?? BEFORE_THE_FIRST, limit]));
  }

  async blockersAmong(user: UserId, others: readonly UserId[]): Promise<readonly UserId[]> {
    return idsOf(await this.#database.read(BLOCKS.havingAmong, [user, others]));
  }

  async lastSeen(users: readonly UserId[]): Promise<ReadonlyMap<UserId, number>> {
    const rows = await this.#database.read(LAST_SEEN, [users]);
    return new Map(rows.map(({ id, at }) => [id, Number(at)]));
  }

  async setLastSeen(rows: readonly { readonly user: UserId; readonly at: number }[]): Promise<void> {
    await this.#database.write(SET_LAST_SEEN, [rows.map(({ user }) => user), rows.map(({ at }) => at)]);
  }

  /** Nothing by itself: the stores share one database, which whoever opened it closes. */
  async [Symbol.asyncDispose](): Promise<void> {}

  async #add({ name, add }: List, user: UserId, others: readonly UserId[], max: number): Promise<boolean> {
    const [room] = await writeAlone(this.#database, `${name} ${user}`, add, [user, others, max]);
    return room?.fits === true;
  }
}

const idsOf = (rows: readonly Id[]): UserId[] => rows.map(({ id }) => id);
