// What users keep about conversations on PostgreSQL. The log may be elsewhere: what is of it comes through LogCounts.
import type { ConversationId, Seq, UserId } from '@parley/protocol/ids';
import type { LogCounts } from '@parley/ports/log-counts';
import type {
  Flags,
  HiddenMessage,
  Mention,
  PersonalStore,
  Standing,
  StandingPage,
  ThreadKey,
} from '@parley/ports/personal-store';
import type { Database } from './database.ts';
import { BEFORE_THE_FIRST } from './id-page.ts';
import { setMentions } from './personal-mentions.ts';
import { PersonalStandings } from './personal-standings.ts';
import { statement } from './statement.ts';
import { writeAlone } from './write-alone.ts';

/** Users of one statement: more are done in turns, so that none runs long. */
const USERS_MAX_COUNT = 1_000;

const BEGIN = statement(
  'personal_begin',
  `INSERT INTO personal AS p (user_id, conversation, read_seq, begun)
     SELECT DISTINCT n.user_id, $2::bigint, $3::bigint, $3::bigint FROM unnest($1::bigint[]) AS n (user_id)
     ORDER BY n.user_id
   ON CONFLICT (user_id, conversation)
     DO UPDATE SET begun = excluded.begun, read_seq = greatest(p.read_seq, excluded.read_seq)
     WHERE p.begun < excluded.begun`,
);

/** Moves `read` to a seq that is beyond, or before, where it stands. Before anything was read it stands where the user joined. */
const moveRead = (name: string, beyond: '>' | '<') => {
  const joined = 'coalesce((SELECT joined_seq FROM memberships WHERE user_id = $1 AND conversation = $2), 0)';
  const there = '(SELECT read_seq FROM personal WHERE user_id = $1 AND conversation = $2)';
  return statement(
    name,
    `INSERT INTO personal AS p (user_id, conversation, read_seq)
       SELECT $1::bigint, $2::bigint, $3::bigint WHERE $3::bigint ${beyond} coalesce(${there}, ${joined})
     ON CONFLICT (user_id, conversation) DO UPDATE SET read_seq = excluded.read_seq
       WHERE excluded.read_seq ${beyond} coalesce(p.read_seq, ${joined})`,
  );
};
const READ = moveRead('personal_read', '>');
const UNREAD = moveRead('personal_unread', '<');

const SET_FLAGS = statement(
  'personal_flags',
  `INSERT INTO personal AS p (user_id, conversation, muted_until, archived, pinned)
     VALUES ($1, $2, coalesce($3::bigint, 0), coalesce($4::boolean, false), coalesce($5::boolean, false))
   ON CONFLICT (user_id, conversation) DO UPDATE SET muted_until = coalesce($3::bigint, p.muted_until),
     archived = coalesce($4::boolean, p.archived), pinned = coalesce($5::boolean, p.pinned)`,
);

const HIDE = statement<{ number: string }>(
  'hidden_add',
  `WITH there AS (
     SELECT number FROM hidden WHERE user_id = $1 AND conversation = $2 AND seq = $3
   ), added AS (
     INSERT INTO hidden (user_id, conversation, seq, number)
       SELECT $1, $2, $3, 1 + coalesce((SELECT max(number) FROM hidden WHERE user_id = $1), 0)
       WHERE NOT EXISTS (SELECT FROM there)
     RETURNING number
   )
   SELECT number FROM there UNION ALL SELECT number FROM added`,
);
const HIDDEN = statement<{ number: string; conversation: ConversationId; seq: string }>(
  'hidden_page',
  'SELECT number, conversation, seq FROM hidden WHERE user_id = $1 AND number > $2 ORDER BY number LIMIT $3',
);
const HIDDEN_IN = statement<{ seq: string }>(
  'hidden_in',
  'SELECT seq FROM hidden WHERE user_id = $1 AND conversation = $2 AND seq > $3 AND seq <= $4 ORDER BY seq',
);

const follow = (name: string, conflict: string) =>
  statement(
    name,
    `INSERT INTO followers (conversation, thread, user_id, follows)
       SELECT $1::bigint, $2::bigint, n.user_id, n.follows
       FROM unnest($3::bigint[], $4::boolean[]) AS n (user_id, follows) ORDER BY n.user_id
     ON CONFLICT (conversation, thread, user_id) ${conflict}`,
  );
const FOLLOW_BY_USER = follow('follow_by_user', 'DO UPDATE SET follows = excluded.follows');
const FOLLOW_BY_WRITING = follow('follow_by_writing', 'DO NOTHING');
const FOLLOWERS = statement<{ user_id: UserId }>(
  'followers',
  'SELECT user_id FROM followers WHERE conversation = $1 AND thread = $2 AND follows ORDER BY user_id',
);
const THREADS = statement<{ conversation: ConversationId; thread: string }>(
  'threads',
  `SELECT conversation, thread FROM followers WHERE user_id = $1 AND follows AND (conversation, thread) > ($2, $3)
   ORDER BY conversation, thread LIMIT $4`,
);

export interface PostgresPersonalStoreOptions {
  readonly database: Database;
  /** Of the log, wherever it is. */
  readonly counts: LogCounts;
}

