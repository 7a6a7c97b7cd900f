// The offline queue in memory: heads are joined with memberships, or, on demand, found only where `advance` wrote one.
import type { Mark, OfflineQueue, QueuePage, QueueRow } from '@parley/ports/offline-queue';
import type { ConversationId, DeviceId, Seq, UserId } from '@parley/protocol/ids';
import { compareIds } from './id-order.ts';
import { type DecideFault, MemoryHandle } from './memory-handle.ts';
import { conversationsOf } from './memory-member-store.ts';
import type { MemoryWorld, SeqByConversation, WorldState } from './memory-world.ts';

export interface MemoryOfflineQueueOptions {
  /**
   * `join` answers from memberships and heads, as SQL can. `written` shows a conversation only once `advance` brought
   * the user's inbox beyond the mark, as a store without joins must: it finds effects that were forgotten.
   */
  readonly inbox?: 'join' | 'written';
  readonly fault?: DecideFault | undefined;
}

export class MemoryOfflineQueue implements OfflineQueue {
  readonly #handle: MemoryHandle;
  readonly #inbox: 'join' | 'written';

  constructor(world: MemoryWorld, options: MemoryOfflineQueueOptions = {}) {
    this.#handle = new MemoryHandle({ world, store: 'queue', fault: options.fault });
    this.#inbox = options.inbox ?? 'join';
  }

  advance(conversation: ConversationId, head: Seq, users: readonly UserId[]): Promise<void> {
    return this.#handle.call({ method: 'advance', conversation }, (state) => {
      if (this.#inbox === 'join') return;
      for (const user of users) raise(rowsOf(state.inbox, user), conversation, head);
    });
  }

  behind(
    user: UserId,
    device: DeviceId,
    after: ConversationId | undefined,
    limit: number,
  ): Promise<QueuePage> {
    return this.#handle.call({ method: 'behind' }, (state) => {
      const rows = this.#behind(state, user, device).filter(
        (row) => after === undefined || compareIds(row.conversation, after) > 0,
      );
      const page = rows.slice(0, limit);
      return { rows: page, next: rows.length > limit ? page.at(-1)?.conversation : undefined };
    });
  }

  markReceived(user: UserId, device: DeviceId, marks: readonly Mark[]): Promise<void> {
    return this.#handle.call({ method: 'markReceived' }, (state) => {
      const rows = rowsOf(state.marks, deviceKey(user, device));
      for (const mark of marks) raise(rows, mark.conversation, mark.seq);
    });
  }

  received(
    user: UserId,
    device: DeviceId,
    conversations: readonly ConversationId[],
  ): Promise<ReadonlyMap<ConversationId, Seq>> {
    return this.#handle.call({ method: 'received' }, (state) => {
      const marks = state.marks.get(deviceKey(user, device));
      return new Map(
        conversations.flatMap((id) => {
          const membership = state.conversations.get(id)?.members.get(user)?.membership;
          return membership === undefined
            ? []
            : [[id, Math.max(marks?.get(id) ?? 0, membership.visibleAfter)] as const];
        }),
      );
    });
  }

  /** As MemoryMessageStore's. */
  crash(): void {
    this.#handle.crash();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#handle.close();
  }

  #behind(state: WorldState, user: UserId, device: DeviceId): QueueRow[] {
    const marks = state.marks.get(deviceKey(user, device));
    return conversationsOf(state, user).flatMap(({ conversation: { id }, membership }) => {
      const received = Math.max(marks?.get(id) ?? 0, membership.visibleAfter);
      if (this.#inbox === 'written' && (state.inbox.get(user)?.get(id) ?? 0) <= received) return [];
      const head = membership.leftSeq ?? state.logs.get(id)?.head ?? 0;
      if (head <= received) return [];
      return { conversation: id, head, received, removed: membership.leftSeq !== undefined };
    });
  }
}

const deviceKey = (user: UserId, device: DeviceId) => `${user} ${device}`;

function rowsOf<Key>(rows: Map<Key, SeqByConversation>, key: Key): SeqByConversation {
  const there = rows.get(key) ?? new Map<ConversationId, Seq>();
  rows.set(key, there);
  return there;
}

function raise(rows: SeqByConversation, conversation: ConversationId, seq: Seq): void {
  rows.set(conversation, Math.max(seq, rows.get(conversation) ?? 0));
}
