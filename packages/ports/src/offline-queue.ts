// The inbox: how far each conversation of a user has gone, and how far each device has got. Bodies stay in the log.
import type { ConversationId, DeviceId, Seq, UserId } from '@parley/protocol/ids';

/** One conversation that has gone beyond what a device received. */
export interface QueueRow {
  readonly conversation: ConversationId;
  /** The last seq that the user may read: the log's head, or the entry that ended the membership. */
  readonly head: Seq;
  /** The device's watermark, or the seq before the first that the user may read: the greater of the two. */
  readonly received: Seq;
  /** The user is no member any more. */
  readonly removed: boolean;
}

export interface QueuePage {
  /** In order of conversation id, as numbers. */
  readonly rows: readonly QueueRow[];
  /** Pass it as `after` for the next page; absent on the last one. */
  readonly next: ConversationId | undefined;
}

export interface Mark {
  readonly conversation: ConversationId;
  readonly seq: Seq;
}

/** Nothing here expires, and a mark never moves back (INVARIANTS 11, 12). */
export interface OfflineQueue extends AsyncDisposable {
  /**
   * The effect of an append: each of these users' inbox now goes to `head` for this conversation. Idempotent, in any
   * order: an older head never beats a newer one. Durable when it resolves.
   * A store that can join memberships with heads need not write anything. Of a large group only those are named whom
   * the append let in or put out, so that a send does not cost more where there are more members: for those groups
   * every store joins.
   */
  advance(conversation: ConversationId, head: Seq, users: readonly UserId[]): Promise<void>;
  /** What the device lacks. Sees every append whose effects were complete before the call. */
  behind(
    user: UserId,
    device: DeviceId,
    after: ConversationId | undefined,
    limit: number,
  ): Promise<QueuePage>;
  /** Raises the device's watermarks; a lower one than what is stored changes nothing. Durable when it resolves. */
  markReceived(user: UserId, device: DeviceId, marks: readonly Mark[]): Promise<void>;
  /** The device's watermarks for these conversations, as `received` of a row, whether behind or not. */
  received(
    user: UserId,
    device: DeviceId,
    conversations: readonly ConversationId[],
  ): Promise<ReadonlyMap<ConversationId, Seq>>;
}
