// Invitations into groups: made, counted, taken back.
import type { ConversationId, UserId } from '@parley/protocol/ids';

export interface InviteRecord {
  /** 128 random bits as base64url: whoever has it may come in. */
  readonly code: string;
  readonly conversation: ConversationId;
  readonly createdBy: UserId;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Undefined: any number. */
  readonly usesMax: number | undefined;
  readonly uses: number;
}

export type UseOutcome =
  /** Also for a user who came by it before: that takes no second use. */
  | { readonly kind: 'used'; readonly conversation: ConversationId }
  /** Unknown, taken back, expired or used up: all the same to who asks. */
  | { readonly kind: 'invalid' };

/** Durable when a call resolves; every call is idempotent. */
export interface InviteStore extends AsyncDisposable {
  /** False, and nothing is stored, where the group has `max` that are open at `createdAt`. */
  create(invite: InviteRecord, max: number): Promise<boolean>;
  invite(code: string): Promise<InviteRecord | undefined>;
  /** Those neither expired at `now` nor used up, newest first. */
  open(conversation: ConversationId, now: number): Promise<readonly InviteRecord[]>;
  /** True if there was one. */
  revoke(conversation: ConversationId, code: string): Promise<boolean>;
  /** Counts a user in, in one step with the check. */
  use(code: string, user: UserId, now: number): Promise<UseOutcome>;
  /** Undoes a use that led nowhere. */
  giveBack(code: string, user: UserId): Promise<void>;
  /** Deletes those that expired before a time. */
  dropExpired(before: number): Promise<void>;
}
