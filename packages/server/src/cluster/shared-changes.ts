// Tells every other node what it must not go on without, until it answers or its lease has ended.
import type { ConnectionRegistry } from '@parley/ports/connection-registry';
import type { LeaseStore } from '@parley/ports/lease-store';
import type { Log } from '@parley/ports/log';
import type { NodeBus } from '@parley/ports/node-bus';
import type { Timers } from '@parley/ports/timers';
import { decodeChange, encodeChange, type SharedChange } from './change-message.ts';
import { TELL_TRIES_MAX_COUNT, TELL_TRY_MS, TELL_WAIT_MAX_MS, TELLS_MAX_COUNT } from './delivery-limits.ts';
import { changesTopic } from './topics.ts';
import { within } from './within.ts';

export interface SharedChangesParts {
  readonly node: string;
  readonly bus: NodeBus;
  readonly leases: Pick<LeaseStore, 'nodes'>;
  readonly registry: Pick<ConnectionRegistry, 'nodes'>;
  readonly timers: Timers;
  readonly log: Log;
  /** Carries out what another node changed. Doing it again does no harm. Must not throw. */
  readonly onChange: (change: SharedChange) => void;
}

export class SharedChanges implements Disposable {
  readonly #parts: SharedChangesParts;
  readonly #answering: Disposable;
  #telling = 0;
  #stopped = false;

  constructor(parts: SharedChangesParts) {
    this.#parts = parts;
    this.#answering = parts.bus.answer(changesTopic(parts.node), (payload) => {
      const change = decodeChange(payload);
      if (change !== undefined) parts.onChange(change);
      return Promise.resolve('');
    });
  }

  /**
   * Resolves when all know, and after TELL_WAIT_MAX_MS at the latest: it goes on then, for as long as a node that died
   * without a word is listed. Never rejects.
   */
  async tell(change: SharedChange): Promise<void> {
    const { timers } = this.#parts;
    if (this.#telling >= TELLS_MAX_COUNT) return this.#tell(change, 1);
    this.#telling += 1;
    const all = this.#tell(change, TELL_TRIES_MAX_COUNT).finally(() => (this.#telling -= 1));
    await within(timers, TELL_WAIT_MAX_MS, all).catch(() => undefined);
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    this.#answering[Symbol.dispose]();
  }

  /** Never rejects. */
  async #tell(change: SharedChange, triesMaxCount: number): Promise<void> {
    const { node, log } = this.#parts;
    const payload = encodeChange(change);
    const told = new Set([node]);
    for (let tries = 0; tries < triesMaxCount && !this.#stopped; tries += 1) {
      try {
        const left = (await this.#nodes()).filter((other) => !told.has(other));
        if (left.length === 0) return;
        const answered = await Promise.all(left.map((other) => this.#ask(other, payload)));
        for (const [index, other] of left.entries()) if (answered[index] === true) told.add(other);
        if (left.every((other) => told.has(other))) return;
      } catch (error) {
        log.warn(
          { change: change.kind, error },
          'the other nodes could not be told of a change; trying again',
        );
      }
      await this.#pause();
    }
    log.warn({ change: change.kind }, 'a change may not be known to every node');
  }

  /** Those that own something and those that hold sessions: one that is going does only the latter. */
  async #nodes(): Promise<readonly string[]> {
    const { leases, registry, timers } = this.#parts;
    const [owning, holding] = await Promise.all([
      within(timers, TELL_TRY_MS, leases.nodes()),
      within(timers, TELL_TRY_MS, registry.nodes()).catch(() => []),
    ]);
    return [...new Set([...owning.map((row) => row.node), ...holding])];
  }

  /** A node that is not there is unanswered at once: the next try waits for its time all the same. */
  async #ask(node: string, payload: string): Promise<boolean> {
    const outcome = await this.#parts.bus.request(changesTopic(node), payload, TELL_TRY_MS);
    return outcome.kind === 'answered';
  }

  #pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#parts.timers.after(TELL_TRY_MS, resolve);
    return promise;
  }
}
