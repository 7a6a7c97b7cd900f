// Which nodes live: this one says so every 2 s and reads who else does. Everything that depends on it follows each look.
import type { Clock } from '@parley/ports/clock';
import type { LeaseStore, NodeRow } from '@parley/ports/lease-store';
import type { Log } from '@parley/ports/log';
import type { Timer, Timers } from '@parley/ports/timers';
import { NODE_LEASE_MS, NODES_LOOK_EARLY_MS, NODES_LOOK_INTERVAL_MS } from './limits.ts';

export interface NodeListParts {
  readonly node: string;
  readonly url: string;
  readonly leases: LeaseStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** How many sessions this node holds. */
  readonly sessions: () => number;
}

/** Called after each look with the nodes that live. The next look waits for what it returns; a rejection is logged. */
export type Follow = (rows: readonly NodeRow[], changed: boolean) => void | Promise<void>;

export class NodeList {
  readonly #parts: NodeListParts;
  readonly #startedAt: number;
  readonly #follows: Follow[] = [];
  #rows: readonly NodeRow[] = [];
  #looking: Promise<void> | undefined;
  #again = false;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #early: Timer | undefined;
  #interval: Timer | undefined;
  #state: 'living' | 'left' = 'living';

  constructor(parts: NodeListParts) {
    this.#parts = parts;
    this.#startedAt = parts.clock.now();
  }

  /** Those that lived at the last look. While the store cannot be asked it stays as it was. */
  get live(): readonly NodeRow[] {
    return this.#rows;
  }

  has(node: string): boolean {
    return this.#rows.some((row) => row.node === node);
  }

  /** In the order in which they were told to. */
  follow(call: Follow): void {
    this.#follows.push(call);
  }

  /** Resolves once this node is known to the others. Rejects where the store cannot be reached. */
  async start(): Promise<void> {
    await this.#renew();
    await this.look();
    // `look` does not reject.
    this.#interval = this.#parts.timers.every(NODES_LOOK_INTERVAL_MS, () => void this.look());
  }

  /** Looks now; one that is under way may have passed by what this one is asked for. Never rejects. */
  look(): Promise<void> {
    this.#again = this.#looking !== undefined;
    this.#looking ??= this.#lookOn();
    return this.#looking;
  }

  /** Something is not as it seemed: looks soon, however often it is asked. */
  doubt(): void {
    if (this.#early !== undefined || this.#looking !== undefined) return;
    const { clock, timers } = this.#parts;
    const waitMs = Math.max(0, this.#lookedMs + NODES_LOOK_EARLY_MS - clock.monotonic());
    this.#early = timers.after(waitMs, () => {
      this.#early = undefined;
      // Does not reject.
      void this.look();
    });
  }

  /** The others list it no more; it still reads who lives, until it is stopped. */
  async leave(): Promise<void> {
    this.#state = 'left';
    await this.#looking;
    await this.#parts.leases.leave(this.#parts.node);
  }

  stop(): void {
    this.#interval?.cancel();
    this.#early?.cancel();
  }

  async #lookOn(): Promise<void> {
    do {
      this.#again = false;
      await this.#look();
    } while (this.#again);
    this.#looking = undefined;
    this.#lookedMs = this.#parts.clock.monotonic();
  }

  async #look(): Promise<void> {
    const { leases, log, node } = this.#parts;
    try {
      if (this.#state === 'living') await this.#renew();
      const found = await leases.nodes();
      const rows = this.#isLeft() ? found.filter((row) => row.node !== node) : found;
      const changed = names(rows) !== names(this.#rows);
      this.#rows = rows;
      for (const follow of this.#follows) await follow(rows, changed);
    } catch (error) {
      log.warn({ error }, 'the other nodes could not be looked for');
    }
  }

  #isLeft(): boolean {
    return this.#state === 'left';
  }

  #renew(): Promise<void> {
    const { node, url, leases, sessions } = this.#parts;
    return leases.renew({ node, url, startedAt: this.#startedAt, sessions: sessions() }, NODE_LEASE_MS);
  }
}

function names(rows: readonly NodeRow[]): string {
  return rows.map((row) => `${row.node} ${row.startedAt}`).join('\n');
}
