// Tells the server how far this device has got: at once when a conversation is caught up, else every second.
import type { ConversationId, Seq } from '@parley/protocol/ids';
import { RECEIVED_MARKS_MAX_COUNT } from '@parley/protocol/limits';
import type { Up } from '@parley/protocol/up';
import { MARKS_INTERVAL_MS, MARKS_REMEMBERED_MAX_COUNT } from './client-limits.ts';
import type { EndOfTick } from './end-of-tick.ts';
import type { Timer, Timers } from './environment.ts';

export type ReceivedMarksOptions = {
  timers: Timers;
  endOfTick: EndOfTick;
  /** Whether there is a session that takes frames. */
  online: () => boolean;
  send: (frame: Up) => void;
};

export class ReceivedMarks {
  readonly #options: ReceivedMarksOptions;
  readonly #due = new Map<ConversationId, Seq>();
  /** What went out, the latest last: a refusal does not say which mark it means. */
  readonly #sent = new Map<ConversationId, Seq>();
  readonly #flush = (): void => this.flush();
  #timer: Timer | undefined;

  constructor(options: ReceivedMarksOptions) {
    this.#options = options;
  }

  /** The app has every entry up to `seq`. */
  note(conversation_id: ConversationId, seq: Seq, caughtUp: boolean): void {
    this.#due.set(conversation_id, seq);
    if (caughtUp) this.#options.endOfTick.collect(this.#flush);
    else this.#timer ??= this.#options.timers.after(MARKS_INTERVAL_MS, this.#flush);
  }

  /** Marks that are due stay due while there is no session. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (!this.#options.online()) return;
    const marks = [...this.#due].map(([conversation_id, seq]) => ({ conversation_id, seq }));
    this.#due.clear();
    for (const mark of marks) this.#remember(mark);
    for (let start = 0; start < marks.length; start += RECEIVED_MARKS_MAX_COUNT) {
      this.#options.send({ type: 'received', marks: marks.slice(start, start + RECEIVED_MARKS_MAX_COUNT) });
    }
  }

  /** The server could not take a mark for now: what went out lately goes out once more, which changes nothing else. */
  refused(): void {
    for (const [conversation_id, seq] of this.#sent) {
      if (!this.#due.has(conversation_id)) this.#due.set(conversation_id, seq);
    }
    this.#timer ??= this.#options.timers.after(MARKS_INTERVAL_MS, this.#flush);
  }

  /** The logs are other ones: what was due says nothing of them. */
  clear(): void {
    this.#due.clear();
    this.#sent.clear();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #remember({ conversation_id, seq }: { conversation_id: ConversationId; seq: Seq }): void {
    this.#sent.delete(conversation_id);
    this.#sent.set(conversation_id, seq);
    const [oldest] = this.#sent.keys();
    if (this.#sent.size > MARKS_REMEMBERED_MAX_COUNT && oldest !== undefined) this.#sent.delete(oldest);
  }
}
