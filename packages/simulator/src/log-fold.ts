// What a conversation's log says of its members, by the rules of PROTOCOL.md and in other words than the server's.
import type { MemoryWorld } from '@parley/adapter-memory/memory-world';
import type { ConversationRecord } from '@parley/ports/member-store';
import type { StoredEntry } from '@parley/ports/message-store';
import type { Seq } from '@parley/protocol/ids';

/** One time of membership: what it lets a user read. */
export interface Stay {
  /** The entry that let the user in. */
  readonly from: Seq;
  /** What the user may read begins after this. */
  readonly visibleAfter: Seq;
  /** The entry that ended it; undefined while it lasts. */
  to: Seq | undefined;
}

interface Body {
  readonly user_id?: string;
  readonly new_owner?: string;
  readonly role?: string;
  readonly history?: string;
  readonly banned?: boolean;
  readonly members?: readonly { readonly user_id: string; readonly role: string }[];
}

export class LogFold {
  readonly #isGroup: boolean;
  readonly #stays = new Map<string, Stay[]>();
  /** Of present members. */
  readonly #roles = new Map<string, string>();
  readonly #banned = new Set<string>();
  /** Entries that should not be there, each with what is wrong. */
  readonly problems: { readonly seq: Seq; readonly what: string }[] = [];
  #history = 'all';
  head: Seq = 0;

  constructor(record: ConversationRecord | undefined) {
    this.#isGroup = record?.kind === 'group';
    if (record?.kind !== 'direct') return;
    for (const user of [record.first, record.second]) this.#join(user, 'member', 0);
  }

  get users(): readonly string[] {
    return [...this.#stays.keys()];
  }

  get members(): readonly string[] {
    return [...this.#roles.keys()];
  }

  isMember(user: string): boolean {
    return this.#roles.has(user);
  }

  lastStay(user: string): Stay | undefined {
    return this.#stays.get(user)?.at(-1);
  }

  /** Whether any stay so far lets the user read an entry. */
  mayRead(user: string, seq: Seq): boolean {
    return (this.#stays.get(user) ?? []).some(
      (stay) => seq > stay.visibleAfter && seq <= (stay.to ?? Infinity),
    );
  }

  /** Whether the user was a member when the entry was written. */
  wasIn(user: string, seq: Seq): boolean {
    return (this.#stays.get(user) ?? []).some((stay) => seq >= stay.from && seq <= (stay.to ?? Infinity));
  }

  take(entry: StoredEntry): void {
    this.head = entry.seq;
    const comes = entry.kind === 'group_created' || entry.kind === 'members_joined';
    if (!comes && !this.isMember(entry.sender)) {
      this.#problem(entry, `${entry.sender} is no member`);
    }
    if (entry.kind === 'message') return;
    if (!this.#isGroup) return this.#problem(entry, 'a direct conversation was changed');
    this.#change(entry, JSON.parse(entry.body) as Body);
    const owners = [...this.#roles.values()].filter((role) => role === 'owner').length;
    if (this.#roles.size > 0 && owners !== 1) this.#problem(entry, `there are ${owners} owners`);
  }

  #change(entry: StoredEntry, body: Body): void {
    const { seq, sender } = entry;
    const role = this.#roles.get(sender) ?? 'none';
    const { user_id: user = '' } = body;
    const target = this.#roles.get(user);
    switch (entry.kind) {
      case 'group_created':
        if (seq !== 1) this.#problem(entry, 'it is not the first');
        this.#history = body.history ?? 'all';
        return this.#joinAll(body, seq);
      case 'group_renamed':
        return this.#needs(entry, role !== 'member');
      case 'members_added':
        this.#needs(entry, role !== 'member' && this.#mayCome(body));
        return this.#joinAll(body, seq);
      case 'members_joined':
        this.#needs(entry, body.members?.[0]?.user_id === sender && this.#mayCome(body));
        return this.#joinAll(body, seq);
      case 'member_removed': {
        // Who left before may still be banned.
        const isLate = body.banned === true && this.lastStay(user) !== undefined && !this.#banned.has(user);
        const rank = target ?? (isLate ? 'member' : 'none');
        this.#needs(entry, rank !== 'none' && (role === 'owner' || (role === 'admin' && rank === 'member')));
        if (body.banned === true) this.#banned.add(user);
        return this.#leave(user, seq);
      }
      case 'member_unbanned':
        this.#needs(entry, role !== 'member' && this.#banned.delete(user));
        return;
      case 'group_set':
        return this.#needs(entry, role !== 'member');
      case 'member_left':
        this.#needs(
          entry,
          user === sender &&
            (role === 'owner') ===
              (body.new_owner !== undefined || (this.#roles.size === 1 && role === 'owner')),
        );
        this.#leave(user, seq);
        if (body.new_owner !== undefined) this.#roles.set(body.new_owner, 'owner');
        return;
      case 'role_changed':
        this.#needs(entry, role === 'owner' && target !== undefined && target !== body.role);
        if (body.role === 'owner') this.#roles.set(sender, 'admin');
        this.#roles.set(user, body.role ?? '');
        return;
      default:
        return this.#problem(entry, 'its kind is not known');
    }
  }

  #mayCome({ members = [] }: Body): boolean {
    return !members.some(({ user_id }) => this.isMember(user_id) || this.#banned.has(user_id));
  }

  #joinAll(body: Body, seq: Seq): void {
    for (const member of body.members ?? []) this.#join(member.user_id, member.role, seq);
  }

  #join(user: string, role: string, from: Seq): void {
    const visibleAfter = this.#history === 'all' ? 0 : from - 1;
    const stays = this.#stays.get(user) ?? [];
    this.#stays.set(user, [...stays, { from, visibleAfter, to: undefined }]);
    this.#roles.set(user, role);
  }

  #leave(user: string, seq: Seq): void {
    const stay = this.lastStay(user);
    if (stay !== undefined) stay.to ??= seq;
    this.#roles.delete(user);
  }

  #needs(entry: StoredEntry, holds: boolean): void {
    if (!holds) this.#problem(entry, 'its sender may not do that');
  }

  #problem({ seq, kind, sender }: StoredEntry, what: string): void {
    this.problems.push({ seq, what: `${kind} by ${sender}: ${what}` });
  }
}

/** The folds of all logs of a world, kept up with what is appended. */
export class LogFolds {
  readonly #world: MemoryWorld;
  readonly #folds = new Map<string, LogFold>();

  constructor(world: MemoryWorld) {
    this.#world = world;
  }

  of(conversation: string): LogFold {
    const { logs, conversations } = this.#world.state;
    const known = this.#folds.get(conversation);
    const id = conversation as Parameters<typeof logs.get>[0];
    const fold = known ?? new LogFold(conversations.get(id)?.record);
    if (known === undefined && conversations.has(id)) this.#folds.set(conversation, fold);
    const rows = logs.get(id)?.rows ?? [];
    for (let at = fold.head; at < rows.length; at++) {
      const row = rows[at];
      if (row !== undefined) fold.take(row);
    }
    return fold;
  }
}
