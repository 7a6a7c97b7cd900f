// How far each device has got: checked at once, stored every few seconds. Marks never move back.
import { fault, type Fault } from '@parley/protocol/error-code';
import type { ConversationId, DeviceId, Seq, UserId } from '@parley/protocol/ids';
import type { Log } from '@parley/ports/log';
import type { OfflineQueue } from '@parley/ports/offline-queue';
import type { Timer, Timers } from '@parley/ports/timers';
import type { Access, AccessRules } from './access.ts';
import { MARKS_FLUSH_INTERVAL_MS, MARKS_PENDING_MAX_COUNT } from './limits.ts';

interface DeviceMarks {
  readonly user: UserId;
  readonly marks: Map<ConversationId, Seq>;
}

export class ReceivedMarks {
  readonly #queue: OfflineQueue;
  readonly #access: AccessRules;
  readonly #timers: Timers;
  readonly #log: Log;
  #pending = new Map<DeviceId, DeviceMarks>();
  #count = 0;
  #timer: Timer | undefined;

  constructor(parts: { queue: OfflineQueue; access: AccessRules; timers: Timers; log: Log }) {
    this.#queue = parts.queue;
    this.#access = parts.access;
    this.#timers = parts.timers;
    this.#log = parts.log;
  }

  /** Takes one mark, or says why not. Synchronous when the conversation is in memory, as it is while people chat. */
  mark(user: UserId, device: DeviceId, conversation: ConversationId, seq: Seq): Fault | undefined | Promise<Fault | undefined> {
    const known = this.#access.peek(conversation, user);
    if (known !== 'unknown') return this.#check(user, device, conversation, seq, known === 'none' ? undefined : known);
    return this.#access
      .of(conversation, user)
      .then((access) => this.#check(user, device, conversation, seq, access))
      .catch(() => fault('unavailable', 'The server could not check this mark now.'));
  }

  /** What the device received, also what is not stored yet. */
  async of(
    user: UserId,
    device: DeviceId,
    conversations: readonly ConversationId[],
  ): Promise<ReadonlyMap<ConversationId, Seq>> {
    const marks = new Map(await this.#queue.received(user, device, conversations));
    for (const conversation of conversations) {
      const seq = this.#pending.get(device)?.marks.get(conversation);
      if (seq !== undefined) marks.set(conversation, Math.max(seq, marks.get(conversation) ?? 0));
    }
    return marks;
  }

  /** Stores what waits, so that a look at the queue sees it. */
  async flush(device: DeviceId): Promise<void> {
    const waiting = this.#pending.get(device);
    if (waiting === undefined) return;
    this.#pending.delete(device);
    this.#count -= waiting.marks.size;
    await this.#store(device, waiting);
  }

  async flushAll(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    const waiting = this.#pending;
    this.#pending = new Map();
    this.#count = 0;
    await Promise.all([...waiting].map(([device, marks]) => this.#store(device, marks)));
  }

  #check(
    user: UserId,
    device: DeviceId,
    conversation: ConversationId,
    seq: Seq,
    access: Access | undefined,
  ): Fault | undefined {
    if (access === undefined) return fault('not_found', 'There is no such conversation.', { field: 'conversation_id' });
    if (seq > access.until) return fault('invalid_field', 'A mark may not be beyond the head.', { field: 'seq' });
    const waiting = this.#pending.get(device) ?? { user, marks: new Map<ConversationId, Seq>() };
    this.#pending.set(device, waiting);
    const before = waiting.marks.get(conversation);
    if (before === undefined) this.#count += 1;
    waiting.marks.set(conversation, Math.max(seq, before ?? 0));
    if (this.#count >= MARKS_PENDING_MAX_COUNT) this.#flushNow();
    else this.#timer ??= this.#timers.after(MARKS_FLUSH_INTERVAL_MS, () => this.#flushNow());
    return undefined;
  }

  #flushNow(): void {
    // `#store` handles its own failures.
    void this.flushAll();
  }

  async #store(device: DeviceId, { user, marks }: DeviceMarks): Promise<void> {
    try {
      const rows = [...marks].map(([conversation, seq]) => ({ conversation, seq }));
      await this.#queue.markReceived(user, device, rows);
    } catch (error) {
      // A mark that is lost makes a device be offered again what it has: it drops that.
      this.#log.warn({ device, error }, 'received marks were not stored');
    }
  }
}
