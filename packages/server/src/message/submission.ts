// What waits at a conversation's owner, and how each of its parts may end.
import { fault, type Fault } from '@parley/protocol/error-code';
import type { ClientMsgId, Seq, MessageId, UserId } from '@parley/protocol/ids';
import type { StoredEntry } from '@parley/ports/message-store';
import { StoreError } from '@parley/ports/store-error';
import type { Roster } from '../group/roster.ts';
import { isErased } from './erased.ts';
import { RETRY_AFTER_MS } from './limits.ts';
import type { Target } from './target.ts';

export type Outcome =
  | { readonly kind: 'stored'; readonly seq: Seq; readonly messageId: MessageId; readonly at: number }
  | { readonly kind: 'failed'; readonly fault: Fault };

/** One message that waits to be stored. */
export interface Draft {
  readonly clientMsgId: ClientMsgId;
  /** A JSON object, as text; of no meaning where there is a refusal. */
  readonly body: string;
  /** Found beforehand. It counts only where nothing was stored under the id: a retry is answered as the first try was. */
  readonly refusal?: Fault;
  /** Earlier messages that it names, to be checked by the owner. */
  readonly replyTo?: Seq;
  readonly thread?: Seq;
  /** Whether a body found under the same id is what was asked for; by default, the same text. */
  readonly matches?: (body: string) => boolean;
}

/** Messages of one `send` frame: they stay together in order. */
export interface Messages {
  readonly kind: 'messages';
  readonly sender: UserId;
  readonly drafts: readonly Draft[];
  /** When the owner took it; set by the owner. */
  acceptedAt?: number;
  readonly done: (outcomes: readonly Outcome[]) => void;
}

export type Decision = { readonly body: object } | { readonly fault: Fault };

/** A change of the conversation or of one of its messages. It is checked against both and appended in one step, alone. */
export interface Change {
  readonly kind: 'change';
  readonly sender: UserId;
  readonly clientMsgId: ClientMsgId;
  readonly entryKind: string;
  /** The message that it changes: looked up before the decision. */
  readonly target?: Seq;
  /** The entry's body, or why it may not be. Without a target where there is no such message. */
  readonly decide: (roster: Roster, target: Target | undefined) => Decision;
  /** Whether an entry found under the same id is what this change asked for. */
  readonly matches: (body: unknown) => boolean;
  /** When the owner took it; set by the owner. */
  acceptedAt?: number;
  readonly done: (outcome: Outcome) => void;
}

/** One who comes by himself. Those who come at the same time share an entry. */
export interface Join {
  readonly kind: 'join';
  readonly sender: UserId;
  /** Decided against the roster, beside so many others who join by the same entry. */
  readonly decide: (roster: Roster, others: number) => 'member' | 'joins' | { readonly fault: Fault };
  /** When the owner took it; set by the owner. */
  acceptedAt?: number;
  readonly done: (outcome: JoinOutcome) => void;
}

export type JoinOutcome = { readonly kind: 'member' } | { readonly kind: 'failed'; readonly fault: Fault };

export type Submission = Messages | Change | Join;

export function stored(entry: Pick<StoredEntry, 'seq' | 'messageId' | 'at'>): Outcome {
  return { kind: 'stored', seq: entry.seq, messageId: entry.messageId, at: entry.at };
}

export function failed(reason: Fault): Extract<Outcome, { kind: 'failed' }> {
  return { kind: 'failed', fault: reason };
}

export const ID_REUSED = fault(
  'id_reused',
  'This client_msg_id was used for something else in this conversation.',
  {
    field: 'client_msg_id',
  },
);
export const NOT_MEMBER = fault('not_member', 'You are not a member of this conversation.');
export const BLOCKED = fault('blocked', 'This user does not take that from you.');
export const UNAVAILABLE = fault('unavailable', 'The server could not store this now. Nothing was stored.', {
  retry_after_ms: RETRY_AFTER_MS,
});
export const STORAGE_FULL = fault('storage_full', 'The disk of the server is full. Nothing was stored.', {
  retry_after_ms: RETRY_AFTER_MS * 10,
});
export const UNKNOWN = fault(
  'outcome_unknown',
  'The server does not know whether this was stored. Ask again.',
  {
    retry_after_ms: RETRY_AFTER_MS,
  },
);

/** How a request that may have stored something ends when it failed: what is not known is answered as unknown. */
export function faultOfFailure(error: unknown): Fault {
  if (!(error instanceof StoreError)) return UNKNOWN;
  switch (error.kind) {
    case 'storage_full':
      return STORAGE_FULL;
    case 'unavailable':
      return UNAVAILABLE;
    case 'outcome_unknown':
      return UNKNOWN;
  }
}

/** Once a message was deleted its body says nothing any more, and the id alone tells that this is a retry. */
export function isRetry(draft: Draft, body: string): boolean {
  return isErased(body) || (draft.matches?.(body) ?? body === draft.body);
}

/** Ends every part of a submission in the same way. */
export function endAll(submission: Submission, reason: Fault): void {
  if (submission.kind === 'messages') submission.done(submission.drafts.map(() => failed(reason)));
  else submission.done(failed(reason));
}

export function size(submission: Submission): number {
  return submission.kind === 'messages' ? submission.drafts.length : 1;
}
