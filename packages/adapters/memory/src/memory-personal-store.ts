// What users keep about conversations, in memory. Counts are made by counting: the reference for the running ones.
import type {
  Flags,
  HiddenMessage,
  Mention,
  PersonalStore,
  Standing,
  StandingPage,
  ThreadKey,
} from '@parley/ports/personal-store';
import type { ConversationId, Seq, UserId } from '@parley/protocol/ids';
import { compareIds } from './id-order.ts';
import { type DecideFault, MemoryHandle } from './memory-handle.ts';
import { conversationsOf } from './memory-member-store.ts';
import type { MemoryWorld, PersonalRow, WorldState } from './memory-world.ts';

export class MemoryPersonalStore implements PersonalStore {
  readonly #handle: MemoryHandle;

  constructor(world: MemoryWorld, fault?: DecideFault) {
    this.#handle = new MemoryHandle({ world, store: 'personal', fault });
  }

  begin(conversation: ConversationId, users: readonly UserId[], seq: Seq): Promise<void> {
    return this.#handle.call({ method: 'begin', conversation }, (state) => {
      for (const user of users) {
        const row = rowOf(state, user, conversation);
        if (seq <= row.begun) continue;
        row.begun = seq;
        row.read = Math.max(row.read ?? 0, seq);
      }
    });
  }

  read(user: UserId, conversation: ConversationId, seq: Seq): Promise<void> {
    return this.#handle.call({ method: 'read', conversation }, (state) => {
      const to = Math.min(seq, state.logs.get(conversation)?.head ?? 0);
      const row = rowOf(state, user, conversation);
      const read = row.read ?? firstOf(state, user, conversation);
      if (to > read) row.read = to;
    });
  }

  unread(user: UserId, conversation: ConversationId, seq: Seq): Promise<void> {
    return this.#handle.call({ method: 'unread', conversation }, (state) => {
      const row = rowOf(state, user, conversation);
      const to = Math.max(0, seq - 1);
      if (to < (row.read ?? firstOf(state, user, conversation))) row.read = to;
    });
  }

  setFlags(user: UserId, conversation: ConversationId, flags: Flags): Promise<void> {
    return this.#handle.call({ method: 'setFlags', conversation }, (state) => {
      Object.assign(rowOf(state, user, conversation), flags);
    });
  }

  standings(
    user: UserId,
    conversations: readonly ConversationId[],
    ignoring: readonly UserId[],
  ): Promise<ReadonlyMap<ConversationId, Standing>> {
    return this.#handle.call(
      { method: 'standings' },
      (state) => new Map(conversations.map((id) => [id, standing(state, user, id, ignoring)])),
    );
  }

  unreadOf(
    user: UserId,
    page: {
      readonly ignoring: readonly UserId[];
      readonly after: ConversationId | undefined;
      readonly limit: number;
    },
  ): Promise<StandingPage> {
    return this.#handle.call({ method: 'unreadOf' }, (state) => {
      const all = conversationsOf(state, user)
        .filter(({ membership }) => membership.leftSeq === undefined)
        .map(({ conversation }) => standing(state, user, conversation.id, page.ignoring))
        .filter(({ unread, mentions }) => unread > 0 || mentions > 0);
      const beyond = all.filter(
        (row) => page.after === undefined || compareIds(row.conversation, page.after) > 0,
      );
      const rows = beyond.slice(0, page.limit);
      return {
        rows,
        next: beyond.length > page.limit ? rows.at(-1)?.conversation : undefined,
        total: { unread: sum(all.map((row) => row.unread)), mentions: sum(all.map((row) => row.mentions)) },
      };
    });
  }

  setMentions(conversation: ConversationId, mentions: readonly Mention[]): Promise<void> {
    return this.#handle.call({ method: 'setMentions', conversation }, (state) => {
      const of = state.mentions.get(conversation) ?? new Map<Seq, Mention>();
      state.mentions.set(conversation, of);
      const asOf = state.mentionsAsOf.get(conversation) ?? 0;
      for (const mention of mentions.filter((each) => each.asOf > asOf)) {
        if (mention.everyone || mention.users.length > 0) of.set(mention.seq, mention);
        else of.delete(mention.seq);
      }
      state.mentionsAsOf.set(conversation, Math.max(asOf, ...mentions.map((mention) => mention.asOf)));
    });
  }

  forget(conversation: ConversationId, through: Seq): Promise<void> {
    return this.#handle.call({ method: 'forget', conversation }, (state) => {
      const of = state.mentions.get(conversation);
      for (const seq of of?.keys() ?? []) if (seq <= through) of?.delete(seq);
      for (const key of state.followers.keys()) {
        const thread = keyOfThread(key);
        if (thread.conversation === conversation && thread.thread <= through) state.followers.delete(key);
      }
      for (const [user, rows] of state.hidden) {
        const last = rows.at(-1);
        const isKept = (row: HiddenMessage) => row.conversation !== conversation || row.seq > through;
        state.hidden.set(
          user,
          rows.filter((row) => row === last || isKept(row)),
        );
      }
    });
  }

  hide(user: UserId, conversation: ConversationId, seq: Seq): Promise<number> {
    return this.#handle.call({ method: 'hide', conversation }, (state) => {
      const rows = state.hidden.get(user) ?? [];
      state.hidden.set(user, rows);
      const there = rows.find((row) => row.conversation === conversation && row.seq === seq);
      if (there !== undefined) return there.number;
      const number = (rows.at(-1)?.number ?? 0) + 1;
      rows.push({ number, conversation, seq });
      return number;
    });
  }

  hidden(user: UserId, after: number, limit: number): Promise<readonly HiddenMessage[]> {
    return this.#handle.call({ method: 'hidden' }, (state) =>
      (state.hidden.get(user) ?? []).filter(({ number }) => number > after).slice(0, limit),
    );
  }

  hiddenIn(user: UserId, conversation: ConversationId, after: Seq, to: Seq): Promise<readonly Seq[]> {
    return this.#handle.call({ method: 'hiddenIn' }, (state) =>
      (state.hidden.get(user) ?? [])
        .filter((row) => row.conversation === conversation && row.seq > after && row.seq <= to)
        .map(({ seq }) => seq)
        .sort((one, other) => one - other),
    );
  }

  follow(
    conversation: ConversationId,
    thread: Seq,
    rows: readonly { readonly user: UserId; readonly follow: boolean; readonly by: 'user' | 'writing' }[],
  ): Promise<void> {
    return this.#handle.call({ method: 'follow', conversation }, (state) => {
      const key = threadKey(conversation, thread);
      const of = state.followers.get(key) ?? new Map<UserId, boolean>();
      state.followers.set(key, of);
      for (const { user, follow, by } of rows) if (by === 'user' || !of.has(user)) of.set(user, follow);
    });
  }

  followers(conversation: ConversationId, thread: Seq): Promise<readonly UserId[]> {
    return this.#handle.call({ method: 'followers' }, (state) =>
      [...(state.followers.get(threadKey(conversation, thread)) ?? [])]
        .flatMap(([user, follows]) => (follows ? [user] : []))
        .sort(compareIds),
    );
  }

  threads(user: UserId, after: ThreadKey | undefined, limit: number): Promise<readonly ThreadKey[]> {
    return this.#handle.call({ method: 'threads' }, (state) =>
      [...state.followers]
        .flatMap(([key, of]) => (of.get(user) === true ? [keyOfThread(key)] : []))
        .filter((key) => after === undefined || compareThreads(key, after) > 0)
        .sort(compareThreads)
        .slice(0, limit),
    );
  }

  /** As MemoryMessageStore's. */
  crash(): void {
    this.#handle.crash();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#handle.close();
  }
}

