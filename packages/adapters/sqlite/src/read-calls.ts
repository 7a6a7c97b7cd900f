// Every read that the stores hand to the reader's thread, and what it answers.
import type { Device, TokenRecord, User } from '@parley/ports/account-store';
import type { Settings } from '@parley/ports/contact-store';
import type { InviteRecord } from '@parley/ports/invite-store';
import type { Channel, ConversationRecord, Members, UserConversation } from '@parley/ports/member-store';
import type { LogState, Page, ReadRange, StoredState } from '@parley/ports/message-store';
import type { QueuePage } from '@parley/ports/offline-queue';
import type { HiddenMessage, Standing, StandingPage, ThreadKey } from '@parley/ports/personal-store';
import type { PassedPage, ReceiptPage, WatermarkRow } from '@parley/ports/receipt-store';
import type { DeviceId, UserId } from '@parley/protocol/ids';
import type { ReportRecord } from '@parley/ports/report-store';
import type { FlatEntries } from './entry-row.ts';

export type FlatPage = Omit<Page, 'entries'> & { readonly entries: FlatEntries };

export interface DeviceReceipt {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly at: number | undefined;
}

/** `after` that comes before every id is '0'. */
export interface ReadCalls {
  state(conversation: string): LogState;
  read(range: ReadRange): FlatPage;
  find(conversation: string, sender: string, clientMsgIds: readonly string[]): FlatEntries;
  locate(messageId: string): { readonly conversation: string; readonly entry: FlatEntries } | undefined;
  lastSentAt(conversation: string, sender: string): number | undefined;
  states(conversation: string, seqs: readonly number[]): readonly StoredState[];
  olderThan(before: number, limit: number): readonly string[];
  conversation(id: string): ConversationRecord | undefined;
  direct(one: string, other: string): ConversationRecord | undefined;
  group(createdBy: string, clientMsgId: string): ConversationRecord | undefined;
  members(conversation: string): Members;
  countMembers(conversation: string): number;
  membership(conversation: string, user: string): UserConversation | undefined;
  conversationsOf(user: string, after: string, limit: number): readonly UserConversation[];
  /** `key` is by `titleKey` how the title begins. */
  channels(key: string, after: string, limit: number): readonly Channel[];
  countConversationsOf(user: string): number;
  behind(user: string, device: string, after: string, limit: number): QueuePage;
  /** Pairs of conversation and seq. */
  received(
    user: string,
    device: string,
    conversations: readonly string[],
  ): readonly (readonly [string, number])[];
  userByName(name: string): User | undefined;
  userByExternalId(externalId: string): User | undefined;
  usersByIds(ids: readonly string[]): readonly User[];
  usersByNames(names: readonly string[]): readonly User[];
  devices(user: string): readonly Device[];
  token(hash: string): TokenRecord | undefined;
  tokensOf(user: string): readonly TokenRecord[];
  standings(user: string, conversations: readonly string[], ignoring: readonly string[]): readonly Standing[];
  unreadOf(user: string, ignoring: readonly string[], after: string, limit: number): StandingPage;
  hidden(user: string, after: number, limit: number): readonly HiddenMessage[];
  hiddenIn(user: string, conversation: string, after: number, to: number): readonly number[];
  followers(conversation: string, thread: number): readonly UserId[];
  threads(user: string, after: string, afterThread: number, limit: number): readonly ThreadKey[];
  watermarks(conversation: string, after: string, limit: number): ReceiptPage;
  watermark(conversation: string, user: string): WatermarkRow;
  passed(conversation: string, seq: number, except: string, after: string, limit: number): PassedPage;
  receivedBy(conversation: string, seq: number, limit: number): readonly DeviceReceipt[];
  /** One for each of the users. */
  settings(users: readonly string[]): readonly Settings[];
  contacts(user: string, after: string, limit: number): readonly string[];
  watchersAmong(user: string, others: readonly string[]): readonly string[];
  contactsAmong(user: string, others: readonly string[]): readonly string[];
  blocked(user: string, after: string, limit: number): readonly string[];
  blockersAmong(user: string, others: readonly string[]): readonly string[];
  /** Pairs of user and time. */
  lastSeen(users: readonly string[]): readonly (readonly [string, number])[];
  invite(code: string): InviteRecord | undefined;
  openInvites(conversation: string, now: number): readonly InviteRecord[];
  report(reporter: string, clientMsgId: string): ReportRecord | undefined;
  reports(conversation: string, after: string, limit: number): readonly ReportRecord[];
}

export type ReadName = keyof ReadCalls;
export type ReadArguments<Name extends ReadName> = Parameters<ReadCalls[Name]>;
export type ReadResult<Name extends ReadName> = ReturnType<ReadCalls[Name]>;
/** A call as it crosses; the queue's signature is what ties the arguments to the name. */
export type ReadRequest = readonly [ReadName, ...(readonly unknown[])];

export type ReadAnswer =
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly message: string };
