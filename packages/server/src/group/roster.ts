// Who is in a conversation, as the fold of its log: the one place that knows what each entry does to a membership.
import type { Seq, UserId } from '@parley/protocol/ids';
import { NO_SETTINGS, type GroupSettings, type HistoryPolicy, type Member } from '@parley/protocol/role';
import type { ConversationRecord, Membership, Members, MembershipChange } from '@parley/ports/member-store';
import type { StoredEntry } from '@parley/ports/message-store';

type FoldedEntry = Pick<StoredEntry, 'kind' | 'seq' | 'sender' | 'body'>;

/** Most conversations have few members: up to this many are looked through, beyond it they are found by a map. */
const UNINDEXED_ROWS_MAX_COUNT = 16;

/** Of a direct conversation, whose two members are in its record: nearly all conversations are direct. */
const NO_ROWS: Membership[] = [];

export class Roster {
  readonly kind: ConversationRecord['kind'];
  readonly #rows: Membership[];
  #index: Map<UserId, number> | undefined;
  #history: HistoryPolicy;
  #title: string;
  #settings: GroupSettings;
  #active: readonly UserId[] | undefined;

  /** `members`: of a direct conversation they say no more than the record, and need not be read. */
  constructor(record: ConversationRecord, members: Members | undefined) {
    // Not the record's own text, of which each that was read is another one.
    this.kind = record.kind === 'direct' ? 'direct' : 'group';
    this.#rows = record.kind === 'direct' ? NO_ROWS : [...(members?.rows ?? [])];
    if (record.kind === 'direct') this.#active = [record.first, record.second];
    this.#history = record.kind === 'group' ? record.history : 'all';
    this.#title = record.kind === 'group' ? record.title : '';
    this.#settings = (record.kind === 'group' ? record.settings : undefined) ?? NO_SETTINGS;
  }

  get title(): string {
    return this.#title;
  }

  /** A direct conversation has those of a group in which nothing was set. */
  get settings(): GroupSettings {
    return this.#settings;
  }

  /** Nobody ever was in it: its first entry is not written yet. */
  get isEmpty(): boolean {
    return this.kind === 'group' && this.#rows.length === 0;
  }

  /** The row of a present or former member. */
  get(user: UserId): Membership | undefined {
    if (this.kind === 'direct') return this.active.includes(user) ? directRow(user) : undefined;
    return this.#rows[this.#position(user)];
  }

  isMember(user: UserId): boolean {
    const row = this.get(user);
    return row !== undefined && row.leftSeq === undefined;
  }

  /** Everyone who is a member now. The array is never changed: a delivery may keep it. */
  get active(): readonly UserId[] {
    this.#active ??= [...this.#rows.values()]
      .filter((row) => row.leftSeq === undefined)
      .map((row) => row.user);
    return this.#active;
  }

  /** Who follows when the owner leaves: the longest-standing admin, else the longest-standing member. */
  successorOf(user: UserId): UserId | undefined {
    let best: Membership | undefined;
    for (const row of this.#rows) {
      if (row.user === user || row.leftSeq !== undefined) continue;
      if (best === undefined || standsBefore(row, best)) best = row;
    }
    return best?.user;
  }

  /** Folds one entry in. Returns what it changed, for the projection; undefined when it changes no membership. */
  apply(entry: FoldedEntry): MembershipChange | undefined {
    switch (entry.kind) {
      case 'group_created': {
        const body = JSON.parse(entry.body) as { title: string; history: HistoryPolicy; members: Member[] };
        this.#title = body.title;
        this.#history = body.history;
        return this.#change(
          entry.seq,
          body.members.map((member) => this.#joined(member, entry.seq)),
          body.title,
        );
      }
      case 'group_renamed': {
        const body = JSON.parse(entry.body) as { title: string };
        this.#title = body.title;
        return this.#change(entry.seq, [], body.title);
      }
      case 'group_set': {
        this.#settings = { ...this.#settings, ...(JSON.parse(entry.body) as Partial<GroupSettings>) };
        return { seq: entry.seq, title: undefined, settings: this.#settings, memberships: [] };
      }
      case 'members_added':
      case 'members_joined': {
        const body = JSON.parse(entry.body) as { members: Member[] };
        return this.#change(
          entry.seq,
          body.members.map((member) => this.#joined(member, entry.seq)),
        );
      }
      case 'member_removed': {
        const body = JSON.parse(entry.body) as { user_id: UserId; banned?: true };
        return this.#change(entry.seq, this.#removed(body.user_id, entry.seq, body.banned));
      }
      case 'member_unbanned': {
        const row = this.get((JSON.parse(entry.body) as { user_id: UserId }).user_id);
        if (row === undefined) return this.#change(entry.seq, []);
        const { banned: _, ...unbanned } = row;
        return this.#change(entry.seq, [unbanned]);
      }
      case 'member_left': {
        const body = JSON.parse(entry.body) as { user_id: UserId; new_owner?: UserId };
        const successor = body.new_owner === undefined ? [] : this.#with(body.new_owner, { role: 'owner' });
        return this.#change(entry.seq, [...this.#with(body.user_id, { leftSeq: entry.seq }), ...successor]);
      }
      case 'role_changed': {
        const body = JSON.parse(entry.body) as { user_id: UserId; role: Membership['role'] };
        const former = body.role === 'owner' ? this.#with(entry.sender, { role: 'admin' }) : [];
        return this.#change(entry.seq, [...former, ...this.#with(body.user_id, { role: body.role })]);
      }
      default:
        return undefined;
    }
  }

  #joined(member: Member, seq: Seq): Membership {
    const visibleAfter = this.#history === 'all' ? 0 : seq - 1;
    return { user: member.user_id, role: member.role, joinedSeq: seq, visibleAfter, leftSeq: undefined };
  }

  /** Who left before reads up to there and no further, also when a ban comes after. */
  #removed(user: UserId, seq: Seq, banned: true | undefined): Membership[] {
    if (banned === undefined) return this.#with(user, { leftSeq: seq });
    return this.#with(user, { leftSeq: this.get(user)?.leftSeq ?? seq, banned });
  }

  #with(user: UserId, change: Partial<Membership>): Membership[] {
    const row = this.get(user);
    return row === undefined ? [] : [{ ...row, ...change }];
  }

  #change(seq: Seq, memberships: readonly Membership[], title?: string): MembershipChange {
    for (const row of memberships) this.#put(row);
    if (memberships.length > 0) this.#active = undefined;
    return { seq, title, memberships };
  }

  #put(row: Membership): void {
    const position = this.#position(row.user);
    if (position >= 0) {
      this.#rows[position] = row;
      return;
    }
    this.#rows.push(row);
    this.#index?.set(row.user, this.#rows.length - 1);
  }

  /** Where the user's row stands; -1 for none. Rows are never taken out. */
  #position(user: UserId): number {
    if (this.#rows.length <= UNINDEXED_ROWS_MAX_COUNT)
      return this.#rows.findIndex((row) => row.user === user);
    this.#index ??= new Map(this.#rows.map((row, position) => [row.user, position]));
    return this.#index.get(user) ?? -1;
  }
}

function directRow(user: UserId): Membership {
  return { user, role: 'member', joinedSeq: 0, visibleAfter: 0, leftSeq: undefined };
}

function standsBefore(one: Membership, other: Membership): boolean {
  if (one.role !== other.role) return one.role === 'admin';
  if (one.joinedSeq !== other.joinedSeq) return one.joinedSeq < other.joinedSeq;
  return BigInt(one.user) < BigInt(other.user);
}
