// Rows of `reports` as the queries bring them, and the records that they are.
import type { ReportRecord } from '@parley/ports/report-store';
import type { ClientMsgId, ConversationId, UserId } from '@parley/protocol/ids';
import type { ReportReason } from '@parley/protocol/report';
import type { Value } from './entry-row.ts';

export const REPORT_COLUMNS = `cast(id AS TEXT), cast(reporter AS TEXT), client_msg_id, cast(conversation AS TEXT), at,
  reason, note, entries, cast(closed_by AS TEXT), closed_at`;

export function reportRecord(row: readonly Value[]): ReportRecord {
  const [id, reporter, clientMsgId, conversation, at, reason, note, entries, closedBy, closedAt] = row;
  return {
    id: id as string,
    reporter: reporter as UserId,
    clientMsgId: clientMsgId as ClientMsgId,
    conversation: conversation as ConversationId,
    at: at as number,
    reason: reason as ReportReason,
    note: (note as string | null) ?? undefined,
    entries: entries as string,
    closed: closedBy === null ? undefined : { by: closedBy as UserId, at: closedAt as number },
  };
}
