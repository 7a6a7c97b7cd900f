// The audit of the memberships: each row is what the entries of its conversation's log make of it.
import type { Database } from 'bun:sqlite';
import type { HistoryPolicy, Role } from '@parley/protocol/role';

/** A membership row without its user. `undefined` in no field, so that two can be compared as text. */
interface Row {
  readonly role: Role;
  readonly joinedSeq: number;
  readonly visibleAfter: number;
  readonly leftSeq: number | null;
  readonly banned: 0 | 1;
}
type Rows = Map<string, Row>;

interface ConversationRow {
  readonly id: string;
  readonly kind: 'direct' | 'group';
  readonly first: string | null;
  readonly second: string | null;
  readonly history: HistoryPolicy | null;
  readonly asOf: number;
  readonly members: number;
  readonly log: number | null;
  readonly floor: number;
}

interface ChangeRow {
  readonly seq: number;
  readonly kind: string;
  readonly sender: string;
  readonly body: string;
}

/** The fields that the kinds below add to an entry. */
interface Body {
  readonly members?: readonly { readonly user_id: string; readonly role: Role }[];
  readonly user_id?: string;
  readonly new_owner?: string;
  readonly role?: Role;
  readonly banned?: boolean;
}

function prepareStatements(database: Database) {
  return {
    conversations: database.query<ConversationRow, []>(
      `SELECT cast(c.id AS TEXT) AS id, c.kind, cast(c.first AS TEXT) AS first, cast(c.second AS TEXT) AS second,
         c.history, c.as_of AS asOf, c.members, l.key AS log, coalesce(l.floor, 0) AS floor
       FROM conversations c LEFT JOIN logs l ON l.id = c.id ORDER BY c.id`,
    ),
    // Entries that the rows do not have yet are left out: they are what audit-inbox.ts finds.
    changes: database.query<ChangeRow, [number, number]>(
      `SELECT e.seq, e.kind, cast(s.id AS TEXT) AS sender, e.body FROM entries e JOIN senders s ON s.key = e.sender
       WHERE e.log = ? AND e.kind IS NOT NULL AND e.seq <= ? ORDER BY e.seq`,
    ),
    rows: database.query<Row & { user: string }, [string]>(
      `SELECT cast(user AS TEXT) AS user, role, joined_seq AS joinedSeq, visible_after AS visibleAfter,
         left_seq AS leftSeq, banned FROM memberships WHERE conversation = ?`,
    ),
    strays: database.query<{ n: number }, []>(
      'SELECT count(*) AS n FROM memberships WHERE conversation NOT IN (SELECT id FROM conversations)',
    ),
  };
}

/** One conversation at a time, so that memory is bounded by the largest one. */
export function countDifferingMemberships(database: Database): number {
  const statements = prepareStatements(database);
  let differing = statements.strays.get()?.n ?? 0;
  for (const conversation of statements.conversations.iterate()) {
    const found: Rows = new Map();
    for (const { user, ...row } of statements.rows.all(conversation.id)) found.set(user, row);
    const changes =
      conversation.log === null ? [] : statements.changes.all(conversation.log, conversation.asOf);
    const differences = countDifferences(found, expectedRows(conversation, found, changes));
    differing += differences;
    // Where rows are missing, or there are too many, the number does not add another finding.
    if (differences === 0 && found.size > 0 && conversation.members !== presentCount(found)) differing += 1;
    // Rows are never taken out, and a group's first entry makes some: none says nothing only while that entry is new.
    if (conversation.kind === 'group' && conversation.floor > 0 && found.size === 0) differing += 1;
  }
  return differing;
}

function presentCount(rows: Rows): number {
  return [...rows.values()].filter(({ leftSeq }) => leftSeq === null).length;
}

function countDifferences(found: Rows, expected: Rows): number {
  let count = 0;
  for (const user of new Set([...found.keys(), ...expected.keys()])) {
    const [one, other] = [found.get(user), expected.get(user)];
    const same =
      one !== undefined &&
      one.role === other?.role &&
      one.joinedSeq === other.joinedSeq &&
      one.visibleAfter === other.visibleAfter &&
      one.leftSeq === other.leftSeq &&
      one.banned === other.banned;
    if (!same) count += 1;
  }
  return count;
}

function expectedRows(conversation: ConversationRow, found: Rows, changes: readonly ChangeRow[]): Rows {
  if (conversation.kind === 'direct') {
    const row: Row = { role: 'member', joinedSeq: 0, visibleAfter: 0, leftSeq: null, banned: 0 };
    return new Map([conversation.first, conversation.second].map((user) => [String(user), row]));
  }
  const rows = baseOf(conversation.floor, found);
  for (const change of changes) fold(rows, change, conversation.history ?? 'all');
  return rows;
}

/** Where retention dropped the first entries, what they said is taken from the rows: only later changes can be checked. */
function baseOf(floor: number, found: Rows): Rows {
  if (floor === 0) return new Map();
  const base: Rows = new Map();
  for (const [user, row] of found) {
    if (row.joinedSeq > floor) continue;
    if (row.leftSeq !== null && row.leftSeq <= floor) base.set(user, row);
    else base.set(user, { ...row, leftSeq: null, banned: 0 });
  }
  return base;
}

function fold(rows: Rows, { seq, kind, sender, body }: ChangeRow, history: HistoryPolicy): void {
  const { members = [], user_id: user, new_owner: newOwner, role, banned } = parsed(body);
  const alter = (who: string | undefined, change: Partial<Row>): void => {
    const row = who === undefined ? undefined : rows.get(who);
    if (who !== undefined && row !== undefined) rows.set(who, { ...row, ...change });
  };
  switch (kind) {
    case 'group_created':
    case 'members_added':
    case 'members_joined':
      for (const member of members) {
        const visibleAfter = history === 'all' ? 0 : seq - 1;
        const row = { role: member.role, joinedSeq: seq, visibleAfter, leftSeq: null, banned: 0 } as const;
        rows.set(member.user_id, row);
      }
      break;
    case 'member_removed':
      // A ban may also be of one who had left before: that was when the membership ended.
      if (banned === true) alter(user, { leftSeq: rows.get(user ?? '')?.leftSeq ?? seq, banned: 1 });
      else alter(user, { leftSeq: seq });
      break;
    case 'member_unbanned':
      alter(user, { banned: 0 });
      break;
    case 'member_left':
      alter(user, { leftSeq: seq });
      alter(newOwner, { role: 'owner' });
      break;
    case 'role_changed':
      if (role === 'owner') alter(sender, { role: 'admin' });
      if (role !== undefined) alter(user, { role });
      break;
    default:
      // Entries of other kinds change no membership.
      break;
  }
}

/** A body that is no JSON object says nothing: its change is missing then, and found. */
function parsed(body: string): Body {
  try {
    return (JSON.parse(body) as Body | null) ?? {};
  } catch {
    return {};
  }
}
