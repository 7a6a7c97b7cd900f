// A row of `entries` as the queries bring it, and the entry that it is.
import type { ClientMsgId, MessageId, UserId } from '@parley/protocol/ids';
import { ERASED_BODY, type StoredEntry } from '@parley/ports/message-store';
import { clientMsgIdText } from './client-msg-id.ts';

/** A value of `Statement.values()`. Columns that hold ids are cast to text, so none is ever a bigint. */
export type Value = string | bigint | number | Uint8Array | null;

/** What these functions take, in this order, from `entries e` joined with `senders s`. */
export const ENTRY_COLUMNS = `coalesce(e.from_seq, e.seq), e.seq, coalesce(e.kind, 'message'),
  cast(e.message_id AS TEXT), cast(s.id AS TEXT), e.client_msg_id, e.at, e.body`;

/** Entries as they cross between threads: their columns in a row, flat, because objects cost several times as much. */
export type FlatEntries = readonly (string | number)[];
const COLUMNS_COUNT = 8;
const CLIENT_MSG_ID_COLUMN = 5;

/** Adds a row to what will cross. */
export function pushRow(flat: (string | number)[], row: readonly Value[]): void {
  for (let column = 0; column < COLUMNS_COUNT; column += 1) {
    const value = row[column];
    flat.push(
      column === CLIENT_MSG_ID_COLUMN
        ? clientMsgIdText(value as Uint8Array | string)
        : (value as string | number),
    );
  }
}

export function entriesOf(flat: FlatEntries): StoredEntry[] {
  const entries: StoredEntry[] = [];
  for (let index = 0; index < flat.length; index += COLUMNS_COUNT) {
    entries.push({
      from: flat[index] as number,
      seq: flat[index + 1] as number,
      kind: flat[index + 2] as string,
      messageId: flat[index + 3] as MessageId,
      sender: flat[index + 4] as UserId,
      clientMsgId: flat[index + 5] as ClientMsgId,
      at: flat[index + 6] as number,
      body: flat[index + 7] as string,
    });
  }
  return entries;
}

/** The kind of nearly every entry, which its row leaves out. */
export const COMMON_KIND = 'message';

/** How the body of an erased entry begins; where it belongs to another one, that follows. */
export const ERASED_PREFIX = ERASED_BODY.slice(0, -1);

export function storedEntry(row: readonly Value[]): StoredEntry | undefined {
  const flat: (string | number)[] = [];
  pushRow(flat, row);
  return entriesOf(flat)[0];
}
