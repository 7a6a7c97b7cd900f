// One device's connection to a server: everything an app does goes through here. Wires the parts together.
import type { Content } from '@parley/protocol/content';
import type { ConversationView } from '@parley/protocol/conversation';
import type { Devices } from '@parley/protocol/device';
import type { Changed, Members } from '@parley/protocol/member';
import type { Role } from '@parley/protocol/role';
import type { Timeline } from '@parley/protocol/trace';
import type { UserView } from '@parley/protocol/user';
import { Calls } from './calls.ts';
import type { ChatClientOptions } from './chat-client-options.ts';
import { CLOSE_WITHIN_MS } from './client-limits.ts';
import type { PendingSend } from './client-store.ts';
import type { AppEntry, ClientState, Self, Sent } from './event.ts';
import type { Versions } from '@parley/protocol/message';
import type { Seq } from '@parley/protocol/ids';
import { GroupCalls, type ChangeOptions, type NewGroup } from './group-calls.ts';
import { Groups } from './groups.ts';
import { historyOf, pagesOfConversations, pagesOfMembers, type HistoryRange } from './log-reader.ts';
import type { Message } from './message.ts';
import { MessageCalls, type EditOptions, type ToggleOptions } from './message-calls.ts';
import { localError } from './parley-error.ts';
import { People } from './people.ts';
import { Presence } from './presence.ts';
import { Reading } from './reading.ts';
import { newMessage, type SendOptions } from './send-options.ts';
import { SyncedSession } from './synced-session.ts';
import { messageAt, messagesOf, timelineOf, type TimelineItem, type TimelineRange } from './timeline.ts';
import { TypingSignals } from './typing-signals.ts';
import { UserDirectory, type UserRef } from './user-directory.ts';

export class ChatClient {
  /** What is read and unread, receipts, and what this user keeps about conversations. */
  readonly reading: Reading;
  /** Who is there, and who is writing. */
  readonly presence: Presence;
  /** This user's settings, and whom this user blocks. */
  readonly people: People;
  /** Invitations, channels, a group's settings, bans, reports. */
  readonly groups: Groups;
  readonly #session: SyncedSession;
  readonly #calls: Calls;
  readonly #users: UserDirectory;
  readonly #membership: GroupCalls;
  readonly #messages: MessageCalls;
  #closing: Promise<void> | undefined;

