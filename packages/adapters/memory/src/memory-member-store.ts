// The member store in memory.
import {
  type Channel,
  type ConversationRecord,
  type Members,
  type Membership,
  type MembershipChange,
  type MemberStore,
  titleKey,
  type UserConversation,
} from '@parley/ports/member-store';
import type { ClientMsgId, ConversationId, Seq, UserId } from '@parley/protocol/ids';
import { compareIds } from './id-order.ts';
import { type DecideFault, MemoryHandle } from './memory-handle.ts';
import type { ConversationRows, MemoryWorld, WorldState } from './memory-world.ts';

export class MemoryMemberStore implements MemberStore {
  readonly #handle: MemoryHandle;

  constructor(world: MemoryWorld, fault?: DecideFault) {
    this.#handle = new MemoryHandle({ world, store: 'members', fault });
  }

  createConversation(record: ConversationRecord): Promise<ConversationRecord> {
    return this.#handle.call({ method: 'createConversation' }, (state) => create(state, record));
  }

  conversation(id: ConversationId): Promise<ConversationRecord | undefined> {
    return this.#handle.call({ method: 'conversation' }, (state) => state.conversations.get(id)?.record);
  }

  direct(one: UserId, other: UserId): Promise<ConversationRecord | undefined> {
    return this.#handle.call({ method: 'direct' }, (state) => {
      const id = state.creations.get(pairKey(one, other));
      return id === undefined ? undefined : state.conversations.get(id)?.record;
    });
  }

  group(createdBy: UserId, clientMsgId: ClientMsgId): Promise<ConversationRecord | undefined> {
    return this.#handle.call({ method: 'group' }, (state) => {
      const id = state.creations.get(groupKey(createdBy, clientMsgId));
      return id === undefined ? undefined : state.conversations.get(id)?.record;
    });
  }

  members(conversation: ConversationId): Promise<Members> {
    return this.#handle.call({ method: 'members' }, (state) => {
      const rows = state.conversations.get(conversation);
      if (rows === undefined) return { asOf: 0, rows: [] };
      return { asOf: rows.asOf, rows: [...rows.members.values()].map((row) => row.membership) };
    });
  }

  countMembers(conversation: ConversationId): Promise<number> {
    return this.#handle.call({ method: 'countMembers' }, (state) => {
      const rows = [...(state.conversations.get(conversation)?.members.values() ?? [])];
      return rows.filter((row) => row.membership.leftSeq === undefined).length;
    });
  }

  membership(conversation: ConversationId, user: UserId): Promise<UserConversation | undefined> {
    return this.#handle.call({ method: 'membership' }, (state) => {
      const rows = state.conversations.get(conversation);
      const membership = rows?.members.get(user)?.membership;
      return rows === undefined || membership === undefined
        ? undefined
        : { conversation: rows.record, membership };
    });
  }

  apply(conversation: ConversationId, changes: readonly MembershipChange[]): Promise<void> {
    return this.#handle.call({ method: 'apply', conversation }, (state) => {
      const rows = state.conversations.get(conversation);
      if (rows === undefined) throw new Error(`conversation ${conversation} was never created`);
      for (const change of changes) applyTo(state, rows, change);
    });
  }

  conversationsOf(
    user: UserId,
    after: ConversationId | undefined,
    limit: number,
  ): Promise<readonly UserConversation[]> {
    return this.#handle.call({ method: 'conversationsOf' }, (state) =>
      conversationsOf(state, user)
        .filter((row) => after === undefined || compareIds(row.conversation.id, after) > 0)
        .slice(0, limit),
    );
  }

  channels(text: string, after: ConversationId | undefined, limit: number): Promise<readonly Channel[]> {
    const prefix = titleKey(text);
    return this.#handle.call({ method: 'channels' }, (state) =>
      [...state.conversations.values()]
        .filter(({ record }) => record.kind === 'group' && record.settings?.public === true)
        .filter(({ record }) => record.kind === 'group' && titleKey(record.title).startsWith(prefix))
        .filter(({ record }) => after === undefined || compareIds(record.id, after) > 0)
        .sort((one, other) => compareIds(one.record.id, other.record.id))
        .slice(0, limit)
        .map(({ record, members }) => {
          const present = [...members.values()].filter((row) => row.membership.leftSeq === undefined);
          return { conversation: record, members: present.length };
        }),
    );
  }

  countConversationsOf(user: UserId): Promise<number> {
    return this.#handle.call(
      { method: 'countConversationsOf' },
      (state) => conversationsOf(state, user).filter((row) => row.membership.leftSeq === undefined).length,
    );
  }

  /** As MemoryMessageStore's. */
  crash(): void {
    this.#handle.crash();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#handle.close();
  }
}

const pairKey = (one: UserId, other: UserId) =>
  compareIds(one, other) < 0 ? `direct ${one} ${other}` : `direct ${other} ${one}`;

const groupKey = (createdBy: UserId, clientMsgId: ClientMsgId) => `group ${createdBy} ${clientMsgId}`;

const creationKey = (record: ConversationRecord) =>
  record.kind === 'direct'
    ? pairKey(record.first, record.second)
    : groupKey(record.createdBy, record.clientMsgId);

function create(state: WorldState, record: ConversationRecord): ConversationRecord {
  const known = state.creations.get(creationKey(record));
  const there = known === undefined ? undefined : state.conversations.get(known);
  if (there !== undefined) return there.record;
  const rows: ConversationRows = { record, titleSeq: 0, settingsSeq: 0, asOf: 0, members: new Map() };
  state.creations.set(creationKey(record), record.id);
  state.conversations.set(record.id, rows);
  if (record.kind === 'direct') {
    for (const user of [record.first, record.second]) {
      put(state, rows, 0, { user, role: 'member', joinedSeq: 0, visibleAfter: 0, leftSeq: undefined });
    }
  }
  return record;
}

function applyTo(state: WorldState, rows: ConversationRows, change: MembershipChange): void {
  if (change.title !== undefined && change.seq >= rows.titleSeq && rows.record.kind === 'group') {
    rows.record = { ...rows.record, title: change.title };
    rows.titleSeq = change.seq;
  }
  if (change.settings !== undefined && change.seq >= rows.settingsSeq && rows.record.kind === 'group') {
    rows.record = { ...rows.record, settings: change.settings };
    rows.settingsSeq = change.seq;
  }
  for (const membership of change.memberships) {
    const there = rows.members.get(membership.user);
    if (there === undefined || change.seq >= there.seq) put(state, rows, change.seq, membership);
  }
  rows.asOf = Math.max(rows.asOf, change.seq);
}

function put(state: WorldState, rows: ConversationRows, seq: Seq, membership: Membership): void {
  rows.members.set(membership.user, { membership, seq });
  const of = state.conversationsOf.get(membership.user) ?? new Set();
  state.conversationsOf.set(membership.user, of.add(rows.record.id));
}

/** Those that the user is or was a member of, in order of id as numbers. */
export function conversationsOf(state: WorldState, user: UserId): UserConversation[] {
  return [...(state.conversationsOf.get(user) ?? [])].sort(compareIds).flatMap((id) => {
    const rows = state.conversations.get(id);
    const membership = rows?.members.get(user)?.membership;
    return rows === undefined || membership === undefined ? [] : { conversation: rows.record, membership };
  });
}
