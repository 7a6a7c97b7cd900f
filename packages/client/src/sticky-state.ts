// What a session forgets and a client does not: what is on the screen, and that nobody sits before it.
import type { SetPresence } from '@parley/protocol/presence';
import type { Calls } from './calls.ts';
import { errorOf } from './deferred.ts';
import type { ClientEvent } from './event.ts';

export class StickyState {
  readonly #calls: Calls;
  readonly #emit: (event: ClientEvent) => void;
  #presence: SetPresence['state'] = 'online';
  /** Calls without an answer: they are asked again by themselves. */
  #pending = 0;
  #view: readonly string[] = [];

  constructor(options: { calls: Calls; emit: (event: ClientEvent) => void }) {
    this.#calls = options.calls;
    this.#emit = options.emit;
  }

  async setPresence(state: SetPresence['state']): Promise<void> {
    this.#presence = state;
    this.#pending++;
    try {
      await this.#calls.ask({ type: 'set_presence', state }, 'done');
    } finally {
      this.#pending--;
    }
  }

  /** Throws a ParleyError where the list is no good; then the one before stays. */
  view(conversation_ids: readonly string[]): void {
    this.#calls.tell({ type: 'view', conversation_ids });
    this.#view = [...conversation_ids];
  }

  /** A new session knows nothing of this. */
  welcomed(): void {
    if (this.#view.length > 0) this.#calls.tell({ type: 'view', conversation_ids: this.#view });
    if (this.#presence !== 'away' || this.#pending > 0 || !this.#calls.can('set_presence')) return;
    this.setPresence('away').catch((error: unknown) => {
      // A client that was closed has no state any more.
      if (!this.#calls.closed) this.#emit({ kind: 'error', error: errorOf(error) });
    });
  }
}
