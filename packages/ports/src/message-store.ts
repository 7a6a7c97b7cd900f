// The log of every conversation: claimed by one owner at a time, appended to on a condition, read by range.
import type { ClientMsgId, ConversationId, MessageId, Seq, UserId } from '@parley/protocol/ids';

/** The owner's fence: 64 random bits as 16 hex digits, new at every claim. Only equality counts. */
export type Token = string & { readonly __brand: 'Token' };

/** An entry that has no seq yet. Its bytes are fixed when it is made: a second try writes the same. */
export interface NewEntry {
  readonly kind: string;
  readonly messageId: MessageId;
  readonly sender: UserId;
  readonly clientMsgId: ClientMsgId;
  readonly at: number;
  /** A JSON object, as text: the fields that the kind adds to an entry on the wire. */
  readonly body: string;
}

/** A row of the log. It covers the seqs from `from` to `seq`, nearly always one. */
export interface StoredEntry extends NewEntry {
  readonly from: Seq;
  readonly seq: Seq;
}

/** How a message that was changed is now, beside its entry: written after the change, by the owner alone. */
export interface StoredState {
  /** The message. */
  readonly seq: Seq;
  /** The last entry that is folded in: a state never replaces one with a higher or the same asOf. */
  readonly asOf: Seq;
  /** A JSON object, as text. */
  readonly body: string;
}

/** What is true of a conversation's log as a whole. */
export interface LogState {
  /** Absent before the first claim. */
  readonly token: Token | undefined;
  readonly head: Seq;
  /** Seqs at or below it are gone. */
  readonly floor: Seq;
}

export type ClaimOutcome =
  | { readonly kind: 'claimed'; readonly head: Seq; readonly floor: Seq }
  /** Another claim came between. Wait with jitter and claim again. */
  | { readonly kind: 'refused' }
  /** It may have happened. Read the state: its token says. */
  | { readonly kind: 'unknown' };

export type AppendOutcome =
  | { readonly kind: 'applied'; readonly head: Seq }
  /** Nothing was written, and this call never will write. */
  | { readonly kind: 'refused'; readonly reason: Refusal }
  /** It may have been written. Read the state and the row after the expected head: they decide. */
  | { readonly kind: 'unknown' };

export type Refusal =
  /** The token or the head is another one now: someone else owns the conversation, or an earlier try landed. */
  | { readonly kind: 'fenced'; readonly state: LogState }
  /** Entries with the same sender and clientMsgId are in the log already, as `find` knows them: here they are. */
  | { readonly kind: 'duplicate'; readonly existing: readonly StoredEntry[] }
  | { readonly kind: 'storage_full' }
  /** The store cannot write now (read-only, shut down, overloaded); it did not try. */
  | { readonly kind: 'unavailable' };

export interface Page {
  /** In seq order, without a hole above the floor. */
  readonly entries: readonly StoredEntry[];
  /** The states of those of these entries that were changed, in the same snapshot, in seq order. */
  readonly states: readonly StoredState[];
  readonly head: Seq;
  readonly floor: Seq;
}

export interface ReadRange {
  readonly conversation: ConversationId;
  /** Rows that end after this seq. */
  readonly after: Seq;
  /** Rows that begin at or before this seq. */
  readonly to: Seq;
  /** At most this many rows, and at least one if there is one. */
  readonly limit: number;
  /** Stops after the row that passes this many characters of body. */
  readonly maxBytes: number;
}

/**
 * Every write to a conversation's log is conditional on the owner's token and the head it last saw (INVARIANTS 2, 3).
 * An outcome `applied` is durable: a crash of the process or the machine keeps it.
 */
export interface MessageStore extends AsyncDisposable {
  /** Names this life of the logs; another one after a restore from backup. */
  readonly logId: string;
  /** Makes the token the conversation's fence: appends under any other are refused from now on. */
  claim(conversation: ConversationId, token: Token): Promise<ClaimOutcome>;
  /**
   * Writes the entries as expectedHead + 1, + 2 …, all or none. At most APPEND_ENTRIES_MAX_COUNT, and, of several, at
   * most APPEND_BODIES_MAX_CHARS; never empty.
   * Two of one call never share sender and clientMsgId.
   */
  append(
    conversation: ConversationId,
    token: Token,
    expectedHead: Seq,
    entries: readonly NewEntry[],
  ): Promise<AppendOutcome>;
  /** Linearizable: sees every append that was applied before the call. A conversation never written has head 0. */
  state(conversation: ConversationId): Promise<LogState>;
  /** Sees every append that was applied before the call. */
  read(range: ReadRange): Promise<Page>;
  /** Entries by what makes them idempotent, while they are kept: a store may know no older ones than of 25 h. */
  find(
    conversation: ConversationId,
    sender: UserId,
    clientMsgIds: readonly ClientMsgId[],
  ): Promise<readonly StoredEntry[]>;
  /** The entry with this id, wherever it is, while it is kept. */
  locate(messageId: MessageId): Promise<{ conversation: ConversationId; entry: StoredEntry } | undefined>;
  /** When this user last wrote a message here; undefined where none is kept or ever was. */
  lastSentAt(conversation: ConversationId, sender: UserId): Promise<number | undefined>;
  /** The states of these messages, as far as they have one. Sees every putStates that resolved before the call. */
  states(conversation: ConversationId, seqs: readonly Seq[]): Promise<readonly StoredState[]>;
  /** The effect of a change. Idempotent, in any order; those of dropped entries are left out. Durable when it resolves. */
  putStates(conversation: ConversationId, states: readonly StoredState[]): Promise<void>;
  /**
   * Replaces the bodies of these entries by `body` (ERASED_BODY, or that and what they belong to: `target`, `thread`),
   * for good; the rows keep their place and everything else.
   * Idempotent. Durable when it resolves, and within 5 s no byte of the bodies is in any file of a store that has its
   * files in hand; an engine drops the bytes when it compacts or vacuums (docs/decisions/0006 for PostgreSQL).
   */
  erase(conversation: ConversationId, seqs: readonly Seq[], body: string): Promise<void>;
  /** Retention: drops the rows up to `through` (at most the head), with their states, and raises the floor. */
  drop(conversation: ConversationId, through: Seq): Promise<void>;
  /** Conversations whose oldest kept row is older than `before`, at most `limit`, for retention. */
  olderThan(before: number, limit: number): Promise<readonly ConversationId[]>;
}

/** Entries of one append. A claim redoes the effects of as many, so that no crash can lose one. */
export const APPEND_ENTRIES_MAX_COUNT = 256;

/** Characters of the bodies of one append of several entries, together: an engine takes only so much as one write. */
export const APPEND_BODIES_MAX_CHARS = 1_048_576;

/** What an erased entry says; one that has a `target` or a `thread` keeps it, after this content. */
export const ERASED_BODY = '{"content":{"kind":"deleted"}}';
