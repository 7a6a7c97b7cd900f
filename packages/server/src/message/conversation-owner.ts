// The one writer of a conversation: claims its log, then checks, numbers, stores, does the effects, answers, announces.
import type { ConversationId, Seq, UserId } from '@parley/protocol/ids';
import type { NewEntry, StoredEntry, Token } from '@parley/ports/message-store';
import type { Roster } from '../group/roster.ts';
import { appendDurably, type Decided } from './durable-append.ts';
import { Batch } from './batch.ts';
import { fillBatch, fillWithJoins } from './fill-batch.ts';
import { Joins } from './joins.ts';
import { doPersonalEffects } from '../reading/personal-effects.ts';
import { OWNER_QUEUE_MAX_COUNT, OWNER_QUEUE_PER_SENDER_MAX_COUNT } from './limits.ts';
import { loadConversation } from './load-conversation.ts';
import { doMessageEffects } from './message-effects.ts';
import { changedBy, everyone, isLarge } from './news.ts';
import type { OwnerContext } from './owner-context.ts';
import { noteSent } from './sending-rules.ts';
import { endAll, size, STORAGE_FULL, UNAVAILABLE, UNKNOWN, type Submission } from './submission.ts';

export interface Loaded {
  readonly kind: 'ready';
  readonly token: Token;
  /** Committed, and with its effects complete. */
  head: Seq;
  /** The time of the last entry: times never run backwards within a log. */
  lastAt: number;
  readonly roster: Roster;
  /** Who may not write: in a direct conversation, whom the other one blocks. */
  blocked: readonly UserId[];
  /** When members of a group in slow mode last sent, of those who did since it was loaded. */
  lastSent?: Map<UserId, number> | undefined;
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
  /** There only once somebody joined: most conversations have no way in. */
  #joins: Joins | undefined;
  #state: State = { kind: 'unloaded' };
  #queued = 0;
  /** Of these, by sender. There only while something waits: most conversations are silent. */
  #queuedBy: Map<UserId, number> | undefined;
  #running = false;
  /** A block was made or lifted while the conversation was being loaded: it may have been read before that. */
  #blocksChanged = false;
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
    return !this.#running && this.#joinsCount === 0;
  }

  get lost(): boolean {
    return this.#state.kind === 'lost';
  }

  /** In a direct conversation one of the two blocks the other, or does so no more: what is submitted now is to know. */
  blockChanged(sender: UserId, blocked: boolean): void {
    const { loaded } = this;
    this.#blocksChanged = true;
    if (loaded === undefined) return;
    const others = loaded.blocked.filter((user) => user !== sender);
    loaded.blocked = blocked ? [...others, sender] : others;
  }

  /** Takes a submission in order of arrival. Its `done` is called exactly once, later. */
  submit(submission: Submission): void {
    this.lastUsedMs = this.#context.clock.monotonic();
    if (this.lost || !this.#hasRoom(submission, size(submission))) {
      endAll(submission, UNAVAILABLE);
      return;
    }
    submission.acceptedAt = this.#context.clock.now();
    if (submission.kind === 'join') this.#joinsOf().add(submission);
    else this.#queue.push(submission);
    this.#count(submission, size(submission));
    this.#wake();
  }

  #joinsOf(): Joins {
    return (this.#joins ??= new Joins(this.#context.timers, () => this.#wake()));
  }

  get #joinsCount(): number {
    return this.#joins?.count ?? 0;
  }

  #wake(): void {
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
      // Asked and left in one turn: what is submitted after that finds nothing running, and begins anew.
      while (loaded !== undefined && !this.lost && this.#hasWork(loaded)) {
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

  #hasWork(loaded: Loaded): boolean {
    return this.#queue.length > 0 || this.#joinsAreDue(loaded);
  }

  #joinsAreDue({ roster }: Loaded): boolean {
    return this.#joins?.areDue(isLarge(roster, this.#context.largeGroupMembers)) ?? false;
  }

  /** Those who join go first, and in a small group wait for nobody. */
  async #nextBatch(loaded: Loaded): Promise<Batch> {
    const joins = this.#joinsAreDue(loaded) ? this.#joins?.take() : undefined;
    const batch = new Batch();
    try {
      if (joins !== undefined) fillWithJoins(batch, joins, loaded, this.#context, this.conversation);
      else await fillBatch(batch, this.#queue, loaded, this.#context, this.conversation);
    } catch (error) {
      batch.abandon(UNAVAILABLE);
      throw error;
    }
    for (const submission of batch.taken) this.#count(submission, -size(submission));
    return batch;
  }

  async #load(): Promise<Loaded | undefined> {
    let loaded: Loaded | undefined;
    do {
      this.#blocksChanged = false;
      loaded = await loadConversation(this.conversation, this.#context);
    } while (this.#blocksChanged);
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
    const durableAt = this.#context.clock.now();
    const first = loaded.head + 1;
    const placed = entries.map((entry, index): StoredEntry => ({
      ...entry,
      from: first + index,
      seq: first + index,
    }));
    const last = placed.at(-1) as StoredEntry;
    const changes = placed.flatMap((entry) => loaded.roster.apply(entry) ?? []);
    const { roster } = loaded;
    // A removed member's devices learn of the removal as well.
    const changed = changedBy(changes);
    const large = isLarge(roster, this.#context.largeGroupMembers);
    // Should an effect fail, the entries are durable and nobody is told `ok`: the next claim redoes the effects.
    if (changes.length > 0) await this.#context.members.apply(this.conversation, changes);
    const effects = { ...this.#effects, entries: placed };
    await doPersonalEffects(effects);
    await doMessageEffects(effects);
    await this.#context.queue.advance(
      this.conversation,
      last.seq,
      large ? changed : everyone(roster, changed),
    );
    loaded.head = last.seq;
    loaded.lastAt = last.at;
    noteSent(loaded, placed);
    batch.stored(placed);
    this.#context.announce({ conversation: this.conversation, entries: placed, roster, changed });
    this.#remember(batch, placed, durableAt);
  }

  get #effects() {
    const { messages, personal } = this.#context;
    return { messages, personal, conversation: this.conversation };
  }

  #remember(batch: Batch, entries: readonly StoredEntry[], durableAt: number): void {
    const { clock, timelines } = this.#context;
    const fannedOutAt = clock.now();
    const { acceptedAt } = batch;
    entries.forEach(({ messageId }, index) =>
      timelines.record(messageId, { acceptedAt: acceptedAt[index] ?? durableAt, durableAt, fannedOutAt }),
    );
  }

  #lose(): void {
    this.#state = { kind: 'lost' };
  }

  #endQueue(): void {
    const joins = this.#joins?.takeAll() ?? [];
    for (const submission of [...this.#queue.splice(0), ...joins]) endAll(submission, UNAVAILABLE);
    this.#clearQueue();
  }

  #clearQueue(): void {
    this.#queue = [];
    if (this.#joinsCount > 0) return;
    this.#queuedBy = undefined;
    this.#queued = 0;
  }
}
