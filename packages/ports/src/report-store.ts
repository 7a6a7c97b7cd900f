// What users reported, with a copy of the entries as they were.
import type { ClientMsgId, ConversationId, UserId } from '@parley/protocol/ids';
import type { ReportReason } from '@parley/protocol/report';

export interface ReportRecord {
  /** A Snowflake id: later reports have greater ones. */
  readonly id: string;
  readonly reporter: UserId;
  readonly clientMsgId: ClientMsgId;
  readonly conversation: ConversationId;
  readonly at: number;
  readonly reason: ReportReason;
  readonly note: string | undefined;
  /** The entries as on the wire: a JSON array, as text. */
  readonly entries: string;
  readonly closed: { readonly by: UserId; readonly at: number } | undefined;
}

/** Durable when a call resolves; every call is idempotent. */
export interface ReportStore extends AsyncDisposable {
  /** Stores it, or returns the one of the same reporter and clientMsgId. */
  add(report: ReportRecord): Promise<ReportRecord>;
  /** By what makes a report idempotent: one that is asked for again is answered whatever became of its entries. */
  find(reporter: UserId, clientMsgId: ClientMsgId): Promise<ReportRecord | undefined>;
  /** Newest first, after (that is, older than) an id. */
  reports(
    conversation: ConversationId,
    after: string | undefined,
    limit: number,
  ): Promise<readonly ReportRecord[]>;
  /** True if it is there; the first close stands. */
  close(
    conversation: ConversationId,
    id: string,
    closed: { readonly by: UserId; readonly at: number },
  ): Promise<boolean>;
}
