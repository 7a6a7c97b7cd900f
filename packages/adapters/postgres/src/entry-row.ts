// Rows of `entries` and `states` as the queries bring them, and the records that they are.
import type { ClientMsgId, MessageId, UserId } from '@parley/protocol/ids';
import type { StoredEntry, StoredState } from '@parley/ports/message-store';

/** What `entries.kind` is null for: nearly every entry. */
export const COMMON_KIND = 'message';

/** What `storedEntry` takes, from `entries e`. */
export const ENTRY_COLUMNS = 'e.seq, e.kind, e.message_id, e.sender, e.client_msg_id, e.at, e.body';

/** As a query brings it, bigint as text, or as JSON does, with numbers where no digits can be lost. */
export interface EntryRow {
  readonly seq: string | number;
  readonly kind: string | null;
  readonly message_id: string;
  readonly sender: string;
  readonly client_msg_id: string;
  readonly at: string | number;
  readonly body: string;
}

export function storedEntry(row: EntryRow): StoredEntry {
  const seq = Number(row.seq);
  return {
    kind: row.kind ?? COMMON_KIND,
    messageId: row.message_id as MessageId,
    sender: row.sender as UserId,
    clientMsgId: row.client_msg_id as ClientMsgId,
    at: Number(row.at),
    body: row.body,
    from: seq,
    seq,
  };
}

/** From `states`. */
export interface StateRow {
  readonly seq: string;
  readonly as_of: string;
  readonly body: string;
}

export const storedState = ({ seq, as_of, body }: StateRow): StoredState => ({
  seq: Number(seq),
  asOf: Number(as_of),
  body,
});
