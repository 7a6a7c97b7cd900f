// Large groups that other nodes own: their entries are read once here, folded, and told to the members on this node.
import type { ConversationId, Seq } from '@parley/protocol/ids';
import type { Log } from '@parley/ports/log';
import type { ConversationRecord, Members, MemberStore } from '@parley/ports/member-store';
import type { MessageStore, StoredEntry } from '@parley/ports/message-store';
import type { NodeBus } from '@parley/ports/node-bus';
import type { LiveSessions } from '../connection/live-sessions.ts';
import type { Viewers } from '../connection/viewers.ts';
import { Roster } from '../group/roster.ts';
import { encodePush } from '../message/entry-encoding.ts';
import type { LargeGroups } from '../message/large-groups.ts';
import {
  FOLLOWED_ENTRIES_MAX_COUNT,
  FOLLOWED_GROUPS_MAX_COUNT,
  FOLLOWED_MEMBERS_MAX_COUNT,
  FOLLOWED_PAGE_MAX_BYTES,
  FOLLOWED_PAGE_MAX_COUNT,
} from './delivery-limits.ts';
import { decodeMoved, type GroupMoved } from './group-message.ts';
import { LARGE_GROUPS_TOPIC } from './topics.ts';

export interface FollowedGroupsParts {
  readonly node: string;
  readonly bus: NodeBus;
  readonly messages: MessageStore;
  readonly members: MemberStore;
  readonly sessions: LiveSessions;
  readonly viewers: Viewers;
  readonly largeGroups: LargeGroups;
  readonly log: Log;
}

interface Followed {
  /** Undefined before the first read, and after one failed. */
  state: { readonly roster: Roster; seq: Seq } | undefined;
  /** The last announced: everything up to it is read before the group is at rest again. */
  head: Seq;
  reading: boolean;
}

export class FollowedGroups implements Disposable {
  readonly #parts: FollowedGroupsParts;
  readonly #subscription: Disposable;
  /** In the order of their last news. */
  readonly #groups = new Map<ConversationId, Followed>();

  constructor(parts: FollowedGroupsParts) {
    this.#parts = parts;
    this.#subscription = parts.bus.subscribe(LARGE_GROUPS_TOPIC, (payload) => {
      const moved = decodeMoved(payload);
      if (moved !== undefined && moved.from !== parts.node) this.#moved(moved);
    });
  }

  get size(): number {
    return this.#groups.size;
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
    this.#groups.clear();
  }

  #moved(moved: GroupMoved): void {
    const { conversation, head } = moved;
    if (this.#parts.sessions.userCount === 0) return;
    const present = this.#groups.get(conversation);
    const group: Followed = present ?? { state: undefined, head: 0, reading: false };
    group.head = Math.max(group.head, head);
    this.#groups.delete(conversation);
    this.#groups.set(conversation, group);
    if (group.reading) return;
    group.reading = true;
    void this.#read(moved, group); // never rejects
  }

  async #read({ conversation, first }: GroupMoved, group: Followed): Promise<void> {
    try {
      if (group.state === undefined) {
        group.state = await this.#load(conversation, first);
        this.#forgetOldest();
      }
      while (group.state !== undefined && group.state.seq < group.head) {
        if (group.head - group.state.seq > FOLLOWED_ENTRIES_MAX_COUNT) {
          // Too much to be pushed: those who view it learn of the head as the others do.
          group.state = await this.#load(conversation, group.head);
          if (group.state === undefined) break;
        }
        if (!(await this.#page(conversation, group.state, group.head))) break;
      }
    } catch (error) {
      // They look for themselves once a minute.
      group.state = undefined;
      this.#parts.log.warn({ conversation, error }, 'the entries of a large group could not be read');
    }
    group.reading = false;
    if (group.state === undefined) this.#groups.delete(conversation);
  }

  /** Who was a member before an entry that is new here; the projection may be ahead of it. */
  async #load(conversation: ConversationId, first: Seq): Promise<Followed['state']> {
    const { members } = this.#parts;
    const record = await members.conversation(conversation);
    if (record === undefined) return undefined;
    const { asOf, rows } = await members.members(conversation);
    // What ended or began after `first` is in the rows already: folded again it would come undone.
    return { roster: new RosterSince(record, { asOf, rows }), seq: Math.max(0, first - 1) };
  }

  /** False where there is nothing more to read. Folded before it is told: a removed member gets nothing after that. */
  async #page(conversation: ConversationId, state: { roster: Roster; seq: Seq }, to: Seq): Promise<boolean> {
    const { messages, largeGroups } = this.#parts;
    const { entries } = await messages.read({
      conversation,
      after: state.seq,
      to,
      limit: FOLLOWED_PAGE_MAX_COUNT,
      maxBytes: FOLLOWED_PAGE_MAX_BYTES,
    });
    const last = entries.at(-1);
    if (last === undefined) return false;
    const { roster } = state;
    for (const entry of entries) roster.apply(entry);
    state.seq = last.seq;
    this.#push(conversation, entries, roster);
    largeGroups.moved(conversation, roster, last.seq);
    return true;
  }

  /** To those who view the group. The roster may know of members who came later than some of the entries. */
  #push(conversation: ConversationId, entries: readonly StoredEntry[], roster: Roster): void {
    const frame = encodePush(conversation, entries);
    const first = entries[0]?.seq ?? 0;
    for (const session of this.#parts.viewers.of(conversation).keys()) {
      const { user } = session;
      const row = roster.get(user);
      if (row === undefined || row.leftSeq !== undefined) continue;
      // These the owner pushed already.
      if (entries.every((entry) => entry.sender === user)) continue;
      if (row.visibleAfter < first) {
        session.push(frame);
        continue;
      }
      const visible = entries.filter((entry) => entry.seq > row.visibleAfter);
      if (visible.length > 0) session.push(encodePush(conversation, visible));
    }
  }

  #forgetOldest(): void {
    let memberCount = 0;
    for (const { state } of this.#groups.values()) memberCount += state?.roster.active.length ?? 0;
    for (const [conversation, { state, reading }] of this.#groups) {
      if (this.#groups.size <= FOLLOWED_GROUPS_MAX_COUNT && memberCount <= FOLLOWED_MEMBERS_MAX_COUNT) return;
      if (reading) continue;
      memberCount -= state?.roster.active.length ?? 0;
      this.#groups.delete(conversation);
    }
  }
}

/** A roster that knows of the log up to `asOf` from the projection, and folds only what comes after. */
class RosterSince extends Roster {
  readonly #asOf: Seq;

  constructor(record: ConversationRecord, members: Members) {
    super(record, members);
    this.#asOf = members.asOf;
  }

  override apply(entry: Pick<StoredEntry, 'kind' | 'seq' | 'sender' | 'body'>): ReturnType<Roster['apply']> {
    return entry.seq <= this.#asOf ? undefined : super.apply(entry);
  }
}
