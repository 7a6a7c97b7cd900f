// This node's sessions in the connection registry: written when they come, renewed together, taken out when they go.
import type { SessionId } from '@parley/protocol/ids';
import type { Clock } from '@parley/ports/clock';
import type { ConnectionRegistry, Route } from '@parley/ports/connection-registry';
import type { Log } from '@parley/ports/log';
import type { Timer, Timers } from '@parley/ports/timers';
import type { LiveSession } from '../connection/live-sessions.ts';
import {
  ROUTES_LEASE_MS,
  ROUTES_LOOKUP_MAX_MS,
  ROUTES_PER_CALL_MAX_COUNT,
  ROUTES_RENEWAL_INTERVAL_MS,
  ROUTE_WAIT_MAX_MS,
} from './delivery-limits.ts';
import { within } from './within.ts';

export interface RoutesParts {
  readonly node: string;
  readonly registry: ConnectionRegistry;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** The session came into the registry later than its queue was read: what was committed between was not pushed. */
  readonly look: (session: LiveSession) => void;
  /** The same for all sessions. */
  readonly lookAll: () => void;
}

export class Routes {
  readonly #parts: RoutesParts;
  readonly #routes = new Map<LiveSession, Route>();
  /** To be registered; with what waits for it, if it still does. */
  readonly #due = new Map<LiveSession, (() => void) | undefined>();
  #gone: Route[] = [];
  #renewal: Timer | undefined;
  #renewing: Promise<void> | undefined;
  #running: Promise<void> | undefined;
  /** Sessions could not be found for a while: they look for themselves once they are registered. */
  #wasLost = false;
  #isReachable = true;

  constructor(parts: RoutesParts) {
    this.#parts = parts;
  }

  /** Never rejects: a registry that is away is tried again and again. */
  async start(): Promise<void> {
    this.#renewal = this.#parts.timers.every(ROUTES_RENEWAL_INTERVAL_MS, () => void this.#renew());
    await this.#renew();
  }

  /** Resolves when others can find the session, or have had their time to. Never rejects. */
  add(session: LiveSession, id: SessionId): Promise<void> {
    const { user, device } = session;
    const { node, timers } = this.#parts;
    this.#routes.set(session, { session: id, user, device, node });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#due.set(session, resolve);
    const timer = timers.after(ROUTE_WAIT_MAX_MS, () => {
      if (this.#due.get(session) === resolve) this.#due.set(session, undefined);
      resolve();
    });
    this.#run();
    return promise.finally(() => timer.cancel());
  }

  remove(session: LiveSession): void {
    const route = this.#routes.get(session);
    if (route === undefined) return;
    this.#routes.delete(session);
    this.#due.get(session)?.();
    this.#due.delete(session);
    this.#gone.push(route);
    this.#run();
  }

  get size(): number {
    return this.#routes.size;
  }

  /** Takes out what is still there. Never rejects. */
  async stop(): Promise<void> {
    this.#renewal?.cancel();
    await this.#renewing;
    for (const session of this.#routes.keys()) this.remove(session);
    await this.#running;
  }

  #renew(): Promise<void> {
    this.#renewing ??= this.#renewOnce().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #renewOnce(): Promise<void> {
    const { node, registry, clock, timers } = this.#parts;
    try {
      const until = clock.now() + ROUTES_LEASE_MS;
      const kept = await within(timers, ROUTES_RENEWAL_INTERVAL_MS, registry.renew(node, until));
      if (!kept) for (const session of this.#routes.keys()) this.#due.set(session, this.#due.get(session));
      // While it was away nobody found anybody.
      if (!kept || !this.#isReachable) this.#wasLost = true;
      this.#isReachable = true;
    } catch (error) {
      this.#lost(error);
      return;
    }
    this.#run();
  }

  #run(): void {
    this.#running ??= this.#work();
  }

  /** Never rejects. What it could not register waits for the next renewal, or for whoever comes next. */
  async #work(): Promise<void> {
    // Those who come within one turn go together.
    await Promise.resolve();
    try {
      while (this.#gone.length > 0 || this.#due.size > 0) {
        await this.#takeOut();
        await this.#register();
      }
      if (!this.#wasLost) return;
      this.#wasLost = false;
      this.#parts.lookAll();
    } catch (error) {
      this.#lost(error);
    } finally {
      // In the turn of the last look: what comes from here on begins anew.
      this.#running = undefined;
    }
  }

  /** What fails here is found by the next who looks it up, or ends with the node's lease. */
  async #takeOut(): Promise<void> {
    const { registry, timers } = this.#parts;
    const gone = this.#gone.splice(0, ROUTES_PER_CALL_MAX_COUNT);
    if (gone.length > 0) await within(timers, ROUTES_LOOKUP_MAX_MS, registry.unregister(gone));
  }

  async #register(): Promise<void> {
    const { registry, timers, look } = this.#parts;
    const some = [...this.#due.keys()].slice(0, ROUTES_PER_CALL_MAX_COUNT);
    const routes = some.flatMap((session) => this.#routes.get(session) ?? []);
    if (routes.length === 0) return;
    await within(timers, ROUTES_LOOKUP_MAX_MS, registry.register(routes));
    for (const session of some) {
      if (!this.#due.has(session)) continue;
      const waiting = this.#due.get(session);
      this.#due.delete(session);
      if (waiting !== undefined) waiting();
      else if (!this.#wasLost) look(session);
    }
  }

  /** Said once an outage. */
  #lost(error: unknown): void {
    const { log } = this.#parts;
    if (this.#isReachable) log.warn({ error }, 'the connection registry cannot be reached');
    this.#isReachable = false;
  }
}
