// The one writer of a conversation: claims its log, then checks, numbers, stores, does the effects, answers, announces.
import type { ConversationId, Seq, UserId } from '@parley/protocol/ids';
import type { NewEntry, StoredEntry, Token } from '@parley/ports/message-store';
import type { Roster } from '../group/roster.ts';
import { appendDurably, type Decided } from './durable-append.ts';
import { Batch, fillBatch } from './batch.ts';
import { OWNER_QUEUE_MAX_COUNT, OWNER_QUEUE_PER_SENDER_MAX_COUNT } from './limits.ts';
import { loadConversation } from './load-conversation.ts';
import { doMessageEffects } from './message-effects.ts';
import type { OwnerContext } from './owner-context.ts';
import { endAll, size, STORAGE_FULL, UNAVAILABLE, UNKNOWN, type Submission } from './submission.ts';

export interface Loaded {
  readonly kind: 'ready';
  readonly token: Token;
  /** Committed, and with its effects complete. */
  head: Seq;
  /** The time of the last entry: times never run backwards within a log. */
  lastAt: number;
  readonly roster: Roster;
}

type State =
  | { readonly kind: 'unloaded' }
  | Loaded
  /** Another owner has it, or the store failed: an owner in this state is of no use any more. */
  | { readonly kind: 'lost' };

export class ConversationOwner {
  readonly conversation: ConversationId;
  readonly #context: OwnerContext;
  #queue: Submission[] = [];
  #state: State = { kind: 'unloaded' };
  #queued = 0;
  /** Of these, by sender. There only while something waits: most conversations are silent. */
  #queuedBy: Map<UserId, number> | undefined;
  #running = false;
  lastUsedMs: number;

  constructor(conversation: ConversationId, context: OwnerContext) {
    this.conversation = conversation;
    this.#context = context;
    this.lastUsedMs = context.clock.monotonic();
  }

  /** The committed state, where it is in memory. */
  get loaded(): Loaded | undefined {
    return this.#state.kind === 'ready' ? this.#state : undefined;
  }

  get idle(): boolean {
    return !this.#running;
  }

  get lost(): boolean {
    return this.#state.kind === 'lost';
  }

  /** Takes a submission in order of arrival. Its `done` is called exactly once, later. */
  submit(submission: Submission): void {
    this.lastUsedMs = this.#context.clock.monotonic();
    if (this.lost || !this.#hasRoom(submission, size(submission))) {
      endAll(submission, UNAVAILABLE);
      return;
    }
    this.#queue.push(submission);
    this.#count(submission, size(submission));
    if (this.#running) return;
    this.#running = true;
    // What else arrives in this turn of promises shares the first commit. `#run` handles every rejection itself.
    queueMicrotask(() => void this.#run());
  }

  #hasRoom({ sender }: Submission, more: number): boolean {
    const own = this.#queuedBy?.get(sender) ?? 0;
    return this.#queued + more <= OWNER_QUEUE_MAX_COUNT && own + more <= OWNER_QUEUE_PER_SENDER_MAX_COUNT;
  }

  #count({ sender }: Submission, more: number): void {
    this.#queued += more;
    this.#queuedBy ??= new Map();
    this.#queuedBy.set(sender, (this.#queuedBy.get(sender) ?? 0) + more);
  }

  async #run(): Promise<void> {
    try {
      const loaded = this.loaded ?? (await this.#load());
      while (loaded !== undefined && !this.lost && this.#queue.length > 0) {
        await this.#commit(await this.#nextBatch(loaded), loaded);
      }
    } catch (error) {
      this.#context.log.error({ conversation: this.conversation, error }, 'conversation cannot go on');
      this.#lose();
    }
    this.#running = false;
    if (this.lost) this.#endQueue();
    // An emptied array keeps its room, in every conversation that was ever written to.
    else this.#clearQueue();
  }

  async #nextBatch(loaded: Loaded): Promise<Batch> {
    const batch = new Batch();
    try {
      await fillBatch(batch, this.#queue, loaded, this.#context, this.conversation);
    } catch (error) {
      batch.abandon(UNAVAILABLE);
      throw error;
    }
    for (const submission of batch.taken) this.#count(submission, -size(submission));
    return batch;
  }

  async #load(): Promise<Loaded | undefined> {
    const loaded = await loadConversation(this.conversation, this.#context);
    this.#state = loaded ?? { kind: 'lost' };
    return loaded;
  }

  async #commit(batch: Batch, loaded: Loaded): Promise<void> {
    try {
      if (batch.entries.length > 0) await this.#append(batch, loaded);
    } catch (error) {
      this.#context.log.error({ conversation: this.conversation, error }, 'commit failed');
      this.#lose();
      batch.fail(UNKNOWN);
    }
    batch.answer();
  }

  async #append(batch: Batch, loaded: Loaded): Promise<void> {
    const { token, head } = loaded;
    const store = this.#context.messages;
    let entries: readonly NewEntry[] = batch.entries;
    let decided: Decided;
    for (;;) {
      decided = await appendDurably({ store, conversation: this.conversation, token, head, entries });
      if (decided.kind !== 'duplicate') break;
      entries = batch.withoutDuplicates(decided.existing);
      if (entries.length === 0) return;
    }
    switch (decided.kind) {
      case 'applied':
        return this.#applied(batch, entries, loaded);
      case 'refused':
        return batch.fail(decided.reason === 'storage_full' ? STORAGE_FULL : UNAVAILABLE);
      case 'fenced':
        this.#lose();
        return batch.fail(UNAVAILABLE);
      case 'unknown':
        this.#lose();
        return batch.fail(UNKNOWN);
    }
  }

  async #applied(batch: Batch, entries: readonly NewEntry[], loaded: Loaded): Promise<void> {
    const first = loaded.head + 1;
    const placed = entries.map((entry, index): StoredEntry => ({
      ...entry,
      from: first + index,
      seq: first + index,
    }));
    const before = loaded.roster.active;
    const last = placed.at(-1) as StoredEntry;
    const changes = placed.flatMap((entry) => loaded.roster.apply(entry) ?? []);
    const after = loaded.roster.active;
    // A removed member's devices learn of the removal as well: whoever was in it before is told.
    const told = changes.length === 0 || before.length === 0 ? after : [...new Set([...before, ...after])];
    // Should an effect fail, the entries are durable and nobody is told `ok`: the next claim redoes the effects.
    if (changes.length > 0) await this.#context.members.apply(this.conversation, changes);
    const { messages } = this.#context;
    await doMessageEffects({ messages, conversation: this.conversation, entries: placed });
    await this.#context.queue.advance(this.conversation, last.seq, told);
    loaded.head = last.seq;
    loaded.lastAt = last.at;
    batch.stored(placed);
    this.#context.announce(this.conversation, placed, told);
  }

  #lose(): void {
    this.#state = { kind: 'lost' };
  }

  #endQueue(): void {
    for (const submission of this.#queue.splice(0)) endAll(submission, UNAVAILABLE);
    this.#clearQueue();
  }

  #clearQueue(): void {
    this.#queue = [];
    this.#queuedBy = undefined;
    this.#queued = 0;
  }
}
