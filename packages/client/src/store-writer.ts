// Writes to the app's store, one call at a time; what comes while one is under way goes out together in the next.
import type { ClientMsgId, ConversationId, Seq } from '@parley/protocol/ids';
import type { ClientStore, PendingSend, StoreOwner } from './client-store.ts';
import { deferred, errorOf, type Deferred } from './deferred.ts';
import type { Timer, Timers } from './environment.ts';

/** A store that failed is tried again after this long. */
const STORE_RETRY_MS = 1_000;

export type StoreWriterOptions = { store: ClientStore; timers: Timers; failed: (error: Error) => void };

export class StoreWriter {
  readonly #options: StoreWriterOptions;
  #owner: StoreOwner | undefined;
  #saves: { send: PendingSend; done: Deferred<void> }[] = [];
  readonly #removals = new Set<ClientMsgId>();
  readonly #cursors = new Map<ConversationId, Seq>();
  #hidden: number | undefined;
  #running: Promise<void> | undefined;
  /** Set while a store that failed is left alone. */
  #resting: Timer | undefined;

  constructor(options: StoreWriterOptions) {
    this.#options = options;
  }

  /** Resolves when it is kept; rejects with the store's own error. */
  save(send: PendingSend): Promise<void> {
    const done = deferred<void>();
    // An id that was settled a moment ago is used again: its removal must not take the new one away.
    this.#removals.delete(send.client_msg_id);
    this.#saves.push({ send, done });
    this.#start();
    return done.promise;
  }

  remove(id: ClientMsgId): void {
    this.#removals.add(id);
    this.#start();
  }

  moveCursor(conversation_id: ConversationId, seq: Seq): void {
    this.#cursors.set(conversation_id, seq);
    this.#start();
  }

  moveHidden(number: number): void {
    if (this.#options.store.saveHidden === undefined) return;
    this.#hidden = number;
    this.#start();
  }

  /** Forgets every cursor: they belonged to other logs. */
  reset(owner: StoreOwner): void {
    this.#owner = owner;
    this.#cursors.clear();
    this.#hidden = undefined;
    this.#start();
  }

  /** Writes what is left, without another try where the store fails. */
  async close(): Promise<void> {
    await this.#running;
    this.#resting?.cancel();
  }

  get #hasWork(): boolean {
    const { size } = this.#cursors;
    const isMoved = size > 0 || this.#hidden !== undefined;
    return isMoved || this.#owner !== undefined || this.#saves.length > 0 || this.#removals.size > 0;
  }

  #start(): void {
    if (this.#running !== undefined || (this.#resting !== undefined && this.#saves.length === 0)) return;
    // #run catches what the store throws.
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      if (this.#hasWork) this.#start();
    });
  }

  async #run(): Promise<void> {
    while (this.#hasWork && !(this.#resting !== undefined && this.#saves.length === 0)) {
      await this.#writeSaves();
      try {
        if (this.#resting === undefined) await this.#writeRest();
      } catch (error) {
        this.#rest(errorOf(error));
      }
    }
  }

  async #writeSaves(): Promise<void> {
    const saves = this.#saves;
    if (saves.length === 0) return;
    this.#saves = [];
    try {
      await this.#options.store.savePending(saves.map(({ send }) => send));
      for (const { done } of saves) done.resolve();
    } catch (error) {
      for (const { done } of saves) done.reject(errorOf(error));
    }
  }

  /** One that fails does not keep the others from being written; the first error is thrown when all were tried. */
  async #writeRest(): Promise<void> {
    const failures: unknown[] = [];
    const writes = [
      () => this.#writeOwner(),
      () => this.#writeRemovals(),
      () => this.#writeCursors(),
      () => this.#writeHidden(),
    ];
    for (const write of writes) {
      try {
        await write();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Here and below, everything is taken out only once it is written, so that a failure loses nothing. */
  async #writeOwner(): Promise<void> {
    const owner = this.#owner;
    if (owner === undefined) return;
    await this.#options.store.reset(owner);
    if (this.#owner === owner) this.#owner = undefined;
  }

  async #writeRemovals(): Promise<void> {
    if (this.#removals.size === 0) return;
    const ids = [...this.#removals];
    await this.#options.store.removePending(ids);
    for (const id of ids) this.#removals.delete(id);
  }

  /** Not before the owner is written, which forgets all cursors. */
  async #writeCursors(): Promise<void> {
    if (this.#cursors.size === 0 || this.#owner !== undefined) return;
    const cursors = [...this.#cursors].map(([conversation_id, seq]) => ({ conversation_id, seq }));
    await this.#options.store.saveCursors(cursors);
    for (const { conversation_id, seq } of cursors) {
      if (this.#cursors.get(conversation_id) === seq) this.#cursors.delete(conversation_id);
    }
  }

  async #writeHidden(): Promise<void> {
    const number = this.#hidden;
    if (number === undefined || this.#owner !== undefined) return;
    await this.#options.store.saveHidden?.(number);
    if (this.#hidden === number) this.#hidden = undefined;
  }

  #rest(error: Error): void {
    this.#options.failed(error);
    this.#resting = this.#options.timers.after(STORE_RETRY_MS, () => {
      this.#resting = undefined;
      if (this.#hasWork) this.#start();
    });
  }
}
