// Reads of conversations, memberships and the inbox, each inside the reader's transaction.
import type { Database, Statement } from 'bun:sqlite';
import type { ConversationId } from '@parley/protocol/ids';
import type { Channel, ConversationRecord, Members, UserConversation } from '@parley/ports/member-store';
import type { QueuePage, QueueRow } from '@parley/ports/offline-queue';
import type { Value } from './entry-row.ts';
import {
  CONVERSATION_COLUMNS,
  CONVERSATION_COLUMNS_COUNT,
  conversationRecord,
  membership,
  MEMBERSHIP_COLUMNS,
} from './member-row.ts';
import type { ReadCalls } from './read-calls.ts';

type MemberCall =
  | 'conversation'
  | 'direct'
  | 'group'
  | 'members'
  | 'countMembers'
  | 'membership'
  | 'conversationsOf'
  | 'channels'
  | 'countConversationsOf'
  | 'behind'
  | 'received';
type Binding = string | number;

/** Follows everything that may come after a beginning. */
const CODE_POINT_MAX = 0x10ffff;

/** What `channels` answers: a conversation, and how many members it has. */
const CHANNEL_COLUMNS = `${CONVERSATION_COLUMNS}, c.members`;

function prepareStatements(database: Database) {
  const prepare = (sql: string): Statement<never, Binding[]> => database.prepare<never, Binding[]>(sql);
  return {
    conversation: prepare(`SELECT ${CONVERSATION_COLUMNS} FROM conversations c WHERE c.id = ?`),
    direct: prepare(
      `SELECT ${CONVERSATION_COLUMNS} FROM conversations c
       WHERE c.first = min(cast(?1 AS INTEGER), cast(?2 AS INTEGER))
         AND c.second = max(cast(?1 AS INTEGER), cast(?2 AS INTEGER))`,
    ),
    group: prepare(
      `SELECT ${CONVERSATION_COLUMNS} FROM conversations c WHERE c.created_by = ? AND c.client_msg_id = ?`,
    ),
    asOf: prepare('SELECT as_of FROM conversations WHERE id = ?'),
    members: prepare(
      `SELECT ${MEMBERSHIP_COLUMNS} FROM memberships m WHERE m.conversation = ? ORDER BY m.user`,
    ),
    countMembers: prepare('SELECT members FROM conversations WHERE id = ?'),
    membership: prepare(
      `SELECT ${CONVERSATION_COLUMNS}, ${MEMBERSHIP_COLUMNS}
       FROM memberships m JOIN conversations c ON c.id = m.conversation WHERE m.conversation = ? AND m.user = ?`,
    ),
    conversationsOf: prepare(
      `SELECT ${CONVERSATION_COLUMNS}, ${MEMBERSHIP_COLUMNS}
       FROM memberships m JOIN conversations c ON c.id = m.conversation
       WHERE m.user = ? AND m.conversation > ? ORDER BY m.conversation LIMIT ?`,
    ),
    // Told which index to take: the planner would rather go through all conversations by id.
    channels: prepare(
      `SELECT ${CHANNEL_COLUMNS} FROM conversations c INDEXED BY conversations_channels
       WHERE c.channel_title IS NOT NULL AND c.id > ?1 ORDER BY c.id LIMIT ?2`,
    ),
    channelsTitled: prepare(
      `SELECT ${CHANNEL_COLUMNS} FROM conversations c INDEXED BY conversations_channel_title
       WHERE c.channel_title >= ?1 AND c.channel_title < ?1 || char(${CODE_POINT_MAX}) AND c.id > ?2
       ORDER BY c.id LIMIT ?3`,
    ),
    count: prepare('SELECT count(*) FROM memberships WHERE user = ? AND left_seq IS NULL'),
    // The inbox: what a member may read goes to `left_seq` or the head; what the device has, to its mark.
    behind: prepare(
      `SELECT cast(m.conversation AS TEXT), coalesce(m.left_seq, l.head), max(coalesce(k.seq, 0), m.visible_after),
         m.left_seq IS NOT NULL
       FROM memberships m CROSS JOIN logs l ON l.id = m.conversation
         LEFT JOIN marks k ON k.user = m.user AND k.device = ?2 AND k.conversation = m.conversation
       WHERE m.user = ?1 AND m.conversation > ?3 AND coalesce(m.left_seq, l.head) > max(coalesce(k.seq, 0), m.visible_after)
       ORDER BY m.conversation LIMIT ?4`,
    ),
    received: prepare(
      `SELECT max(coalesce((SELECT seq FROM marks WHERE user = ?1 AND device = ?2 AND conversation = ?3), 0),
         visible_after) FROM memberships WHERE user = ?1 AND conversation = ?3`,
    ),
  };
}

