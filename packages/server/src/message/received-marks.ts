// How far each device has got: checked at once, stored every few seconds, with the receipts. Marks never move back.
import { fault, type Fault } from '@parley/protocol/error-code';
import type { ConversationId, DeviceId, Seq, UserId } from '@parley/protocol/ids';
import type { Clock } from '@parley/ports/clock';
import type { Log } from '@parley/ports/log';
import type { OfflineQueue } from '@parley/ports/offline-queue';
import type { Timer, Timers } from '@parley/ports/timers';
import type { ReceivedStep } from '../reading/receipts.ts';
import type { Access, AccessRules } from './access.ts';
import {
  MARKS_FLUSH_AT_COUNT,
  MARKS_FLUSH_AT_ONCE_COUNT,
  MARKS_FLUSH_INTERVAL_MS,
  MARKS_PENDING_MAX_COUNT,
} from './limits.ts';
import { UNAVAILABLE } from './submission.ts';

interface DeviceMarks {
  readonly user: UserId;
  readonly marks: Map<ConversationId, ReceivedStep>;
}

/** Stores and tells that a device has what it has [RECEIPT-1]. */
export type RaiseReceived = (user: UserId, device: DeviceId, steps: readonly ReceivedStep[]) => Promise<void>;

interface Mark {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly conversation: ConversationId;
  readonly seq: Seq;
}

type Step = { readonly user: UserId; readonly device: DeviceId; readonly step: ReceivedStep };

export class ReceivedMarks {
  readonly #queue: OfflineQueue;
  readonly #access: AccessRules;
  readonly #isRevoked: (device: DeviceId) => boolean;
  readonly #raise: RaiseReceived;
  readonly #clock: Clock;
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
    raise: RaiseReceived;
    clock: Clock;
    timers: Timers;
    log: Log;
  }) {
    this.#queue = parts.queue;
    this.#access = parts.access;
    this.#isRevoked = parts.isRevoked;
    this.#raise = parts.raise;
    this.#clock = parts.clock;
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
    const devices = [...this.#pending.keys()].values();
    // So many at a time: thousands of calls that wait for one store would be memory that the process keeps for good.
    const next = async () => {
      for (const device of devices) await this.flush(device);
    };
    await Promise.all(Array.from({ length: MARKS_FLUSH_AT_ONCE_COUNT }, next));
    this.#flushing = false;
  }

  #check(mark: Mark, access: Access | undefined): Fault | undefined {
    if (access === undefined)
      return fault('not_found', 'There is no such conversation.', { field: 'conversation_id' });
    if (mark.seq > access.until)
      return fault('invalid_field', 'A mark may not be beyond the head.', { field: 'seq' });
    if (this.#count >= MARKS_PENDING_MAX_COUNT) return UNAVAILABLE;
    const { user, device, conversation, seq } = mark;
    this.#add({ user, device, step: { conversation, seq, at: this.#clock.now(), members: access.members } });
    return undefined;
  }

  #add({ user, device, step }: Step): void {
    const waiting = this.#pending.get(device) ?? { user, marks: new Map<ConversationId, ReceivedStep>() };
    this.#pending.set(device, waiting);
    const before = waiting.marks.get(step.conversation);
    if (before === undefined) this.#count += 1;
    // Of several that wait only the last is stored: its time is at most one interval too late for the others.
    if (before === undefined || step.seq > before.seq) waiting.marks.set(step.conversation, step);
    // Neither rejects.
    if (this.#count >= MARKS_FLUSH_AT_COUNT && !this.#flushing) void this.flushAll();
    else this.#timer ??= this.#timers.after(MARKS_FLUSH_INTERVAL_MS, () => void this.flushAll());
  }

  #unstored(device: DeviceId, conversation: ConversationId): Seq {
    const waiting = this.#pending.get(device)?.marks.get(conversation)?.seq ?? 0;
    return Math.max(waiting, this.#storing.get(device)?.marks.get(conversation)?.seq ?? 0);
  }

  async #store(device: DeviceId, { user, marks }: DeviceMarks): Promise<void> {
    const steps = [...marks.values()];
    const rows = steps.map(({ conversation, seq }) => ({ conversation, seq }));
    // In one commit of the store, as far as it can: what fails of the two is done again with the other.
    const outcomes = await Promise.allSettled([
      this.#queue.markReceived(user, device, rows),
      this.#raise(user, device, steps),
    ]);
    this.#storing.delete(device);
    const failure = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failure === undefined) return;
    this.#log.warn({ device, error: failure.reason }, 'received marks were not stored');
    if (this.#count >= MARKS_PENDING_MAX_COUNT) return;
    for (const step of steps) this.#add({ user, device, step });
  }
}
