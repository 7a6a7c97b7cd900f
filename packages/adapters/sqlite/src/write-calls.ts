// Every write that the stores hand to the writer's thread, and what it answers. All of it crosses as JSON text.
import type { Settings } from '@parley/ports/contact-store';
import type { InviteRecord, UseOutcome } from '@parley/ports/invite-store';
import type { ConversationRecord, MembershipChange } from '@parley/ports/member-store';
import type { Flags, Mention } from '@parley/ports/personal-store';
import type { Refusal } from '@parley/ports/message-store';
import type { ReportRecord } from '@parley/ports/report-store';
import type { CreateUserOutcome, Device, TokenRecord, User } from '@parley/ports/account-store';

/** An entry as six values in a row: kind, messageId, sender, clientMsgId, at, body. */
export const ENTRY_FIELDS_COUNT = 6;

/** A state as three values in a row: seq, asOf, body. */
export const STATE_FIELDS_COUNT = 3;

/** A step of a receipt as five values in a row: conversation, user, device (0: reading), seq, at (null: not timed). */
export const RECEIPT_FIELDS_COUNT = 5;

/** What a step raised as three values in a row: the step's place among those of the call, received, read. */
export const RAISED_FIELDS_COUNT = 3;

export type Applied = 0;
export const APPLIED: Applied = 0;

export interface WriteCalls {
  claim(conversation: string, token: string): { readonly head: number; readonly floor: number };
  /** `fields` are the entries, flat; see ENTRY_FIELDS_COUNT. */
  append(
    conversation: string,
    token: string,
    expectedHead: number,
    fields: readonly (string | number)[],
  ): Applied | Refusal;
  /** Drops a bounded number of rows; true when more are left to drop. */
  drop(conversation: string, through: number): boolean;
  /** `fields` are the states, flat; see STATE_FIELDS_COUNT. */
  putStates(conversation: string, fields: readonly (string | number)[]): void;
  erase(conversation: string, seqs: readonly number[], body: string): void;
  createConversation(record: ConversationRecord): ConversationRecord;
  applyChanges(conversation: string, changes: readonly MembershipChange[]): void;
  /** `marks` are pairs of conversation and seq, flat. */
  markReceived(user: string, device: string, marks: readonly (string | number)[]): void;
  createUser(user: User): CreateUserOutcome;
  setPasswordHash(user: string, passwordHash: string): void;
  createDevice(device: Device): Device;
  createToken(token: TokenRecord): void;
  revokeTokens(device: string): boolean;
  removeDevice(device: string): void;
  dropExpiredTokens(before: number): void;
  beginReading(conversation: string, users: readonly string[], seq: number): void;
  read(user: string, conversation: string, seq: number): void;
  unread(user: string, conversation: string, seq: number): void;
  setFlags(user: string, conversation: string, flags: Flags): void;
  setMentions(conversation: string, mentions: readonly Mention[]): void;
  dropPersonal(conversation: string, through: number): void;
  hide(user: string, conversation: string, seq: number): number;
  follow(
    conversation: string,
    thread: number,
    rows: readonly { readonly user: string; readonly follow: boolean; readonly by: 'user' | 'writing' }[],
  ): void;
  /** `fields` are the steps, flat; see RECEIPT_FIELDS_COUNT. What rose, flat; see RAISED_FIELDS_COUNT. */
  raiseReceipts(fields: readonly (string | number | null)[]): readonly number[];
  dropTimes(conversation: string, through: number): void;
  setSettings(user: string, settings: Settings): void;
  watch(user: string, others: readonly string[], max: number): boolean;
  unwatch(user: string, others: readonly string[]): void;
  block(user: string, other: string, max: number): boolean;
  unblock(user: string, other: string): void;
  /** `rows` are pairs of user and time, flat. */
  setLastSeen(rows: readonly (string | number)[]): void;
  createInvite(invite: InviteRecord, max: number): boolean;
  revokeInvite(conversation: string, code: string): boolean;
  useInvite(code: string, user: string, now: number): UseOutcome;
  giveInviteBack(code: string, user: string): void;
  dropExpiredInvites(before: number): void;
  addReport(report: ReportRecord): ReportRecord;
  closeReport(conversation: string, id: string, by: string, at: number): boolean;
}

export type WriteName = keyof WriteCalls;
export type WriteArguments<Name extends WriteName> = Parameters<WriteCalls[Name]>;
export type WriteResult<Name extends WriteName> = ReturnType<WriteCalls[Name]>;
/** A call as it crosses; the queue's signature is what ties the arguments to the name. */
export type WriteRequest = readonly [WriteName, ...(readonly unknown[])];

export type WriteFault = 'storage_full' | 'unavailable' | 'outcome_unknown' | 'invalid_request';

export type WriteAnswer =
  /** `value` is absent where the call returns nothing. */
  | { readonly kind: 'done'; readonly value?: unknown }
  | { readonly kind: 'failed'; readonly fault: WriteFault; readonly message: string };

export type WriterMessage =
  /** In the order of the requests; a number stands for so many appends of which every one was applied. */
  | { readonly kind: 'batch'; readonly answers: number | readonly WriteAnswer[] }
  /** Something was erased, or may have been in the last run: the WAL still has its text. */
  | { readonly kind: 'erased' }
  /** What was erased before is out of the WAL; not `done` while a reader is in the way. */
  | { readonly kind: 'erased_removed'; readonly done: boolean }
  /** The writer will write no more. A batch that is on its way to it is still answered. */
  | { readonly kind: 'stopped'; readonly reason: string };
