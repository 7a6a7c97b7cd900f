// One text for one content of a log's entry, whether it stands in the store, on the wire or in the app's hands.
import type { StoredEntry } from '@parley/ports/message-store';

export interface WireEntry {
  readonly seq: number;
  readonly from?: number | undefined;
  readonly kind: string;
  readonly message_id: string;
  readonly sender: string;
  readonly client_msg_id: string;
  readonly at: number;
}

export function fingerprintOfWire(entry: WireEntry): string {
  const { seq: _seq, from: _from, kind, message_id, sender, client_msg_id, at, ...more } = entry;
  const { conversation_id: _conversation, ...body } = more as { conversation_id?: string };
  return [kind, message_id, sender, client_msg_id, at, JSON.stringify(body)].join('|');
}

const ofRows = new WeakMap<StoredEntry, string>();

export function fingerprintOfRow(row: StoredEntry): string {
  const known = ofRows.get(row);
  if (known !== undefined) return known;
  const body = JSON.stringify(JSON.parse(row.body));
  const fingerprint = [row.kind, row.messageId, row.sender, row.clientMsgId, row.at, body].join('|');
  ofRows.set(row, fingerprint);
  return fingerprint;
}