// The greatest number of a user stays, or it would be given again.
const FORGET = statement(
  'personal_forget',
  `WITH mentioned AS (
     DELETE FROM mentions WHERE conversation = $1 AND seq <= $2
   ), followed AS (
     DELETE FROM followers WHERE conversation = $1 AND thread <= $2
   )
   DELETE FROM hidden WHERE conversation = $1 AND seq <= $2
     AND number < (SELECT max(number) FROM hidden all_of WHERE all_of.user_id = hidden.user_id)`,
);

export class PostgresPersonalStore implements PersonalStore {
  readonly #database: Database;
  readonly #counts: LogCounts;
  readonly #standings: PersonalStandings;

  constructor({ database, counts }: PostgresPersonalStoreOptions) {
    this.#database = database;
    this.#counts = counts;
    this.#standings = new PersonalStandings({ database, counts });
  }

  async begin(conversation: ConversationId, users: readonly UserId[], seq: Seq): Promise<void> {
    for (let from = 0; from < users.length; from += USERS_MAX_COUNT) {
      await this.#database.write(BEGIN, [users.slice(from, from + USERS_MAX_COUNT), conversation, seq]);
    }
  }

  async read(user: UserId, conversation: ConversationId, seq: Seq): Promise<void> {
    const counts = await this.#counts.othersAfter(user, [{ conversation, seq }]);
    const to = Math.min(seq, counts.get(conversation)?.head ?? 0);
    await this.#database.write(READ, [user, conversation, to]);
  }

  async unread(user: UserId, conversation: ConversationId, seq: Seq): Promise<void> {
    await this.#database.write(UNREAD, [user, conversation, Math.max(0, seq - 1)]);
  }

  async setFlags(
    user: UserId,
    conversation: ConversationId,
    { mutedUntil, archived, pinned }: Flags,
  ): Promise<void> {
    const values = [user, conversation, mutedUntil ?? null, archived ?? null, pinned ?? null];
    await this.#database.write(SET_FLAGS, values);
  }

  standings(
    user: UserId,
    conversations: readonly ConversationId[],
    ignoring: readonly UserId[],
  ): Promise<ReadonlyMap<ConversationId, Standing>> {
    return this.#standings.some(user, conversations, ignoring);
  }

  unreadOf(
    user: UserId,
    page: { ignoring: readonly UserId[]; after: ConversationId | undefined; limit: number },
  ): Promise<StandingPage> {
    return this.#standings.unread(user, page);
  }

  setMentions(conversation: ConversationId, mentions: readonly Mention[]): Promise<void> {
    return setMentions(this.#database, conversation, mentions);
  }

  async forget(conversation: ConversationId, through: Seq): Promise<void> {
    await this.#database.write(FORGET, [conversation, through]);
  }

  /** One at a time for a user: whoever sees a number has seen, or can page to, all lower ones. */
  async hide(user: UserId, conversation: ConversationId, seq: Seq): Promise<number> {
    const [row] = await writeAlone(this.#database, `hidden ${user}`, HIDE, [user, conversation, seq]);
    if (row === undefined) throw new Error('a hidden message got no number');
    return Number(row.number);
  }

  async hidden(user: UserId, after: number, limit: number): Promise<readonly HiddenMessage[]> {
    const rows = await this.#database.read(HIDDEN, [user, after, limit]);
    return rows.map(({ number, conversation, seq }) => ({
      number: Number(number),
      conversation,
      seq: Number(seq),
    }));
  }

  async hiddenIn(user: UserId, conversation: ConversationId, after: Seq, to: Seq): Promise<readonly Seq[]> {
    const rows = await this.#database.read(HIDDEN_IN, [user, conversation, after, to]);
    return rows.map(({ seq }) => Number(seq));
  }

  async follow(
    conversation: ConversationId,
    thread: Seq,
    rows: readonly { readonly user: UserId; readonly follow: boolean; readonly by: 'user' | 'writing' }[],
  ): Promise<void> {
    // As if one after another: the last word of a user stands, and writing adds only one of whom nothing is known.
    const said = new Map(rows.flatMap((row) => (row.by === 'user' ? [[row.user, row.follow]] : [])));
    const wrote = new Map<UserId, boolean>();
    for (const { user, follow: follows } of rows)
      if (!said.has(user) && !wrote.has(user)) wrote.set(user, follows);
    for (const [change, users] of [
      [FOLLOW_BY_USER, said],
      [FOLLOW_BY_WRITING, wrote],
    ] as const) {
      if (users.size === 0) continue;
      await this.#database.write(change, [conversation, thread, [...users.keys()], [...users.values()]]);
    }
  }

  async followers(conversation: ConversationId, thread: Seq): Promise<readonly UserId[]> {
    const rows = await this.#database.read(FOLLOWERS, [conversation, thread]);
    return rows.map(({ user_id }) => user_id);
  }

  async threads(user: UserId, after: ThreadKey | undefined, limit: number): Promise<readonly ThreadKey[]> {
    const [conversation, thread] = [after?.conversation ?? BEFORE_THE_FIRST, after?.thread ?? 0];
    const rows = await this.#database.read(THREADS, [user, conversation, thread, limit]);
    return rows.map((row) => ({ conversation: row.conversation, thread: Number(row.thread) }));
  }

  /** Nothing by itself: the stores share one database, which whoever opened it closes. */
  async [Symbol.asyncDispose](): Promise<void> {}
}
