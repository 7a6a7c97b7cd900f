// One server at a time on shared stores: a lease that it takes before it serves, renews, and stops without. Two would
// not lose a message (each log is fenced), but neither would tell its clients at once what the other took.
import type { Clock } from '@parley/ports/clock';
import type { LeaseStore } from '@parley/ports/lease-store';
import type { Log } from '@parley/ports/log';
import type { Randomness } from '@parley/ports/randomness';
import type { Timer, Timers } from '@parley/ports/timers';

/** What a server that ended without a word keeps the next one waiting; also, how long PostgreSQL may be away. */
export const NODE_LEASE_MS = 10_000;
const RENEW_INTERVAL_MS = 2_000;
/** One may hang on a connection that is dead while the next one gets through. */
const RENEWALS_MAX_COUNT = 3;
const TAKE_INTERVAL_MS = 500;
/** A holder that lives has renewed its lease by then; one that died has lost it. */
const TAKE_WAIT_MAX_MS = NODE_LEASE_MS + 2 * TAKE_INTERVAL_MS;
const IDENTITY_BYTES = 4;
/** Whoever has this one serves. Servers that share the work will take the others. */
const SHARD = 0;

/** Another server has the stores. */
export class AnotherServerError extends Error {
  override readonly name = 'AnotherServerError';
}

export interface NodeLeaseParts {
  readonly leases: LeaseStore;
  readonly node: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly randomness: Randomness;
  readonly log: Log;
}

export class NodeLease implements AsyncDisposable {
  /** Resolves with the reason, in a sentence, when the lease is over and the server must stop. Not after disposal. */
  readonly lost: Promise<string>;
  readonly #parts: NodeLeaseParts;
  /** The name alone would let a second process with the same name in. */
  readonly #identity: string;
  readonly #startedAt: number;
  readonly #lose: (reason: string) => void;
  readonly #renewals = new Set<Promise<void>>();
  #url = '';
  #sessionsCount = () => 0;
  /** By the monotonic clock, counted from before the call: never later than in the store. */
  #heldUntilMs: number;
  #renewing: Timer | undefined;
  #ending: Timer | undefined;
  #isOver = false;

  private constructor(parts: NodeLeaseParts, identity: string) {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.lost = promise;
    this.#lose = resolve;
    this.#parts = parts;
    this.#identity = identity;
    this.#startedAt = parts.clock.now();
    this.#heldUntilMs = parts.clock.monotonic();
  }

  /** Waits for the end of a lease that nobody renews; rejects with an AnotherServerError where somebody does. */
  static async take(parts: NodeLeaseParts): Promise<NodeLease> {
    const identity = `${parts.node}/${parts.randomness.bytes(IDENTITY_BYTES).toHex()}`;
    const lease = new NodeLease(parts, identity);
    await lease.#take();
    lease.#renewing = parts.timers.every(RENEW_INTERVAL_MS, () => lease.#renewSoon());
    return lease;
  }

  /** Whether the store confirmed the lease not long ago. */
  get isFresh(): boolean {
    const { clock } = this.#parts;
    return !this.#isOver && clock.monotonic() < this.#heldUntilMs - NODE_LEASE_MS + 2 * RENEW_INTERVAL_MS;
  }

  /** Says where this server is reached and how many sockets it has: another that is started tells it to its operator. */
  announce(url: string, sessionsCount: () => number): void {
    this.#url = url;
    this.#sessionsCount = sessionsCount;
    this.#renewSoon();
  }

  /** Frees the stores for another server at once, if they can be reached. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    this.#renewing?.cancel();
    this.#ending?.cancel();
    await Promise.all(this.#renewals);
    const { leases, log } = this.#parts;
    try {
      await leases.release(this.#identity, [SHARD]);
      await leases.leave(this.#identity);
    } catch (error) {
      log.warn({ error }, 'the lease of this server could not be given up, and ends by itself');
    }
  }

  async #take(): Promise<void> {
    const { clock, timers, log } = this.#parts;
    const untilMs = clock.monotonic() + TAKE_WAIT_MAX_MS;
    for (let isFirst = true; !(await this.#renew()); isFirst = false) {
      if (clock.monotonic() >= untilMs) {
        throw new AnotherServerError(
          `Another server runs on these stores: ${await this.#holder()}. Stop it first: for now, one serves at a time.`,
        );
      }
      if (isFirst) {
        log.warn(
          { holder: await this.#holder() },
          `another server has these stores; waiting up to ${TAKE_WAIT_MAX_MS / 1_000} s, in case that one has ended`,
        );
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      timers.after(TAKE_INTERVAL_MS, resolve);
      await promise;
    }
  }

  /** In words, for people. */
  async #holder(): Promise<string> {
    const { leases } = this.#parts;
    const [owners, nodes] = await Promise.all([leases.owners(), leases.nodes()]);
    const identity = owners.get(SHARD);
    if (identity === undefined) return 'it has just ended';
    const { node, url } = nodes.find((row) => row.node === identity) ?? { node: identity, url: '' };
    const name = node.slice(0, node.lastIndexOf('/'));
    return url === '' ? name : `${name} at ${url}`;
  }

  /** False where another server has it. */
  async #renew(): Promise<boolean> {
    const { leases, clock } = this.#parts;
    const heldUntilMs = clock.monotonic() + NODE_LEASE_MS;
    const taken = await leases.take(this.#identity, [SHARD], NODE_LEASE_MS);
    if (!taken.includes(SHARD)) return false;
    if (heldUntilMs > this.#heldUntilMs) this.#heldUntilMs = heldUntilMs;
    this.#endAt(this.#heldUntilMs);
    const sessions = this.#sessionsCount();
    const row = { node: this.#identity, url: this.#url, startedAt: this.#startedAt, sessions };
    await leases.renew(row, NODE_LEASE_MS);
    return true;
  }

  #renewSoon(): void {
    if (this.#isOver || this.#renewals.size >= RENEWALS_MAX_COUNT) return;
    const renewal = this.#renewOrTell().finally(() => this.#renewals.delete(renewal));
    this.#renewals.add(renewal);
  }

  /** Never rejects. */
  async #renewOrTell(): Promise<void> {
    try {
      if (!(await this.#renew())) this.#end('another server took over the stores');
    } catch (error) {
      this.#parts.log.warn({ error }, 'the lease of this server could not be renewed');
    }
  }

  #endAt(monotonicMs: number): void {
    const { clock, timers } = this.#parts;
    this.#ending?.cancel();
    if (this.#isOver) return;
    this.#ending = timers.after(Math.max(0, monotonicMs - clock.monotonic()), () =>
      this.#end(
        `the lease of this server could not be renewed for ${NODE_LEASE_MS / 1_000} s, so another may have taken over`,
      ),
    );
  }

  #end(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#renewing?.cancel();
    this.#ending?.cancel();
    this.#lose(reason);
  }
}
