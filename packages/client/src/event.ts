// What a client tells its app: entries, in order, and everything that is not an entry, as events.
import type { Entry, UnknownEntry } from '@parley/protocol/entry';
import type { Welcome } from '@parley/protocol/hello';
import type { ClientMsgId, ConversationId, DeviceId, MessageId, Seq, UserId } from '@parley/protocol/ids';
import type { HiddenRow } from '@parley/protocol/personal';
import type { PresenceRow } from '@parley/protocol/presence';
import type { StandingView, Watermark } from '@parley/protocol/reading';
import type { Visibility } from '@parley/protocol/settings';
import type { ParleyError } from './parley-error.ts';

/**
 * An entry as on the wire, with the conversation that it belongs to. `hidden`: when it was pulled the user had hidden it
 * already ("delete for me"), so that an app does not show it; what is hidden later is told by a `hidden` event.
 */
export type AppEntry = (Entry | UnknownEntry) & { conversation_id: ConversationId; hidden?: true };

/** A message that is durable. */
export type Sent = {
  conversation_id: ConversationId;
  seq: Seq;
  message_id: MessageId;
  client_msg_id: ClientMsgId;
  at: number;
};

export type Self = { user_id: UserId; name: string; device_id: DeviceId };

/** Why a client is closed for good: the app closed it, the token is of no use any more, or the client is too old. */
export type ClosedReason =
  | { kind: 'app' }
  | { kind: 'sign_in'; error: ParleyError }
  | { kind: 'stop'; error: ParleyError };

export type ClientState =
  | { kind: 'idle' }
  | { kind: 'connecting' }
  | { kind: 'online'; welcome: Welcome }
  /** Not connected; tries again at `until` (milliseconds since 1970). `code` is the WebSocket close code. */
  | { kind: 'waiting'; until: number; code: number }
  | { kind: 'closed'; reason: ClosedReason };

export type ClientEvent =
  | { kind: 'connection'; state: ClientState }
  /** All that waited for this device when it connected was handed to the app. */
  | { kind: 'queue_empty' }
  /**
   * Entries `from` to `to` will not be handed to the app: `gone` from the server, or `expired`, that is, they waited
   * for longer than the server's retention (older than `before`); what is left of those, `history` finds.
   */
  | {
      kind: 'missing';
      conversation_id: ConversationId;
      from: Seq;
      to: Seq;
      reason: 'expired' | 'gone';
      before?: number;
    }
  /** This user is no member any more; `seq` is the entry that ended it, and was handed to the app. */
  | { kind: 'removed'; conversation_id: ConversationId; seq: Seq }
  /**
   * What a conversation is to this user now: read, unread, muted … Told when this client or another session changes it,
   * and with each answer that has it (`conversations`, `conversation`, `reading.unread`).
   */
  | { kind: 'standing'; standing: StandingView }
  /** These members have got further. A hint; `client.reading.watermarks` has the truth. */
  | { kind: 'receipts'; conversation_id: ConversationId; rows: readonly Watermark[] }
  /** Is writing, for so long unless it comes again or a message does; 0: has ended. */
  | { kind: 'typing'; conversation_id: ConversationId; user_id: UserId; for_ms: number }
  /**
   * How these users are now. `snapshot`: it begins a connection, and with those that follow at once it tells of every
   * contact; who was online before and is not named is offline.
   */
  | { kind: 'presence'; snapshot: boolean; rows: readonly PresenceRow[] }
  /** Messages that this user hid, here or in another session, in the order of their numbers and each once. */
  | { kind: 'hidden'; rows: readonly HiddenRow[] }
  | { kind: 'settings'; settings: { read_receipts: boolean; visibility: Visibility } }
  | { kind: 'blocked'; user_id: UserId; blocked: boolean }
  /** Sends there were answered with `retry: later`, as in slow mode; they go out again by themselves. */
  | { kind: 'delayed'; conversation_id: ConversationId; error: ParleyError }
  | { kind: 'draining'; retry_after_ms: number }
  /** Something went wrong that no call of the app stands for. Nothing needs to be done. */
  | { kind: 'error'; error: Error; conversation_id?: ConversationId; client_msg_id?: ClientMsgId };
