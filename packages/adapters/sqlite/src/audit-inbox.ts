// The audit of the inboxes: every change of a conversation's members that its log has is in the members' lists as well.
import type { Database } from 'bun:sqlite';

/** More than these are not remembered for a second look: so many do not lag behind for a moment only. */
const BEHIND_REMEMBERED_MAX_COUNT = 100_000;

/** The entries that the members' lists are made of; others that are no messages change a message. */
const MEMBER_KINDS = [
  'group_created',
  'group_renamed',
  'group_set',
  'members_added',
  'members_joined',
  'member_removed',
  'member_unbanned',
  'member_left',
  'role_changed',
];
const MEMBER_KINDS_SQL = MEMBER_KINDS.map((kind) => `'${kind}'`).join(', ');

/** Conversations whose last change is beyond what their membership rows are made of, so that an inbox misses it. */
export interface BehindInboxes {
  /** From the conversation's id to the seq up to which its rows are. */
  readonly asOf: ReadonlyMap<string, number>;
  /** Those beyond the bound. */
  readonly uncounted: number;
}

/** Call it inside a read transaction. A server that runs may be about to apply what is found: see `stillBehind`. */
export function behindInboxes(database: Database, maxCount = BEHIND_REMEMBERED_MAX_COUNT): BehindInboxes {
  const rows = database.query<{ id: string; asOf: number }, []>(
    `SELECT cast(l.id AS TEXT) AS id, coalesce(c.as_of, 0) AS asOf FROM logs l LEFT JOIN conversations c ON c.id = l.id
     WHERE (SELECT max(e.seq) FROM entries e WHERE e.log = l.key AND e.kind IS NOT NULL
             AND e.kind IN (${MEMBER_KINDS_SQL})) > coalesce(c.as_of, 0)`,
  );
  const asOf = new Map<string, number>();
  let uncounted = 0;
  for (const row of rows.iterate()) {
    if (asOf.size < maxCount) asOf.set(row.id, row.asOf);
    else uncounted += 1;
  }
  return { asOf, uncounted };
}

/** How many of `before` have not moved: what they missed then is missing still. Call it in a later read transaction. */
export function stillBehind(database: Database, before: BehindInboxes): number {
  const now = behindInboxes(database);
  let count = before.uncounted;
  for (const [id, asOf] of before.asOf) {
    const later = now.asOf.get(id);
    if (later !== undefined && later <= asOf) count += 1;
  }
  return count;
}
