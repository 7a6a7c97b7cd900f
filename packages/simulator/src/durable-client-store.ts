// The disk of one installation of the app: survives its process; a dead process writes nothing any more.
import type { ClientStore, Cursor, PendingSend, StoredState, StoreOwner } from '@parley/client';
import type { ClientMsgId, ConversationId, Seq } from '@parley/protocol/ids';
import type { Timers } from '@parley/ports/timers';
import type { Chance } from './chance.ts';

export interface ProcessLife {
  readonly alive: boolean;
}

const WRITE_MAX_MS = 30;

export class DurableClientStore {
  readonly #timers: Timers;
  readonly #chance: Chance;
  #owner: StoreOwner | undefined;
  readonly #cursors = new Map<ConversationId, Seq>();
  readonly #pending = new Map<ClientMsgId, PendingSend>();
  /** Every send that was ever kept here. */
  readonly kept = new Set<string>();

  constructor(parts: { timers: Timers; chance: Chance }) {
    this.#timers = parts.timers;
    this.#chance = parts.chance;
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  open(life: ProcessLife): ClientStore {
    const write = async (work: () => void): Promise<void> => {
      await this.#pause(life);
      work();
      await this.#pause(life);
    };
    return {
      load: (): StoredState => {
        const cursors = [...this.#cursors].map(([conversation_id, seq]) => ({ conversation_id, seq }));
        return { owner: this.#owner, cursors, pending: [...this.#pending.values()] };
      },
      savePending: (sends: readonly PendingSend[]) =>
        write(() => {
          for (const send of sends) {
            this.#pending.set(send.client_msg_id, send);
            this.kept.add(send.client_msg_id);
          }
        }),
      removePending: (ids: readonly ClientMsgId[]) =>
        write(() => {
          for (const id of ids) this.#pending.delete(id);
        }),
      saveCursors: (cursors: readonly Cursor[]) =>
        write(() => {
          for (const { conversation_id, seq } of cursors) this.#cursors.set(conversation_id, seq);
        }),
      reset: (owner: StoreOwner) =>
        write(() => {
          this.#owner = owner;
          this.#cursors.clear();
        }),
    };
  }

  /** Half of the calls take no time. What a dead process waits for never comes. */
  async #pause(life: ProcessLife): Promise<void> {
    if (this.#chance.happens(0.5)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#timers.after(this.#chance.between(0, WRITE_MAX_MS), resolve);
      await promise;
    }
    if (!life.alive) await Promise.withResolvers<void>().promise;
  }
}
