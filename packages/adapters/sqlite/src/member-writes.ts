// Conversations, memberships and the devices' marks, each inside the transaction of a batch.
import type { Database, Statement } from 'bun:sqlite';
import type { GroupSettings } from '@parley/protocol/role';
import {
  type ConversationRecord,
  type Membership,
  type MembershipChange,
  titleKey,
} from '@parley/ports/member-store';
import { CONVERSATION_COLUMNS, conversationRecord } from './member-row.ts';
import type { WriteCalls } from './write-calls.ts';

type Binding = string | number | null;

function prepareStatements(database: Database) {
  const prepare = (sql: string): Statement<never, Binding[]> => database.prepare<never, Binding[]>(sql);
  return {
    insertDirect: prepare(
      `INSERT INTO conversations (id, kind, created_by, first, second) VALUES (?, 'direct', ?, ?, ?)
       ON CONFLICT (first, second) WHERE first IS NOT NULL DO NOTHING`,
    ),
    insertGroup: prepare(
      `INSERT INTO conversations (id, kind, created_by, client_msg_id, title, history) VALUES (?, 'group', ?, ?, ?, ?)
       ON CONFLICT (created_by, client_msg_id) WHERE client_msg_id IS NOT NULL DO NOTHING`,
    ),
    findDirect: prepare(
      `SELECT ${CONVERSATION_COLUMNS} FROM conversations c WHERE c.first = ? AND c.second = ?`,
    ),
    findGroup: prepare(
      `SELECT ${CONVERSATION_COLUMNS} FROM conversations c WHERE c.created_by = ? AND c.client_msg_id = ?`,
    ),
    setMembership: prepare(
      `INSERT INTO memberships (user, conversation, role, joined_seq, visible_after, left_seq, banned, changed_seq)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET role = excluded.role, joined_seq = excluded.joined_seq,
         visible_after = excluded.visible_after, left_seq = excluded.left_seq,
         banned = excluded.banned, changed_seq = excluded.changed_seq
       WHERE excluded.changed_seq > changed_seq`,
    ),
    setTitle: prepare('UPDATE conversations SET title = ?1, title_seq = ?2 WHERE id = ?3 AND title_seq < ?2'),
    setSettings: prepare(
      `UPDATE conversations SET public = ?1, announcements = ?2, slow_mode_s = ?3, settings_seq = ?4
       WHERE id = ?5 AND settings_seq < ?4`,
    ),
    channel: prepare('SELECT title, public FROM conversations WHERE id = ?'),
    setChannelTitle: prepare('UPDATE conversations SET channel_title = ?1 WHERE id = ?2'),
    present: prepare('SELECT 1 FROM memberships WHERE user = ? AND conversation = ? AND left_seq IS NULL'),
    countMembers: prepare('UPDATE conversations SET members = members + ? WHERE id = ?'),
    raiseAsOf: prepare('UPDATE conversations SET as_of = ?1 WHERE id = ?2 AND as_of < ?1'),
    mark: prepare(
      `INSERT INTO marks (user, device, conversation, seq) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET seq = excluded.seq WHERE excluded.seq > seq`,
    ),
  };
}

export class MemberWrites implements Pick<
  WriteCalls,
  'createConversation' | 'applyChanges' | 'markReceived'
> {
  readonly #statements: ReturnType<typeof prepareStatements>;

  constructor(database: Database) {
    this.#statements = prepareStatements(database);
  }

  createConversation(record: ConversationRecord): ConversationRecord {
    return record.kind === 'direct' ? this.#createDirect(record) : this.#createGroup(record);
  }

  applyChanges(conversation: string, changes: readonly MembershipChange[]): void {
    for (const { seq, title, settings, memberships } of changes) {
      if (title !== undefined) this.#statements.setTitle.run(title, seq, conversation);
      if (settings !== undefined) this.#setSettings(conversation, settings, seq);
      this.#setMemberships(conversation, memberships, seq);
      this.#statements.raiseAsOf.run(seq, conversation);
    }
    if (changes.some(({ title, settings }) => title !== undefined || settings !== undefined)) {
      this.#setChannelTitle(conversation);
    }
  }

  markReceived(user: string, device: string, marks: readonly (string | number)[]): void {
    for (let index = 0; index < marks.length; index += 2) {
      this.#statements.mark.run(user, device, marks[index] as string, marks[index + 1] as number);
    }
  }

  #createDirect(record: ConversationRecord & { kind: 'direct' }): ConversationRecord {
    const { id, createdBy, first, second } = record;
    if (this.#statements.insertDirect.run(id, createdBy, first, second).changes === 0) {
      return conversationRecord(this.#statements.findDirect.values(first, second)[0] ?? []);
    }
    const rows = [first, second].map((user): Membership => ({
      user,
      role: 'member',
      joinedSeq: 0,
      visibleAfter: 0,
      leftSeq: undefined,
    }));
    this.#setMemberships(id, rows, 0);
    return record;
  }

  #createGroup(record: ConversationRecord & { kind: 'group' }): ConversationRecord {
    const { id, createdBy, clientMsgId, title, history } = record;
    if (this.#statements.insertGroup.run(id, createdBy, clientMsgId, title, history).changes > 0)
      return record;
    return conversationRecord(this.#statements.findGroup.values(createdBy, clientMsgId)[0] ?? []);
  }

  #setSettings(conversation: string, settings: GroupSettings, seq: number): void {
    const { public: isPublic, announcements, slow_mode_s: slowModeS } = settings;
    this.#statements.setSettings.run(Number(isPublic), Number(announcements), slowModeS, seq, conversation);
  }

  /** By the title and the settings that are in force: what was applied may have been old. */
  #setChannelTitle(conversation: string): void {
    const [title, isPublic] = this.#statements.channel.values(conversation)[0] ?? [];
    this.#statements.setChannelTitle.run(isPublic === 1 ? titleKey(String(title)) : null, conversation);
  }

  #setMemberships(conversation: string, rows: readonly Membership[], changedSeq: number): void {
    let more = 0;
    for (const row of rows) more += this.#setMembership(conversation, row, changedSeq);
    if (more !== 0) this.#statements.countMembers.run(more, conversation);
  }

  /** Returns how many members more there are. */
  #setMembership(conversation: string, row: Membership, changedSeq: number): number {
    const { user, role, joinedSeq, visibleAfter, leftSeq, banned } = row;
    const was = this.#statements.present.values(user, conversation).length;
    const { changes } = this.#statements.setMembership.run(
      user,
      conversation,
      role,
      joinedSeq,
      visibleAfter,
      leftSeq ?? null,
      Number(banned ?? false),
      changedSeq,
    );
    return changes === 0 ? 0 : Number(leftSeq === undefined) - was;
  }
}
