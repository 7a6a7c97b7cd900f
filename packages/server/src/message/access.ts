// What a user may read of a conversation, and up to which seq that answer holds.
import type { ConversationId, Seq, UserId } from '@parley/protocol/ids';
import type { Membership, MemberStore } from '@parley/ports/member-store';
import type { MessageStore } from '@parley/ports/message-store';
import type { Owners } from './owners.ts';

export interface Access {
  /** Seqs after this one. */
  readonly visibleAfter: Seq;
  /** Up to this one: the head as of which the membership was looked up, or the entry that ended it. */
  readonly until: Seq;
  readonly removed: boolean;
  /** How many members there are, where that is in memory. */
  readonly members: number | undefined;
}

export class AccessRules {
  readonly #owners: Owners;
  readonly #messages: MessageStore;
  readonly #members: MemberStore;

  constructor(parts: { owners: Owners; messages: MessageStore; members: MemberStore }) {
    this.#owners = parts.owners;
    this.#messages = parts.messages;
    this.#members = parts.members;
  }

  /** From memory: `unknown` when the conversation is not there. */
  peek(conversation: ConversationId, user: UserId): Access | 'none' | 'unknown' {
    const loaded = this.#owners.loaded(conversation);
    if (loaded === undefined) return 'unknown';
    const row = loaded.roster.get(user);
    return row === undefined ? 'none' : accessOf(row, loaded.head, loaded.roster.active.length);
  }

  /**
   * Undefined for one who never was a member. The head is read before the membership: an entry that ends one is
   * alone in its append and its effects come before the next, so up to that head the row tells the truth.
   */
  async of(conversation: ConversationId, user: UserId): Promise<Access | undefined> {
    const known = this.peek(conversation, user);
    if (known !== 'unknown') return known === 'none' ? undefined : known;
    const { head } = await this.#messages.state(conversation);
    const found = await this.#members.membership(conversation, user);
    if (found === undefined) return undefined;
    return accessOf(found.membership, head, found.conversation.kind === 'direct' ? 2 : undefined);
  }
}

function accessOf(row: Membership, head: Seq, members: number | undefined): Access {
  const { visibleAfter, leftSeq } = row;
  return { visibleAfter, until: leftSeq ?? head, removed: leftSeq !== undefined, members };
}
