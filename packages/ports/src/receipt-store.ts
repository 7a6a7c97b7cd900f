// Who got how far, as others may see it: watermarks that only rise, with the times of their steps.
import type { ConversationId, DeviceId, Seq, UserId } from '@parley/protocol/ids';

/** One device has everything up to `seq`, or, without a device, the user has read up to there. */
export interface ReceiptStep {
  readonly conversation: ConversationId;
  readonly user: UserId;
  readonly device: DeviceId | undefined;
  readonly seq: Seq;
  readonly at: number;
  /** Keeps the step's time for every seq that it passed; else only that it was passed is kept. */
  readonly timed: boolean;
}

/** `received`: the greatest of the user's devices. 0 where nothing is known. */
export interface WatermarkRow {
  readonly user: UserId;
  readonly received: Seq;
  readonly read: Seq;
}

/** A step that raised a watermark of its user, and both as they are with it. */
export interface Raised {
  readonly conversation: ConversationId;
  readonly by: 'received' | 'read';
  readonly row: WatermarkRow;
}

/** What one user did with one seq. `at` is absent where the step was not timed. */
export interface PassedRow {
  readonly user: UserId;
  readonly delivered: { readonly at: number | undefined } | undefined;
  readonly read: { readonly at: number | undefined } | undefined;
}

export interface PassedPage {
  /** Present members who have it, but for `except`; by user id. */
  readonly rows: readonly PassedRow[];
  readonly next: UserId | undefined;
  /** Over all present members but for `except`. */
  readonly members: number;
  readonly delivered: number;
  readonly read: number;
}

export interface ReceiptPage {
  /** Present members, by user id. */
  readonly rows: readonly WatermarkRow[];
  readonly next: UserId | undefined;
}

export interface ReceiptStore extends AsyncDisposable {
  /**
   * Idempotent; a step at or below the watermark of its device, or of the user's reading, changes nothing. Durable.
   * Resolves with what is news to others, in order of the steps: a device that is behind another of its user raises
   * nothing of the user's.
   */
  raise(steps: readonly ReceiptStep[]): Promise<readonly Raised[]>;
  watermarks(conversation: ConversationId, after: UserId | undefined, limit: number): Promise<ReceiptPage>;
  /** One user's, whether a member or not. */
  watermark(conversation: ConversationId, user: UserId): Promise<WatermarkRow>;
  /** Whom `seq` reached. A user's `delivered` is the first of the devices. */
  passed(
    conversation: ConversationId,
    seq: Seq,
    page: { readonly except: UserId; readonly after: UserId | undefined; readonly limit: number },
  ): Promise<PassedPage>;
  /** The devices that have `seq`, at most `limit`, by user and device id. */
  devices(
    conversation: ConversationId,
    seq: Seq,
    limit: number,
  ): Promise<
    readonly { readonly user: UserId; readonly device: DeviceId; readonly at: number | undefined }[]
  >;
  /** Retention: forgets the times of steps that concern seqs up to `through` alone. Watermarks stay. */
  dropTimes(conversation: ConversationId, through: Seq): Promise<void>;
}
