// The conversations that this node has in memory, by id, bounded: idle ones are forgotten and loaded again.
import type { ConversationId, Seq, UserId } from '@parley/protocol/ids';
import { ConversationOwner, type Loaded } from './conversation-owner.ts';
import { OWNER_IDLE_MAX_MS, OWNERS_FORGOTTEN_AT_ONCE_MAX_COUNT, OWNERS_MAX_COUNT } from './limits.ts';
import type { OwnerContext } from './owner-context.ts';

export class Owners {
  readonly #context: OwnerContext;
  /** In the order of their last use. */
  readonly #byConversation = new Map<ConversationId, ConversationOwner>();

  constructor(context: OwnerContext) {
    this.#context = context;
  }

  /** The owner to submit to; a lost one is replaced. */
  of(conversation: ConversationId): ConversationOwner {
    const present = this.#byConversation.get(conversation);
    if (present !== undefined) this.#byConversation.delete(conversation);
    else if (this.#byConversation.size >= OWNERS_MAX_COUNT) this.#forgetOldest();
    const owner = present?.lost === false ? present : new ConversationOwner(conversation, this.#context);
    this.#byConversation.set(conversation, owner);
    return owner;
  }

  /** Whether this node is the one to submit to. */
  owns(conversation: ConversationId): boolean {
    return this.#context.here?.owns(conversation) ?? true;
  }

  /** The committed state of a conversation that is in memory. */
  loaded(conversation: ConversationId): Loaded | undefined {
    if (this.#context.here?.trusts(conversation) === false) return undefined;
    return this.#byConversation.get(conversation)?.loaded;
  }

  /** Tells the owner, where there is one. */
  blockChanged(conversation: ConversationId, sender: UserId, blocked: boolean): void {
    this.#byConversation.get(conversation)?.blockChanged(sender, blocked);
  }

  /** The store is ahead of what stands here and nothing is under way: another node writes, and this state is stale. */
  sawHead(conversation: ConversationId, head: Seq): void {
    const owner = this.#byConversation.get(conversation);
    if (owner?.idle && (owner.loaded?.head ?? head) < head) this.#byConversation.delete(conversation);
  }

  /** Forgets what was idle for longer. */
  sweep(idleMs = OWNER_IDLE_MAX_MS): void {
    const before = this.#context.clock.monotonic() - idleMs;
    for (const [conversation, owner] of this.#byConversation) {
      if (owner.lastUsedMs > before) return;
      if (owner.idle) this.#byConversation.delete(conversation);
    }
  }

  /** One that was written to and is another node's. Whatever comes too late for this is fenced. */
  drop(conversation: ConversationId): void {
    this.#byConversation.delete(conversation);
  }

  /** Drops what is in memory of these; false while something of them is being stored. */
  forget(which: (conversation: ConversationId) => boolean): boolean {
    let isGone = true;
    for (const [conversation, owner] of this.#byConversation) {
      if (!which(conversation)) continue;
      if (owner.idle) this.#byConversation.delete(conversation);
      else isGone = false;
    }
    return isGone;
  }

  get size(): number {
    return this.#byConversation.size;
  }

  /** Looks at few, whatever there is: those that are busy go to the end, so that the next time looks at others. */
  #forgetOldest(): void {
    let looked = 0;
    for (const [conversation, owner] of this.#byConversation) {
      if ((looked += 1) > OWNERS_FORGOTTEN_AT_ONCE_MAX_COUNT) return;
      this.#byConversation.delete(conversation);
      if (!owner.idle) this.#byConversation.set(conversation, owner);
    }
  }

  /** True when nothing is being stored. */
  get idle(): boolean {
    for (const owner of this.#byConversation.values()) if (!owner.idle) return false;
    return true;
  }
}
