// A store in memory: survives reconnects and a new client in the same process, not the process.
import type { ClientMsgId, ConversationId, Seq } from '@parley/protocol/ids';
import type { ClientStore, Cursor, PendingSend, StoredState, StoreOwner } from './client-store.ts';

export class MemoryClientStore implements ClientStore {
  #owner: StoreOwner | undefined;
  readonly #cursors = new Map<ConversationId, Seq>();
  readonly #pending = new Map<ClientMsgId, PendingSend>();
  #hidden = 0;

  load(): StoredState {
    const cursors = [...this.#cursors].map(([conversation_id, seq]) => ({ conversation_id, seq }));
    return { owner: this.#owner, cursors, pending: [...this.#pending.values()], hidden: this.#hidden };
  }

  savePending(sends: readonly PendingSend[]): void {
    for (const send of sends) this.#pending.set(send.client_msg_id, send);
  }

  removePending(ids: readonly ClientMsgId[]): void {
    for (const id of ids) this.#pending.delete(id);
  }

  saveCursors(cursors: readonly Cursor[]): void {
    for (const { conversation_id, seq } of cursors) this.#cursors.set(conversation_id, seq);
  }

  saveHidden(number: number): void {
    this.#hidden = number;
  }

  reset(owner: StoreOwner): void {
    this.#owner = owner;
    this.#hidden = 0;
    this.#cursors.clear();
  }
}