const threadKey = (conversation: ConversationId, thread: Seq) => `${conversation} ${thread}`;

function keyOfThread(key: string): ThreadKey {
  const [conversation, thread] = key.split(' ');
  return { conversation: conversation as ConversationId, thread: Number(thread) };
}

const compareThreads = (one: ThreadKey, other: ThreadKey) =>
  compareIds(one.conversation, other.conversation) || one.thread - other.thread;

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

function rowOf(state: WorldState, user: UserId, conversation: ConversationId): PersonalRow {
  const rows = state.personal.get(user) ?? new Map<ConversationId, PersonalRow>();
  state.personal.set(user, rows);
  const row = rows.get(conversation) ?? {
    read: undefined,
    begun: 0,
    mutedUntil: 0,
    archived: false,
    pinned: false,
  };
  rows.set(conversation, row);
  return row;
}

/** Before anything was read, what came before the user joined is not unread. */
function firstOf(state: WorldState, user: UserId, conversation: ConversationId): Seq {
  return state.conversations.get(conversation)?.members.get(user)?.membership.joinedSeq ?? 0;
}

function standing(
  state: WorldState,
  user: UserId,
  conversation: ConversationId,
  ignoring: readonly UserId[],
): Standing {
  const row = state.personal.get(user)?.get(conversation);
  const membership = state.conversations.get(conversation)?.members.get(user)?.membership;
  const isMember = membership !== undefined && membership.leftSeq === undefined;
  const read = row?.read ?? firstOf(state, user, conversation);
  const log = state.logs.get(conversation);
  const from = Math.max(read, log?.floor ?? 0, membership?.visibleAfter ?? 0);
  const unread = (log?.rows ?? []).filter(
    ({ seq, kind, sender }) => seq > from && kind === 'message' && sender !== user,
  );
  const mentions = [...(state.mentions.get(conversation)?.values() ?? [])].filter(
    ({ seq, sender, users, everyone }) =>
      seq > from && sender !== user && !ignoring.includes(sender) && (everyone || users.includes(user)),
  );
  return {
    conversation,
    read,
    unread: isMember ? unread.length : 0,
    mentions: isMember ? mentions.length : 0,
    asOf: membership?.leftSeq ?? log?.head ?? 0,
    mutedUntil: row?.mutedUntil ?? 0,
    archived: row?.archived ?? false,
    pinned: row?.pinned ?? false,
  };
}
