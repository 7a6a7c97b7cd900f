// Stored entries as JSON text. Encoded once, whoever reads it: the body is text already and is spliced in.
import type { ConversationId } from '@parley/protocol/ids';
import type { StoredEntry } from '@parley/ports/message-store';

/** Every value here but the body is made of digits and characters that JSON need not escape. */
export function encodeEntry(entry: StoredEntry): string {
  const range = entry.from === entry.seq ? '' : `"from":${entry.from},`;
  const fields = entry.body === '{}' ? '}' : `,${entry.body.slice(1)}`;
  return `{"seq":${entry.seq},${range}"kind":"${entry.kind}","message_id":"${entry.messageId}","sender":"${entry.sender}","client_msg_id":"${entry.clientMsgId}","at":${entry.at}${fields}`;
}

export function encodeEntries(entries: readonly StoredEntry[]): string {
  return `[${entries.map(encodeEntry).join(',')}]`;
}

/** The frame that pushes a run of entries. */
export function encodePush(conversation: ConversationId, entries: readonly StoredEntry[]): string {
  return `{"type":"entries","conversation_id":"${conversation}","entries":${encodeEntries(entries)}}`;
}
