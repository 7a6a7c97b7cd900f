// The conversations that this node has in memory, by id, bounded: idle ones are forgotten and loaded again.
import type { ConversationId, Seq } from '@parley/protocol/ids';
import { ConversationOwner, type Loaded } from './conversation-owner.ts';
import { OWNER_IDLE_MAX_MS, OWNERS_MAX_COUNT } from './limits.ts';
import type { OwnerContext } from './owner-context.ts';

export class Owners {
  readonly #context: OwnerContext;
  readonly #byConversation = new Map<ConversationId, ConversationOwner>();

  constructor(context: OwnerContext) {
    this.#context = context;
  }

  /** The owner to submit to; a lost one is replaced. */
  of(conversation: ConversationId): ConversationOwner {
    const present = this.#byConversation.get(conversation);
    if (present !== undefined && !present.lost) return present;
    if (this.#byConversation.size >= OWNERS_MAX_COUNT) this.sweep(0);
    const owner = new ConversationOwner(conversation, this.#context);
    this.#byConversation.set(conversation, owner);
    return owner;
  }

  /** The committed state of a conversation that is in memory. */
  loaded(conversation: ConversationId): Loaded | undefined {
    return this.#byConversation.get(conversation)?.loaded;
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
      if (owner.idle && owner.lastUsedMs <= before) this.#byConversation.delete(conversation);
    }
  }

  /** True when nothing is being stored. */
  get idle(): boolean {
    for (const owner of this.#byConversation.values()) if (!owner.idle) return false;
    return true;
  }
}
