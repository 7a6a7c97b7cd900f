// Every read that the stores hand to the reader's thread, and what it answers.
import type { Device, TokenRecord, User } from '@parley/ports/account-store';
import type { ConversationRecord, Members, UserConversation } from '@parley/ports/member-store';
import type { LogState, Page, ReadRange, StoredState } from '@parley/ports/message-store';
import type { QueuePage } from '@parley/ports/offline-queue';
import type { FlatEntries } from './entry-row.ts';

export type FlatPage = Omit<Page, 'entries'> & { readonly entries: FlatEntries };

export interface ReadCalls {
  state(conversation: string): LogState;
  read(range: ReadRange): FlatPage;
  find(conversation: string, sender: string, clientMsgIds: readonly string[]): FlatEntries;
  states(conversation: string, seqs: readonly number[]): readonly StoredState[];
  olderThan(before: number, limit: number): readonly string[];
  conversation(id: string): ConversationRecord | undefined;
  direct(one: string, other: string): ConversationRecord | undefined;
  group(createdBy: string, clientMsgId: string): ConversationRecord | undefined;
  members(conversation: string): Members;
  countMembers(conversation: string): number;
  membership(conversation: string, user: string): UserConversation | undefined;
  conversationsOf(user: string, after: string, limit: number): readonly UserConversation[];
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
}

export type ReadName = keyof ReadCalls;
export type ReadArguments<Name extends ReadName> = Parameters<ReadCalls[Name]>;
export type ReadResult<Name extends ReadName> = ReturnType<ReadCalls[Name]>;
/** A call as it crosses; the queue's signature is what ties the arguments to the name. */
export type ReadRequest = readonly [ReadName, ...(readonly unknown[])];

export type ReadAnswer =
  | { readonly kind: 'done'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly message: string };
