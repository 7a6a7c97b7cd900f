// "Is writing", said at most once in a while, however often the app says it.
import { TYPING_INTERVAL_MS, TYPING_SHOWN_MS } from '@parley/protocol/limits';
import type { Calls } from './calls.ts';
import { TYPING_REMEMBERED_MAX_COUNT } from './client-limits.ts';
import type { Clock } from './environment.ts';

export class TypingSignals {
  readonly #calls: Calls;
  readonly #clock: Clock;
  /** When it was last said, by conversation, the oldest first; `shown` until it is taken back. */
  readonly #said = new Map<string, { at: number; shown: boolean }>();

  constructor(options: { calls: Calls; clock: Clock }) {
    this.#calls = options.calls;
    this.#clock = options.clock;
  }

  /** Throws a ParleyError where the id cannot be one. */
  say(conversation_id: string, stopped: boolean): void {
    const now = this.#clock.monotonic();
    const last = this.#said.get(conversation_id);
    if (stopped) {
      // What nobody is shown any more need not be taken back.
      if (last === undefined || !last.shown || now - last.at >= TYPING_SHOWN_MS) return;
      last.shown = false;
      this.#calls.tell({ type: 'typing', conversation_id, stopped: true });
      return;
    }
    if (last !== undefined && now - last.at < TYPING_INTERVAL_MS) return;
    if (this.#calls.tell({ type: 'typing', conversation_id })) this.#remember(conversation_id, now);
  }

  #remember(conversation_id: string, at: number): void {
    this.#said.delete(conversation_id);
    this.#said.set(conversation_id, { at, shown: true });
    const [oldest] = this.#said.keys();
    if (this.#said.size > TYPING_REMEMBERED_MAX_COUNT && oldest !== undefined) this.#said.delete(oldest);
  }
}
