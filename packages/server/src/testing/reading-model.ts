// What is unread and what mentions whom, counted entry by entry: what the server's running counts are compared with.
import type { LogRows } from '@parley/adapter-memory/memory-world';
import type { StoredEntry } from '@parley/ports/message-store';
import type { Mentions } from '@parley/protocol/content';
import type { Seq, UserId } from '@parley/protocol/ids';

/** What a message says of mentions, with those who follow its thread. */
interface Said {
  readonly sender: UserId;
  readonly thread: Seq | undefined;
  readonly users: ReadonlySet<UserId>;
  readonly everyone: boolean;
}

interface Row {
  read: Seq;
  visibleAfter: Seq;
  isMember: boolean;
}

/** The fields of bodies that matter here. */
interface Body {
  readonly mentions?: Mentions;
  readonly thread?: Seq;
  readonly target?: Seq;
  readonly user_id?: UserId;
  readonly members?: readonly { readonly user_id: UserId }[];
}

export class ReadingModel {
  readonly #rows = new Map<UserId, Row>();
  readonly #said = new Map<Seq, Said>();
  readonly #senders = new Map<Seq, UserId>();
  /** By thread: who follows, and who once stopped. */
  readonly #follows = new Map<Seq, Map<UserId, boolean>>();
  readonly #history: 'all' | 'joined';
  #folded: Seq = 0;

  /** `members` are those of a direct conversation; of a group the log says who they are. */
  constructor(history: 'all' | 'joined', members: readonly UserId[] = []) {
    this.#history = history;
    for (const user of members) this.#rows.set(user, { read: 0, visibleAfter: 0, isMember: true });
  }

  /** Folds what the log has beyond what was folded before: an entry is looked at before anything can erase it. */
  see(log: LogRows | undefined): void {
    for (const entry of log?.rows ?? []) if (entry.seq > this.#folded) this.#fold(entry);
    this.#folded = log?.head ?? 0;
  }

  isMember(user: UserId): boolean {
    return this.#rows.get(user)?.isMember === true;
  }

  readOf(user: UserId): Seq {
    return this.#rows.get(user)?.read ?? 0;
  }

  setRead(user: UserId, seq: Seq): void {
    const row = this.#rows.get(user);
    if (row !== undefined) row.read = seq;
  }

  follow(user: UserId, thread: Seq, follows: boolean): void {
    this.#followers(thread).set(user, follows);
  }

  expected(user: UserId, log: LogRows | undefined, blocked: ReadonlySet<UserId>) {
    const { read, visibleAfter } = this.#rows.get(user) ?? { read: 0, visibleAfter: 0 };
    const from = Math.max(read, visibleAfter, log?.floor ?? 0);
    const unread = (log?.rows ?? []).filter(
      ({ seq, kind, sender }) => seq > from && kind === 'message' && sender !== user,
    );
    const mentions = unread.filter(({ seq, sender }) => {
      const said = this.#said.get(seq);
      return said !== undefined && !blocked.has(sender) && (said.everyone || said.users.has(user));
    });
    return { read, unread: unread.length, mentions: mentions.length, as_of: log?.head ?? 0 };
  }

  #fold({ kind, seq, sender, body: text }: StoredEntry): void {
    const body = JSON.parse(text) as Body;
    switch (kind) {
      case 'group_created':
      case 'members_added':
        for (const { user_id } of body.members ?? []) this.#join(user_id, seq);
        break;
      case 'member_removed':
      case 'member_left': {
        const row = this.#rows.get(body.user_id as UserId);
        if (row !== undefined) row.isMember = false;
        break;
      }
      case 'message':
        this.#senders.set(seq, sender);
        if (body.thread !== undefined) this.#write(body.thread, sender);
        this.#say(seq, { sender, thread: body.thread, mentions: body.mentions });
        break;
      case 'message_edited': {
        const said = this.#said.get(body.target ?? 0);
        if (said !== undefined) this.#say(body.target as Seq, { ...said, mentions: body.mentions });
        break;
      }
      case 'message_deleted':
        this.#said.delete(body.target ?? 0);
        break;
    }
  }

  #join(user: UserId, seq: Seq): void {
    const visibleAfter = this.#history === 'all' ? 0 : seq - 1;
    this.#rows.set(user, { read: Math.max(seq, this.readOf(user)), visibleAfter, isMember: true });
  }

  #say(seq: Seq, said: { sender: UserId; thread: Seq | undefined; mentions: Mentions | undefined }): void {
    const { sender, thread, mentions } = said;
    const followers = thread === undefined ? [] : [...this.#followers(thread)];
    const audience = followers.flatMap(([user, follows]) => (follows ? [user] : []));
    const users = new Set([...(mentions?.users ?? []), ...audience]);
    this.#said.set(seq, { sender, thread, users, everyone: mentions?.everyone !== undefined });
  }

  #write(thread: Seq, writer: UserId): void {
    const followers = this.#followers(thread);
    for (const user of [this.#senders.get(thread), writer])
      if (user !== undefined && !followers.has(user)) followers.set(user, true);
  }

  #followers(thread: Seq): Map<UserId, boolean> {
    const present = this.#follows.get(thread) ?? new Map<UserId, boolean>();
    this.#follows.set(thread, present);
    return present;
  }
}
