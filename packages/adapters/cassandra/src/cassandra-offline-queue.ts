// The offline queue on Cassandra: inbox rows say which conversations went on, memberships what of them a user may read.
import type { MemberStore, UserConversation } from '@parley/ports/member-store';
import type { Mark, OfflineQueue, QueuePage, QueueRow } from '@parley/ports/offline-queue';
import type { ConversationId, DeviceId, Seq, UserId } from '@parley/protocol/ids';
import type { InboxTable } from './inbox-table.ts';
import type { LargeGroups } from './large-groups.ts';
import type { MarkTable } from './mark-table.ts';

/** Memberships that one step of a look goes through. */
const STEP_CONVERSATIONS_COUNT = 500;

export interface CassandraOfflineQueueOptions {
  readonly inbox: InboxTable;
  readonly marks: MarkTable;
  readonly members: MemberStore;
  readonly largeGroups: LargeGroups;
  readonly headOf: (conversation: ConversationId) => Promise<Seq>;
}

/** What a look knows of one conversation besides the membership. */
interface Known {
  readonly head: Seq;
  readonly mark: Seq;
}

export class CassandraOfflineQueue implements OfflineQueue {
  readonly #options: CassandraOfflineQueueOptions;

  constructor(options: CassandraOfflineQueueOptions) {
    this.#options = options;
  }

  advance(conversation: ConversationId, head: Seq, users: readonly UserId[]): Promise<void> {
    return this.#options.inbox.advance(conversation, head, users);
  }

  async behind(
    user: UserId,
    device: DeviceId,
    after: ConversationId | undefined,
    limit: number,
  ): Promise<QueuePage> {
    const rows: QueueRow[] = [];
    let cursor = after;
    // One more than asked for tells whether there is another page.
    while (rows.length <= limit) {
      const step = await this.#options.members.conversationsOf(user, cursor, STEP_CONVERSATIONS_COUNT);
      rows.push(...(await this.#behindIn(user, device, step)));
      cursor = step.at(-1)?.conversation.id;
      if (step.length < STEP_CONVERSATIONS_COUNT) break;
    }
    const page = rows.slice(0, limit);
    return { rows: page, next: rows.length > limit ? page.at(-1)?.conversation : undefined };
  }

  async markReceived(user: UserId, device: DeviceId, marks: readonly Mark[]): Promise<void> {
    const last = new Map<ConversationId, Seq>();
    for (const { conversation, seq } of marks)
      last.set(conversation, Math.max(seq, last.get(conversation) ?? 0));
    const raised = [...last].map(([conversation, seq]) => ({ conversation, seq }));
    await this.#options.marks.raise(user, device, raised);
  }

  async received(
    user: UserId,
    device: DeviceId,
    conversations: readonly ConversationId[],
  ): Promise<ReadonlyMap<ConversationId, Seq>> {
    if (conversations.length === 0) return new Map();
    const { marks, members } = this.#options;
    const [known, found] = await Promise.all([
      marks.of(user, device, conversations),
      Promise.all(conversations.map((id) => members.membership(id, user))),
    ]);
    return new Map(
      found.flatMap((one) => {
        if (one === undefined) return [];
        const { id } = one.conversation;
        return [[id, Math.max(known.get(id) ?? 0, one.membership.visibleAfter)] as const];
      }),
    );
  }

  /** Nothing by itself: the stores share one connection, which CassandraStores closes. */
  async [Symbol.asyncDispose](): Promise<void> {}

  async #behindIn(
    user: UserId,
    device: DeviceId,
    step: readonly UserConversation[],
  ): Promise<readonly QueueRow[]> {
    const [first, last] = [step[0]?.conversation.id, step.at(-1)?.conversation.id];
    if (first === undefined || last === undefined) return [];
    const [heads, marks] = await Promise.all([
      this.#options.inbox.between(user, first, last),
      this.#options.marks.between(user, device, first, last),
    ]);
    const rows = step.map((one) => {
      const { id } = one.conversation;
      return this.#row(one, { head: heads.get(id) ?? 0, mark: marks.get(id) ?? 0 });
    });
    return (await Promise.all(rows)).flatMap((row) => row ?? []);
  }

  async #row(
    { conversation, membership }: UserConversation,
    { head, mark }: Known,
  ): Promise<QueueRow | undefined> {
    const { visibleAfter, leftSeq, joinedSeq } = membership;
    const received = Math.max(mark, visibleAfter);
    const row = (to: Seq): QueueRow | undefined =>
      to > received
        ? { conversation: conversation.id, head: to, received, removed: leftSeq !== undefined }
        : undefined;
    // What ended the membership is told by the membership itself, and so is what began it.
    if (leftSeq !== undefined) return row(leftSeq);
    const wentOn = Math.max(head, joinedSeq) > received;
    if (!wentOn && !(await this.#options.largeGroups.isLarge(conversation))) return undefined;
    // The inbox may name a head that was never committed: the log's own is what there is.
    return row(await this.#options.headOf(conversation.id));
  }
}
