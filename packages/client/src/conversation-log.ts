// One conversation's log as this client has it: what the app has applied, what waits for the app, what is missing.
import type { Entry, UnknownEntry } from '@parley/protocol/entry';
import type { ConversationId, Seq, UserId } from '@parley/protocol/ids';
import type { HeadRow, Pulled } from '@parley/protocol/log';
import type { AppEntry, ClientEvent } from './event.ts';

type Missing = Extract<ClientEvent, { kind: 'missing' }>;

/** What waits for the app, in order. Each moves the cursor to `to` once it was handed over. */
export type LogItem =
  | { kind: 'entry'; to: Seq; entry: AppEntry }
  | { kind: 'missing'; to: Seq; event: Missing };

export class ConversationLog {
  readonly conversation_id: ConversationId;
  /** The last seq that the app has applied; undefined as long as nothing is known. */
  #cursor: Seq | undefined;
  /** The last seq that was taken in: everything up to it is applied or waits in `#items`. */
  #tail: Seq | undefined;
  #head: Seq = 0;
  /** The highest head heard of since the last pull went out: its answer may be older than that. */
  #headSincePull: Seq = 0;
  readonly #items: LogItem[] = [];
  #removedAt: Seq = 0;
  #removalTold: Seq = 0;
  /** The app was handed something: another client of this device may have taken what comes next. */
  #hasMoved = false;
  /** A new connection is to find out whether this client is short of something that the device has received. */
  active: boolean;
  /** That is being found out: a pull is due, whatever the head that is known. */
  unsure = false;
  /** A pull is out. */
  pulling = false;
  /** A pull failed; another one goes out after a pause. */
  pausing = false;

  constructor(conversation_id: ConversationId, cursor: Seq | undefined) {
    this.conversation_id = conversation_id;
    this.#cursor = cursor;
    this.#tail = cursor;
    this.active = cursor !== undefined;
  }

  get cursor(): Seq | undefined {
    return this.#cursor;
  }

  get tail(): Seq | undefined {
    return this.#tail;
  }

  get waiting(): number {
    return this.#items.length;
  }

  get next(): LogItem | undefined {
    return this.#items[0];
  }

  /** The app has everything that this client knows of. */
  get caughtUp(): boolean {
    return this.#items.length === 0 && this.#tail !== undefined && this.#tail >= this.#head;
  }

  /** There is more on the server than was taken in. */
  get behind(): boolean {
    return this.#head > (this.#tail ?? 0);
  }

  get wantsPull(): boolean {
    return this.behind || this.unsure;
  }

  /**
   * A row of `heads`. Returns false where the server knows less of this device than is true. `received` may be of
   * another client of this device: it says nothing of what this one's app has, so that a cursor of one's own counts.
   */
  row(row: HeadRow): boolean {
    if (this.#tail === undefined) {
      this.#tail = row.received;
      this.#cursor = row.received;
    }
    this.#note(row.head);
    this.#passFloor(row.floor);
    if (row.expired !== undefined) this.#miss(row.expired.to, 'expired', row.expired.before);
    if (row.removed === true) this.#removedAt = Math.max(this.#removedAt, row.head);
    return this.#cursor === undefined || row.received >= this.#cursor;
  }

  /** An entry that was pushed. `room` says whether the app's queue has room for it. */
  push(entry: Entry | UnknownEntry, room: boolean): void {
    this.#note(entry.seq);
    if (this.#tail === undefined || entry.seq <= this.#tail) return;
    if ((entry.from ?? entry.seq) > this.#tail + 1 || !room) return;
    this.#takeEntry(entry);
  }

  pullSent(): void {
    this.pulling = true;
    this.#headSincePull = 0;
  }

  /** The answer to a pull. Returns whether it got us any further. */
  pulled(answer: Pulled): boolean {
    const before = this.#tail;
    if (this.#tail === undefined) {
      this.#tail = answer.after;
      this.#cursor = answer.after;
    }
    this.unsure = false;
    this.active = this.#hasMoved;
    this.#head = Math.max(answer.head, this.#headSincePull);
    this.#passFloor(answer.floor);
    for (const entry of answer.entries) {
      if (entry.seq <= this.#tail) continue;
      // A pull's answer covers everything that still exists: what it jumps over is gone.
      this.#miss((entry.from ?? entry.seq) - 1, 'gone');
      this.#takeEntry(entry, answer.hidden?.includes(entry.seq));
    }
    this.#miss(answer.through, 'gone');
    return this.#tail !== before || !this.behind;
  }

  /** The server refused to be asked for this conversation. */
  giveUp(): void {
    this.#head = this.#tail ?? 0;
    this.unsure = false;
  }

  /** The first item that waits was handed over. Returns the seq of a removal that is to be told now. */
  applied(self: UserId | undefined): Seq | undefined {
    const item = this.#items.shift();
    if (item === undefined) return undefined;
    this.#cursor = item.to;
    this.#hasMoved = true;
    this.active = true;
    if (item.kind === 'entry' && endsMembership(item.entry, self))
      this.#removedAt = Math.max(this.#removedAt, item.to);
    return this.removalToTell();
  }

  /** A removal is told once, after the entry that did it. */
  removalToTell(): Seq | undefined {
    if (this.#removedAt <= this.#removalTold || (this.#cursor ?? 0) < this.#removedAt) return undefined;
    this.#removalTold = this.#removedAt;
    return this.#removedAt;
  }

  #note(head: Seq): void {
    this.#head = Math.max(this.#head, head);
    this.#headSincePull = Math.max(this.#headSincePull, head);
  }

  #passFloor(floor: Seq): void {
    this.#miss(floor, 'gone');
  }

  #miss(to: Seq, reason: Missing['reason'], before?: number): void {
    if (this.#tail === undefined || to <= this.#tail) return;
    const { conversation_id } = this;
    const event: Missing = { kind: 'missing', conversation_id, from: this.#tail + 1, to, reason };
    this.#take({ kind: 'missing', to, event: before === undefined ? event : { ...event, before } });
  }

  #takeEntry(entry: Entry | UnknownEntry, hidden = false): void {
    const { conversation_id } = this;
    const taken: AppEntry = { ...entry, conversation_id, ...(hidden ? { hidden } : {}) };
    this.#take({ kind: 'entry', to: entry.seq, entry: taken });
  }

  #take(item: LogItem): void {
    this.#items.push(item);
    this.#tail = item.to;
  }
}

function endsMembership(entry: AppEntry, self: UserId | undefined): boolean {
  const ends = entry.kind === 'member_removed' || entry.kind === 'member_left';
  return ends && 'user_id' in entry && entry.user_id === self;
}
