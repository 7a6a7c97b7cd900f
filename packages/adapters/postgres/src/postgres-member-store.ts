// Conversations and who is in them, on PostgreSQL.
import type { ClientMsgId, ConversationId, UserId } from '@parley/protocol/ids';
import {
  type Channel,
  type ConversationRecord,
  type Members,
  type MembershipChange,
  type MemberStore,
  titleKey,
  type UserConversation,
} from '@parley/ports/member-store';
import type { Database } from './database.ts';
import { conversationRecord, membership, userConversation } from './member-row.ts';
import {
  APPLY,
  CHANNELS,
  CHANNELS_TITLED,
  CONVERSATION,
  CONVERSATIONS_OF,
  COUNT_CONVERSATIONS_OF,
  COUNT_MEMBERS,
  CREATE_DIRECT,
  CREATE_GROUP,
  DIRECT,
  GROUP,
  MEMBERS,
  MEMBERSHIP,
} from './member-statements.ts';
import { BEFORE_THE_FIRST } from './id-page.ts';
import type { Value } from './statement.ts';
import { bytesOf } from './text-bytes.ts';

export class PostgresMemberStore implements MemberStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async createConversation(record: ConversationRecord): Promise<ConversationRecord> {
    const made = await this.#create(record);
    if (made) return record;
    const there =
      record.kind === 'direct'
        ? await this.direct(record.first, record.second)
        : await this.group(record.createdBy, record.clientMsgId);
    if (there === undefined) throw new Error(`the id ${record.id} is that of another conversation`);
    return there;
  }

  async conversation(id: ConversationId): Promise<ConversationRecord | undefined> {
    const [row] = await this.#database.read(CONVERSATION, [id]);
    return row && conversationRecord(row);
  }

  async direct(one: UserId, other: UserId): Promise<ConversationRecord | undefined> {
    const [row] = await this.#database.read(DIRECT, [one, other]);
    return row && conversationRecord(row);
  }

  async group(createdBy: UserId, clientMsgId: ClientMsgId): Promise<ConversationRecord | undefined> {
    const [row] = await this.#database.read(GROUP, [createdBy, clientMsgId]);
    return row && conversationRecord(row);
  }

  async members(conversation: ConversationId): Promise<Members> {
    const rows = await this.#database.read(MEMBERS, [conversation]);
    return {
      asOf: Number(rows[0]?.as_of ?? 0),
      rows: rows.flatMap((row) => (row.user_id === null ? [] : membership(row))),
    };
  }

  async countMembers(conversation: ConversationId): Promise<number> {
    const [row] = await this.#database.read(COUNT_MEMBERS, [conversation]);
    return row?.count ?? 0;
  }

  async membership(conversation: ConversationId, user: UserId): Promise<UserConversation | undefined> {
    const [row] = await this.#database.read(MEMBERSHIP, [conversation, user]);
    return row && userConversation(row);
  }

  async apply(conversation: ConversationId, changes: readonly MembershipChange[]): Promise<void> {
    if (changes.length === 0) return;
    await this.#database.write(APPLY, [conversation, ...newest(changes)]);
  }

  async conversationsOf(
    user: UserId,
    after: ConversationId | undefined,
    limit: number,
  ): Promise<readonly UserConversation[]> {
    const rows = await this.#database.read(CONVERSATIONS_OF, [user, after ?? BEFORE_THE_FIRST, limit]);
    return rows.map(userConversation);
  }

  async channels(
    text: string,
    after: ConversationId | undefined,
    limit: number,
  ): Promise<readonly Channel[]> {
    const from = after ?? BEFORE_THE_FIRST;
    const rows = await (text === ''
      ? this.#database.read(CHANNELS, [from, limit])
      : this.#database.read(CHANNELS_TITLED, [bytesOf(titleKey(text)), from, limit]));
    return rows.map((row) => ({ conversation: conversationRecord(row), members: row.members }));
  }

  async countConversationsOf(user: UserId): Promise<number> {
    const [row] = await this.#database.read(COUNT_CONVERSATIONS_OF, [user]);
    return Number(row?.count ?? 0);
  }

  /** Nothing by itself: the stores share the connections, which are closed by what opened them. */
  async [Symbol.asyncDispose](): Promise<void> {}

  /** False where another one is there. */
  async #create(record: ConversationRecord): Promise<boolean> {
    const { id, createdBy } = record;
    if (record.kind === 'direct') {
      const { first, second } = record;
      return (await this.#database.write(CREATE_DIRECT, [id, createdBy, first, second])).length > 0;
    }
    const { clientMsgId, title, history } = record;
    const key = bytesOf(titleKey(title));
    const values = [id, createdBy, clientMsgId, bytesOf(title), key, history];
    return (await this.#database.write(CREATE_GROUP, values)).length > 0;
  }
}

/** Of each user, of the title and of the settings the change with the highest seq: the others would change nothing. */
function newest(changes: readonly MembershipChange[]): readonly Value[] {
  const inOrder = changes.toSorted((one, other) => one.seq - other.seq);
  const titled = inOrder.findLast(({ title }) => title !== undefined);
  const set = inOrder.findLast(({ settings }) => settings !== undefined);
  const rows = new Map(
    inOrder.flatMap(({ seq, memberships }) => memberships.map((row) => [row.user, { seq, row }] as const)),
  );
  const users = [...rows.values()];
  const title = titled?.title;
  return [
    inOrder.at(-1)?.seq ?? 0,
    titled?.seq ?? null,
    title === undefined ? null : bytesOf(title),
    title === undefined ? null : bytesOf(titleKey(title)),
    set?.seq ?? null,
    set?.settings?.public ?? null,
    set?.settings?.announcements ?? null,
    set?.settings?.slow_mode_s ?? null,
    users.map(({ row }) => row.user),
    users.map(({ row }) => row.role),
    users.map(({ row }) => row.joinedSeq),
    users.map(({ row }) => row.visibleAfter),
    users.map(({ row }) => row.leftSeq ?? null),
    users.map(({ row }) => row.banned === true),
    users.map(({ seq }) => seq),
  ];
}
