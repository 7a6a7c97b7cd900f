// The public interface of the SDK; everything else may change.
/// <reference lib="esnext.disposable" preserve="true" />
export {
  register,
  login,
  logout,
  type AccountOptions,
  type FetchLike,
  type LogoutOptions,
} from './account.ts';
export { ChatClient } from './chat-client.ts';
export type { ChatClientOptions, TokenSource } from './chat-client-options.ts';
export type { ClientSocket, OpenSocket, SocketEvents } from './client-socket.ts';
export type { ClientStore, Cursor, PendingSend, StoredState, StoreOwner } from './client-store.ts';
export type { Clock, Randomness, Timer, Timers } from './environment.ts';
export type { AppEntry, ClientEvent, ClientState, ClosedReason, Self, Sent } from './event.ts';
export type { ClientLimits } from './client-limits.ts';
export { MemoryClientStore } from './memory-client-store.ts';
export { ParleyError } from './parley-error.ts';
export type { Credentials } from '@parley/protocol/account';
export type { Attachment, Content, Mentions, ReceivedContent } from '@parley/protocol/content';
export type { ConversationView } from '@parley/protocol/conversation';
export { isKnownEntry, type Entry, type EntryKind, type UnknownEntry } from '@parley/protocol/entry';
export type { ErrorCode, Fault } from '@parley/protocol/error-code';
export type { Changed, Members } from '@parley/protocol/member';
export type { Versions } from '@parley/protocol/message';
export type { MessageState } from '@parley/protocol/message-state';
export type { GroupSettings, HistoryPolicy, Role } from '@parley/protocol/role';
export type { ChangeOptions, NewGroup } from './group-calls.ts';
export type { HistoryRange } from './log-reader.ts';
export type { Message } from './message.ts';
export type { EditOptions, ToggleOptions } from './message-calls.ts';
export { foldEntries, MessageFold } from './message-fold.ts';
export type { MentionOptions, MessageRef, SendOptions } from './send-options.ts';
export type { TimelineItem, TimelineRange } from './timeline.ts';
export type { UserRef } from './user-directory.ts';
export type { UserView } from '@parley/protocol/user';
export type { Devices } from '@parley/protocol/device';
export type { InviteView } from '@parley/protocol/invite';
export type { HiddenRow } from '@parley/protocol/personal';
export type { PresenceRow, PresenceState } from '@parley/protocol/presence';
export type { StandingView, Watermark } from '@parley/protocol/reading';
export type { ReportReason, ReportView } from '@parley/protocol/report';
export type { Visibility } from '@parley/protocol/settings';
export type { Timeline as Trace } from '@parley/protocol/trace';
export type { ChannelView, Groups, InviteOptions, JoinBy, ReportOptions } from './groups.ts';
export type { BlockedUser, People, Settings } from './people.ts';
export type { Contact, Presence } from './presence.ts';
export type { FollowedThread, MessageReach, Reading, ReceiptRow, UnreadCounts } from './reading.ts';
export {
  UnreadCounter,
  type ConversationUnread,
  type Unread,
  type UnreadCounterOptions,
} from './unread-counter.ts';
