// What one user keeps about conversations: what is read and unread, mentions, flags, hidden messages, followed threads.
import type { ConversationId, Seq, UserId } from '@parley/protocol/ids';

/**
 * What a conversation is to a user. `unread` counts the messages of others in (read, head], deleted ones included and
 * dropped ones not. No call scans a log for it: what it looks through is bounded, however much is unread.
 */
export interface Standing {
  readonly conversation: ConversationId;
  readonly read: Seq;
  readonly unread: number;
  readonly mentions: number;
  /** The head that the counts go up to, read in one step with them. */
  readonly asOf: Seq;
  /** 0: not muted. */
  readonly mutedUntil: number;
  readonly archived: boolean;
  readonly pinned: boolean;
}

export interface Flags {
  readonly mutedUntil?: number;
  readonly archived?: boolean;
  readonly pinned?: boolean;
}

export interface StandingPage {
  /** Those with something unread or mentioned, in conversations that the user is a member of; by conversation id. */
  readonly rows: readonly Standing[];
  readonly next: ConversationId | undefined;
  /** Over all conversations of the user. */
  readonly total: { readonly unread: number; readonly mentions: number };
}

export interface HiddenMessage {
  readonly number: number;
  readonly conversation: ConversationId;
  readonly seq: Seq;
}

export interface Mention {
  /** The message. */
  readonly seq: Seq;
  readonly sender: UserId;
  readonly users: readonly UserId[];
  /** It mentions every member. */
  readonly everyone: boolean;
  /** The entry that says so: the message, its edit or its deletion. */
  readonly asOf: Seq;
}

export interface ThreadKey {
  readonly conversation: ConversationId;
  readonly thread: Seq;
}

/** Durable when a call resolves; every call is idempotent. */
export interface PersonalStore extends AsyncDisposable {
  /**
   * The effect of joining at `seq`: unread begins after it. Changes nothing where the user has read as far, or began at
   * this seq or a later one before: effects are redone, and the user may have gone back meanwhile.
   */
  begin(conversation: ConversationId, users: readonly UserId[], seq: Seq): Promise<void>;
  /** Raises `read` to `seq` (at most the head); a lower one changes nothing. */
  read(user: UserId, conversation: ConversationId, seq: Seq): Promise<void>;
  /** Moves `read` back to just before `seq`, where it stood beyond. */
  unread(user: UserId, conversation: ConversationId, seq: Seq): Promise<void>;
  setFlags(user: UserId, conversation: ConversationId, flags: Flags): Promise<void>;
  /** Of each of these conversations. Mentions by users in `ignoring` do not count. */
  standings(
    user: UserId,
    conversations: readonly ConversationId[],
    ignoring: readonly UserId[],
  ): Promise<ReadonlyMap<ConversationId, Standing>>;
  unreadOf(
    user: UserId,
    page: {
      readonly ignoring: readonly UserId[];
      readonly after: ConversationId | undefined;
      readonly limit: number;
    },
  ): Promise<StandingPage>;
  /**
   * The effect of a message that mentions, of its edit and of its deletion: what it mentions now, perhaps nobody. Those
   * with an `asOf` at or below the greatest of an earlier call for this conversation change nothing: effects are redone,
   * and who follows a thread may have changed meanwhile.
   */
  setMentions(conversation: ConversationId, mentions: readonly Mention[]): Promise<void>;
  /**
   * Retention: what is kept of messages up to `through` goes, mentions, hidden ones, and who follows their threads. A
   * number of a hidden message is never given again, so of each user the one with the greatest stays.
   */
  forget(conversation: ConversationId, through: Seq): Promise<void>;
  /** The number that the hidden message has, a new one or that of the first time. */
  hide(user: UserId, conversation: ConversationId, seq: Seq): Promise<number>;
  /** After this number, in order of number. */
  hidden(user: UserId, after: number, limit: number): Promise<readonly HiddenMessage[]>;
  /** The hidden ones in (after, to] of one conversation, in seq order. */
  hiddenIn(user: UserId, conversation: ConversationId, after: Seq, to: Seq): Promise<readonly Seq[]>;
  /** `by` the user, or by `writing` in it, which does not undo that the user once stopped following. */
  follow(
    conversation: ConversationId,
    thread: Seq,
    rows: readonly { readonly user: UserId; readonly follow: boolean; readonly by: 'user' | 'writing' }[],
  ): Promise<void>;
  followers(conversation: ConversationId, thread: Seq): Promise<readonly UserId[]>;
  /** Threads that the user follows, after a key, by conversation id and seq. */
  threads(user: UserId, after: ThreadKey | undefined, limit: number): Promise<readonly ThreadKey[]>;
}