function userConversation(row: readonly Value[]): UserConversation {
  return {
    conversation: conversationRecord(row),
    membership: membership(row.slice(CONVERSATION_COLUMNS_COUNT)),
  };
}

export class MemberReads implements Pick<ReadCalls, MemberCall> {
  readonly #statements: ReturnType<typeof prepareStatements>;

  constructor(database: Database) {
    this.#statements = prepareStatements(database);
  }

  conversation(id: string): ConversationRecord | undefined {
    const [row] = this.#statements.conversation.values(id);
    return row === undefined ? undefined : conversationRecord(row);
  }

  direct(one: string, other: string): ConversationRecord | undefined {
    const [row] = this.#statements.direct.values(one, other);
    return row === undefined ? undefined : conversationRecord(row);
  }

  group(createdBy: string, clientMsgId: string): ConversationRecord | undefined {
    const [row] = this.#statements.group.values(createdBy, clientMsgId);
    return row === undefined ? undefined : conversationRecord(row);
  }

  members(conversation: string): Members {
    const asOf = this.#statements.asOf.values(conversation)[0]?.[0] ?? 0;
    return { asOf: asOf as number, rows: this.#statements.members.values(conversation).map(membership) };
  }

  countMembers(conversation: string): number {
    return Number(this.#statements.countMembers.values(conversation)[0]?.[0] ?? 0);
  }

  membership(conversation: string, user: string): UserConversation | undefined {
    const [row] = this.#statements.membership.values(conversation, user);
    return row === undefined ? undefined : userConversation(row);
  }

  conversationsOf(user: string, after: string, limit: number): readonly UserConversation[] {
    return this.#statements.conversationsOf.values(user, after, limit).map(userConversation);
  }

  channels(key: string, after: string, limit: number): readonly Channel[] {
    const { channels, channelsTitled } = this.#statements;
    const rows = key === '' ? channels.values(after, limit) : channelsTitled.values(key, after, limit);
    return rows.map((row) => ({
      conversation: conversationRecord(row),
      members: row[CONVERSATION_COLUMNS_COUNT] as number,
    }));
  }

  countConversationsOf(user: string): number {
    return this.#statements.count.values(user)[0]?.[0] as number;
  }

  behind(user: string, device: string, after: string, limit: number): QueuePage {
    // One more than asked for tells whether there is another page.
    const found = this.#statements.behind.values(user, device, after, limit + 1);
    const rows = found.slice(0, limit).map(([conversation, head, received, removed]): QueueRow => ({
      conversation: conversation as ConversationId,
      head: head as number,
      received: received as number,
      removed: removed === 1,
    }));
    return { rows, next: found.length > limit ? rows.at(-1)?.conversation : undefined };
  }

  received(
    user: string,
    device: string,
    conversations: readonly string[],
  ): readonly (readonly [string, number])[] {
    const marks: [string, number][] = [];
    for (const conversation of conversations) {
      const seq = this.#statements.received.values(user, device, conversation)[0]?.[0];
      if (typeof seq === 'number') marks.push([conversation, seq]);
    }
    return marks;
  }
}
