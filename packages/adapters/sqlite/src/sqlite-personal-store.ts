// What users keep about conversations on SQLite: writes by the writer's thread, reads by the reader's.
import type { ConversationId, Seq, UserId } from '@parley/protocol/ids';
import type {
  Flags,
  HiddenMessage,
  Mention,
  PersonalStore,
  Standing,
  StandingPage,
  ThreadKey,
} from '@parley/ports/personal-store';
import type { ReadQueue } from './read-queue.ts';
import type { WriteQueue } from './write-queue.ts';

const BEFORE_THE_FIRST = '0';
const ROW_BYTES = 32;
/** Users that cross in one request: more are done in steps, so that the sends of others come between. */
const USERS_STEP_COUNT = 1_000;

export interface SqlitePersonalStoreOptions {
  readonly writes: WriteQueue;
  readonly reads: ReadQueue;
}

export class SqlitePersonalStore implements PersonalStore {
  readonly #writes: WriteQueue;
  readonly #reads: ReadQueue;

  constructor({ writes, reads }: SqlitePersonalStoreOptions) {
    this.#writes = writes;
    this.#reads = reads;
  }

  async begin(conversation: ConversationId, users: readonly UserId[], seq: Seq): Promise<void> {
    for (let from = 0; from < users.length; from += USERS_STEP_COUNT) {
      const step = users.slice(from, from + USERS_STEP_COUNT);
      await this.#writes.call('beginReading', step.length * ROW_BYTES, conversation, step, seq);
    }
  }

  read(user: UserId, conversation: ConversationId, seq: Seq): Promise<void> {
    return this.#writes.call('read', 0, user, conversation, seq);
  }

  unread(user: UserId, conversation: ConversationId, seq: Seq): Promise<void> {
    return this.#writes.call('unread', 0, user, conversation, seq);
  }

  setFlags(user: UserId, conversation: ConversationId, flags: Flags): Promise<void> {
    return this.#writes.call('setFlags', 0, user, conversation, flags);
  }

  async standings(
    user: UserId,
    conversations: readonly ConversationId[],
    ignoring: readonly UserId[],
  ): Promise<ReadonlyMap<ConversationId, Standing>> {
    const standings = await this.#reads.call('standings', user, conversations, ignoring);
    return new Map(standings.map((standing) => [standing.conversation, standing]));
  }

  unreadOf(
    user: UserId,
    page: { ignoring: readonly UserId[]; after: ConversationId | undefined; limit: number },
  ): Promise<StandingPage> {
    const { ignoring, after = BEFORE_THE_FIRST, limit } = page;
    return this.#reads.call('unreadOf', user, ignoring, after, limit);
  }

  async setMentions(conversation: ConversationId, mentions: readonly Mention[]): Promise<void> {
    if (mentions.length === 0) return;
    const rows = mentions.reduce((count, { users }) => count + 1 + users.length, 0);
    await this.#writes.call('setMentions', rows * ROW_BYTES, conversation, mentions);
  }

  forget(conversation: ConversationId, through: Seq): Promise<void> {
    return this.#writes.call('dropPersonal', 0, conversation, through);
  }

  hide(user: UserId, conversation: ConversationId, seq: Seq): Promise<number> {
    return this.#writes.call('hide', 0, user, conversation, seq);
  }

  hidden(user: UserId, after: number, limit: number): Promise<readonly HiddenMessage[]> {
    return this.#reads.call('hidden', user, after, limit);
  }

  hiddenIn(user: UserId, conversation: ConversationId, after: Seq, to: Seq): Promise<readonly Seq[]> {
    return this.#reads.call('hiddenIn', user, conversation, after, to);
  }

  async follow(
    conversation: ConversationId,
    thread: Seq,
    rows: readonly { readonly user: UserId; readonly follow: boolean; readonly by: 'user' | 'writing' }[],
  ): Promise<void> {
    if (rows.length > 0)
      await this.#writes.call('follow', rows.length * ROW_BYTES, conversation, thread, rows);
  }

  followers(conversation: ConversationId, thread: Seq): Promise<readonly UserId[]> {
    return this.#reads.call('followers', conversation, thread);
  }

  threads(user: UserId, after: ThreadKey | undefined, limit: number): Promise<readonly ThreadKey[]> {
    return this.#reads.call(
      'threads',
      user,
      after?.conversation ?? BEFORE_THE_FIRST,
      after?.thread ?? 0,
      limit,
    );
  }

  /** Nothing by itself: the stores share one database, which SqliteStores closes. */
  async [Symbol.asyncDispose](): Promise<void> {}
}
