// Who follows the threads that some entries belong to, as of each of the entries. Writing in a thread follows it.
import type { ConversationId, Seq, UserId } from '@parley/protocol/ids';
import type { MessageStore } from '@parley/ports/message-store';
import type { PersonalStore } from '@parley/ports/personal-store';
import { loadTarget } from '../message/target.ts';

export interface ThreadEntry {
  readonly asOf: Seq;
  readonly thread: Seq | undefined;
  /** The author of the message. */
  readonly sender: UserId;
  /** It is a new message, and its author follows from here on. */
  readonly writes: boolean;
}

interface Parts {
  readonly messages: MessageStore;
  readonly personal: PersonalStore;
  readonly conversation: ConversationId;
}

interface Followers {
  readonly before: ReadonlySet<UserId>;
  readonly after: readonly UserId[];
  /** By the entry with which one came to follow; who began the thread did so with the first. */
  readonly since: ReadonlyMap<UserId, Seq>;
}

const NOBODY: readonly UserId[] = [];

export class Audiences {
  readonly #threads: ReadonlyMap<Seq, Followers>;

  private constructor(threads: ReadonlyMap<Seq, Followers>) {
    this.#threads = threads;
  }

  /** The entries in seq order. Stores who follows by them. */
  static async of(parts: Parts, entries: readonly ThreadEntry[]): Promise<Audiences> {
    const threads = new Map<Seq, Followers>();
    for (const { thread } of entries) {
      if (thread === undefined || threads.has(thread)) continue;
      const own = entries.filter((entry) => entry.thread === thread && entry.writes);
      threads.set(thread, await followersOf(parts, thread, own));
    }
    return new Audiences(threads);
  }

  of({ thread, asOf }: ThreadEntry): readonly UserId[] {
    const followers = thread === undefined ? undefined : this.#threads.get(thread);
    if (followers === undefined) return NOBODY;
    const { before, after, since } = followers;
    return after.filter((user) => before.has(user) || (since.get(user) ?? Infinity) <= asOf);
  }
}

async function followersOf(parts: Parts, thread: Seq, written: readonly ThreadEntry[]): Promise<Followers> {
  const { messages, personal, conversation } = parts;
  const before = await personal.followers(conversation, thread);
  const since = new Map<UserId, Seq>();
  if (written.length > 0) {
    const root = await loadTarget(messages, conversation, thread, 0);
    if (root !== undefined) since.set(root.entry.sender, 0);
    for (const { sender, asOf } of written) if (!since.has(sender)) since.set(sender, asOf);
  }
  const known = new Set(before);
  const news = [...since.keys()].filter((user) => !known.has(user));
  if (news.length === 0) return { before: known, after: before, since };
  await personal.follow(
    conversation,
    thread,
    news.map((user) => ({ user, follow: true, by: 'writing' })),
  );
  // Not all of them: some once stopped.
  return { before: known, after: await personal.followers(conversation, thread), since };
}
