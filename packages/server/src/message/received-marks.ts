// How far each device has got: checked at once, stored every few seconds. Marks never move back.
import { fault, type Fault } from '@parley/protocol/error-code';
import type { ConversationId, DeviceId, Seq, UserId } from '@parley/protocol/ids';
import type { Log } from '@parley/ports/log';
import type { OfflineQueue } from '@parley/ports/offline-queue';
import type { Timer, Timers } from '@parley/ports/timers';
import type { Access, AccessRules } from './access.ts';
import { MARKS_FLUSH_AT_COUNT, MARKS_FLUSH_INTERVAL_MS, MARKS_PENDING_MAX_COUNT } from './limits.ts';
import { UNAVAILABLE } from './submission.ts';

interface DeviceMarks {
  readonly user: UserId;
  readonly marks: Map<ConversationId, Seq>;
}

interface Mark {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly conversation: ConversationId;
  readonly seq: Seq;
}

export class ReceivedMarks {
  readonly #queue: OfflineQueue;
  readonly #access: AccessRules;
  readonly #isRevoked: (device: DeviceId) => boolean;
  readonly #timers: Timers;
  readonly #log: Log;
  /** What waits to be stored. */
  readonly #pending = new Map<DeviceId, DeviceMarks>();
  /** What is being stored: one write of a device at a time, and until it is done it counts as not stored. */
  readonly #storing = new Map<DeviceId, DeviceMarks & { readonly done: Promise<void> }>();
  #count = 0;
  #timer: Timer | undefined;
  #flushing = false;

  constructor(parts: {
    queue: OfflineQueue;
    access: AccessRules;
    /** From the moment its sign-out begins: what is stored of the device then would outlive it. */
    isRevoked: (device: DeviceId) => boolean;
    timers: Timers;
    log: Log;
  }) {
    this.#queue = parts.queue;
    this.#access = parts.access;
    this.#isRevoked = parts.isRevoked;
    this.#timers = parts.timers;
    this.#log = parts.log;
  }

  /** Takes one mark, or says why not. Synchronous when the conversation is in memory, as it is while people chat. */
  mark(
    user: UserId,
    device: DeviceId,
    conversation: ConversationId,
    seq: Seq,
  ): Fault | undefined | Promise<Fault | undefined> {
    const mark = { user, device, conversation, seq };
    const known = this.#access.peek(conversation, user);
    if (known !== 'unknown') return this.#check(mark, known === 'none' ? undefined : known);
    return this.#access
      .of(conversation, user)
      .then((access) => this.#check(mark, access))
      .catch(() => UNAVAILABLE);
  }

  /** What the device received, also what is not stored yet. */
  async of(
    user: UserId,
    device: DeviceId,
    conversations: readonly ConversationId[],
  ): Promise<ReadonlyMap<ConversationId, Seq>> {
    // Looked up before the store is asked: what is stored meanwhile is in its answer, or in this.
    const unstored = conversations.map(
      (conversation) => [conversation, this.#unstored(device, conversation)] as const,
    );
    const marks = new Map(await this.#queue.received(user, device, conversations));
    for (const [conversation, seq] of unstored) {
      if (seq > 0) marks.set(conversation, Math.max(seq, marks.get(conversation) ?? 0));
    }
    return marks;
  }

  /** Stores what waits, so that a look at the queue sees it. Never rejects. */
  async flush(device: DeviceId): Promise<void> {
    for (let other = this.#storing.get(device); other !== undefined; other = this.#storing.get(device))
      await other.done;
    const waiting = this.#pending.get(device);
    if (waiting === undefined) return;
    this.#pending.delete(device);
    this.#count -= waiting.marks.size;
    if (this.#isRevoked(device)) return;
    const done = this.#store(device, waiting);
    this.#storing.set(device, { ...waiting, done });
    await done;
  }

  /** Never rejects. */
  async flushAll(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#flushing = true;
    await Promise.all([...this.#pending.keys()].map((device) => this.flush(device)));
    this.#flushing = false;
  }

  #check(mark: Mark, access: Access | undefined): Fault | undefined {
    if (access === undefined)
      return fault('not_found', 'There is no such conversation.', { field: 'conversation_id' });
    if (mark.seq > access.until)
      return fault('invalid_field', 'A mark may not be beyond the head.', { field: 'seq' });
    if (this.#count >= MARKS_PENDING_MAX_COUNT) return UNAVAILABLE;
    this.#add(mark);
    return undefined;
  }

  #add({ user, device, conversation, seq }: Mark): void {
    const waiting = this.#pending.get(device) ?? { user, marks: new Map<ConversationId, Seq>() };
    this.#pending.set(device, waiting);
    const before = waiting.marks.get(conversation);
    if (before === undefined) this.#count += 1;
    waiting.marks.set(conversation, Math.max(seq, before ?? 0));
    // Neither rejects.
    if (this.#count >= MARKS_FLUSH_AT_COUNT && !this.#flushing) void this.flushAll();
    else this.#timer ??= this.#timers.after(MARKS_FLUSH_INTERVAL_MS, () => void this.flushAll());
  }

  #unstored(device: DeviceId, conversation: ConversationId): Seq {
    const waiting = this.#pending.get(device)?.marks.get(conversation) ?? 0;
    return Math.max(waiting, this.#storing.get(device)?.marks.get(conversation) ?? 0);
  }

  async #store(device: DeviceId, { user, marks }: DeviceMarks): Promise<void> {
    const rows = [...marks].map(([conversation, seq]) => ({ conversation, seq }));
    const failure = await this.#queue.markReceived(user, device, rows).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    this.#storing.delete(device);
    if (failure === undefined) return;
    this.#log.warn({ device, ...failure }, 'received marks were not stored');
    if (this.#count >= MARKS_PENDING_MAX_COUNT) return;
    for (const { conversation, seq } of rows) this.#add({ user, device, conversation, seq });
  }
}