  /** Throws a TypeError where the URL cannot be read. Nothing is sent before `connect`. */
  constructor(options: ChatClientOptions) {
    this.#session = new SyncedSession(options);
    const { calls, endOfTick, environment } = this.#session;
    this.#calls = calls;
    this.#users = new UserDirectory({ calls, endOfTick });
    this.#membership = new GroupCalls({ calls, users: this.#users, environment });
    this.#messages = new MessageCalls({ calls, environment });
    const users = this.#users;
    const { sticky, emit } = this.#session;
    const typing = new TypingSignals({ calls, clock: environment.clock });
    this.reading = new Reading({ calls, cursorOf: (id) => this.#session.cursorOf(id) });
    this.presence = new Presence({ calls, users, sticky, typing });
    this.people = new People({ calls, users, emit });
    this.groups = new Groups({ calls, users, environment, sticky });
  }

  get state(): ClientState {
    return this.#session.state;
  }

  /** Who this client is; undefined before the first welcome. */
  get self(): Self | undefined {
    return this.#session.self;
  }

  /** Sends without a final answer, those of an earlier life of the app included once the store was read. */
  get pending(): readonly PendingSend[] {
    return this.#session.sends.pending;
  }

  /**
   * Resolves at the first welcome, and reconnects by itself from then on. Rejects with a ParleyError where the server
   * refuses for good (see `state.reason`), never because the network fails. Rejects also where the store cannot be read
   * or the token function fails at the first attempt: nothing goes on then, and it may be called again.
   */
  connect(): Promise<void> {
    return this.#session.connect();
  }

  /** While `state` is `waiting`: tries at once, because a user asks for it, unless the server asked to wait. */
  reconnectNow(): void {
    this.#session.reconnectNow();
  }

  /**
   * Resolves when the message is durable, after any number of reconnects. Rejects with a ParleyError only when it is
   * refused for good, or the client is closed; in the latter case the store still has it. `content` is undefined where
   * the options say what is forwarded.
   */
  async send(
    conversation_id: string,
    content: string | Content | undefined,
    options: SendOptions = {},
  ): Promise<Sent> {
    await this.#session.loaded();
    return this.#session.sends.send(conversation_id, newMessage(content, options), options.clientMsgId);
  }

  /**
   * Gives one's own message, `target`, new content; the answer's `seq` is its new version. With `version` it is refused
   * with `stale_version` when the message has changed since that was read (`error.version` is the present one). Without
   * it the client asks for the present version first and replaces that, whatever it says.
   */
  editMessage(
    conversation_id: string,
    target: Seq,
    content: string | Content,
    options?: EditOptions,
  ): Promise<Changed> {
    return this.#messages.edit({ conversation_id, target }, content, options);
  }

  /** For everyone and for good: one's own, in a group also an admin's right. */
  deleteMessage(conversation_id: string, target: Seq, options?: ChangeOptions): Promise<Changed> {
    return this.#messages.delete({ conversation_id, target }, options);
  }

  /** Adds a reaction of one's own, or takes it back. */
  react(conversation_id: string, target: Seq, emoji: string, options?: ToggleOptions): Promise<Changed> {
    return this.#messages.react({ conversation_id, target }, emoji, options);
  }

  pinMessage(conversation_id: string, target: Seq, options?: ToggleOptions): Promise<Changed> {
    return this.#messages.pin({ conversation_id, target }, options);
  }

  /** The message and its edits, oldest first; of a deleted one its entry alone. */
  versions(conversation_id: string, target: Seq): Promise<Versions['entries']> {
    return this.#messages.versions({ conversation_id, target });
  }

  /** The one direct conversation with a user, made where there is none. */
  openDirect(user: UserRef): Promise<ConversationView> {
    return this.#membership.openDirect(user);
  }

  createGroup(group: NewGroup): Promise<ConversationView> {
    return this.#membership.create(group);
  }

  renameGroup(conversation_id: string, title: string, options?: ChangeOptions): Promise<Changed> {
    return this.#membership.rename(conversation_id, title, options);
  }

  addMembers(
    conversation_id: string,
    members: readonly UserRef[],
    options?: ChangeOptions,
  ): Promise<Changed> {
    return this.#membership.add(conversation_id, members, options);
  }

  removeMember(conversation_id: string, member: UserRef, options?: ChangeOptions): Promise<Changed> {
    return this.#membership.remove(conversation_id, member, options);
  }

  leaveGroup(conversation_id: string, options?: ChangeOptions): Promise<Changed> {
    return this.#membership.leave(conversation_id, options);
  }

  setRole(conversation_id: string, member: UserRef, role: Role, options?: ChangeOptions): Promise<Changed> {
    return this.#membership.setRole(conversation_id, { member, role }, options);
  }

  /** All conversations of this user, page by page. */
  conversations(): AsyncIterable<ConversationView> {
    return pagesOfConversations(this.#calls);
  }

  async conversation(conversation_id: string): Promise<ConversationView> {
    const frame = { type: 'get_conversation', conversation_id } as const;
    return (await this.#calls.ask(frame, 'conversation')).conversation;
  }

  members(conversation_id: string): AsyncIterable<Members['rows'][number]> {
    return pagesOfMembers(this.#calls, conversation_id);
  }

  /**
   * Messages as they are now, after `after` up to `to`, oldest first: the first `limit`, or the last `last`. What the user
   * hid is left out.
   */
  messages(conversation_id: string, range: TimelineRange = {}): AsyncIterable<Message> {
    return messagesOf(this.#calls, conversation_id, range);
  }

  /** One message as it is now, also one that the user hid; undefined where there is none that this user may read. */
  message(conversation_id: string, seq: Seq): Promise<Message | undefined> {
    return messageAt(this.#calls, conversation_id, seq);
  }

  /** What people read: messages as they are now, and between them the changes of the group. */
  timeline(conversation_id: string, range: TimelineRange = {}): AsyncIterable<TimelineItem> {
    return timelineOf(this.#calls, conversation_id, range);
  }

  /** The log as it is: entries after `after` up to `to`, at most `limit`. Moves no cursor and acknowledges nothing. */
  history(conversation_id: string, range: HistoryRange = {}): AsyncIterable<AppEntry> {
    return historyOf(this.#calls, conversation_id, range);
  }

  /** How one message went: accepted, on the disk, handed out, received by which devices, read by whom. */
  trace(message_id: string): Promise<Timeline> {
    return this.#calls.ask({ type: 'get_timeline', message_id }, 'timeline');
  }

  /** This user's devices. */
  async devices(): Promise<Devices['rows']> {
    return (await this.#calls.ask({ type: 'list_devices' }, 'devices')).rows;
  }

  /** Signs one of this user's devices out for good; this client's own too, which is closed then. */
  async revokeDevice(device_id: string): Promise<void> {
    await this.#calls.ask({ type: 'revoke_device', device_id }, 'done');
  }

  /** Those that exist, in no particular order. */
  users(which: { names?: readonly string[]; ids?: readonly string[] }): Promise<UserView[]> {
    return this.#users.find(which);
  }

  /** Remembered once it is known; calls of one tick share a request. */
  nameOf(user_id: string): Promise<string> {
    return this.#users.nameOf(user_id);
  }

  /** Tells the server what the app has, closes, and rejects what still waits. Pending sends stay in the store. */
  close(): Promise<void> {
    return (this.#closing ??= this.#session.close(
      CLOSE_WITHIN_MS,
      localError('unavailable', 'The client was closed.'),
    ));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
