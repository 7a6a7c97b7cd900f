// Every statement on the message table. Writes are only ever sent in a batch with one of the conditions [DESIGN 3b].

/** What a row of a bucket is: its first clustering column. */
export const PART = { entry: 0, sent_id: 1, sent_count: 2, change_count: 3 } as const;

/** client_msg_ids are known for 25 h at least: so long a bucket is looked into after it was closed. */
export const SENT_IDS_WINDOW_MS = 25 * 3_600_000;
const SENT_ID_TTL_S = 48 * 3_600;

const STATICS = 'owner_token, head, floor, changes, opened_at, opened_after, opened_changes, previous';
const ENTRY = 'seq, message_id, sender, client_msg_id, at, kind, body';
const BUCKET = 'conversation = ? AND bucket = ?';

export const MESSAGE_READS = {
  /** Of the statics alone: rows of a bucket, or none, have no part in it. */
  statics: `SELECT DISTINCT conversation, bucket, ${STATICS} FROM messages WHERE ${BUCKET}`,
  entries: `SELECT ${ENTRY}, ${STATICS} FROM messages
    WHERE ${BUCKET} AND part = ${PART.entry} AND user = 0 AND seq > ? AND seq <= ? LIMIT ?`,
  sentIds: `SELECT number FROM messages WHERE ${BUCKET} AND part = ${PART.sent_id} AND (user, seq, id) IN ?`,
  entriesAt: `SELECT ${ENTRY}, floor FROM messages
    WHERE ${BUCKET} AND part = ${PART.entry} AND user = 0 AND seq IN ?`,
  senders: `SELECT seq, sender, kind, at FROM messages
    WHERE ${BUCKET} AND part = ${PART.entry} AND user = 0 AND seq > ? AND seq <= ?`,
  messageIds: `SELECT seq, message_id FROM messages
    WHERE ${BUCKET} AND part = ${PART.entry} AND user = 0 AND seq > ? AND seq <= ?`,
  lastSentCount: `SELECT seq, number FROM messages WHERE ${BUCKET} AND part = ${PART.sent_count} AND user = ? AND seq <= ?
    ORDER BY part DESC, user DESC, seq DESC LIMIT 1`,
  nextSentCount: `SELECT seq, number FROM messages
    WHERE ${BUCKET} AND part = ${PART.sent_count} AND user = ? AND seq >= ? LIMIT 1`,
  lastChangeCount: `SELECT number FROM messages
    WHERE ${BUCKET} AND part = ${PART.change_count} AND user = 0 AND seq <= ?
    ORDER BY part DESC, user DESC, seq DESC LIMIT 1`,
} as const;

/** One of these is in every batch on the message table. */
export const MESSAGE_CONDITIONS = {
  open: `UPDATE messages SET owner_token = ?, head = ?, changes = ?, floor = 0, opened_at = ?, opened_after = ?,
    opened_changes = ?, previous = ? WHERE ${BUCKET} IF owner_token = ? AND head = ?`,
  claim: `UPDATE messages SET owner_token = ? WHERE ${BUCKET} IF owner_token = ? AND head = ?`,
  append: `UPDATE messages SET head = ?, changes = ? WHERE ${BUCKET} IF owner_token = ? AND head = ?`,
  /**
   * For retention, which raises the floor, and for erasure, which leaves it. The fence is not touched: nothing that is
   * still to be written can be at or below the head, and no entry can go away under the hands of an erasure.
   */
  floor: `UPDATE messages SET floor = ? WHERE ${BUCKET} IF floor = ? AND head >= ?`,
} as const;

export const MESSAGE_WRITES = {
  entry: `INSERT INTO messages (conversation, bucket, part, user, seq, id, message_id, sender, client_msg_id, at, kind, body)
    VALUES (?, ?, ${PART.entry}, 0, ?, '', ?, ?, ?, ?, ?, ?)`,
  sentId: `INSERT INTO messages (conversation, bucket, part, user, seq, id, number)
    VALUES (?, ?, ${PART.sent_id}, ?, 0, ?, ?) USING TTL ${SENT_ID_TTL_S}`,
  sentCount: `INSERT INTO messages (conversation, bucket, part, user, seq, id, number)
    VALUES (?, ?, ${PART.sent_count}, ?, ?, '', ?)`,
  changeCount: `INSERT INTO messages (conversation, bucket, part, user, seq, id, number)
    VALUES (?, ?, ${PART.change_count}, 0, ?, '', ?)`,
  body: `UPDATE messages SET body = ? WHERE ${BUCKET} AND part = ${PART.entry} AND user = 0 AND seq = ? AND id = ''`,
  dropEntries: `DELETE FROM messages WHERE ${BUCKET} AND part = ${PART.entry} AND user = 0 AND seq <= ?`,
  /** Of a bucket whose entries are all dropped. */
  dropCounts: `DELETE FROM messages WHERE ${BUCKET} AND part >= ${PART.sent_count}`,
} as const;
