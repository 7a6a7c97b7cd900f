// The connection registry in memory, for tests and for an installation of one node.
import type { Clock } from '@parley/ports/clock';
import type { ConnectionRegistry, Route } from '@parley/ports/connection-registry';
import type { SessionId, UserId } from '@parley/protocol/ids';

type Sessions = Map<SessionId, Route>;

export class MemoryConnectionRegistry implements ConnectionRegistry {
  readonly #clock: Clock;
  /** Node to the end of its lease. */
  readonly #leases = new Map<string, number>();
  readonly #routes = new Map<UserId, Sessions>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Routes of a node without a lease are not kept: they would not count, and it registers again after renewing. */
  async register(routes: readonly Route[]): Promise<void> {
    for (const route of routes) {
      if (!this.#isLive(route.node)) continue;
      const sessions = this.#routes.get(route.user) ?? new Map<SessionId, Route>();
      this.#routes.set(route.user, sessions.set(route.session, route));
    }
  }

  async unregister(routes: readonly Route[]): Promise<void> {
    for (const route of routes) {
      const sessions = this.#routes.get(route.user);
      if (sessions?.delete(route.session) === true && sessions.size === 0) this.#routes.delete(route.user);
    }
  }

  async find(users: readonly UserId[]): Promise<readonly Route[]> {
    return [...new Set(users)]
      .flatMap((user) => [...(this.#routes.get(user)?.values() ?? [])])
      .filter((route) => this.#isLive(route.node));
  }

  async renew(node: string, until: number): Promise<boolean> {
    this.#clearEnded();
    const lived = this.#leases.has(node);
    this.#leases.set(node, until);
    return lived;
  }

  async nodes(): Promise<readonly string[]> {
    return [...this.#leases.keys()].filter((node) => this.#isLive(node));
  }

  /** Forgets everything, as a registry may at any time. */
  wipe(): void {
    this.#leases.clear();
    this.#routes.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.wipe();
  }

  #isLive(node: string): boolean {
    return (this.#leases.get(node) ?? Number.NEGATIVE_INFINITY) > this.#clock.now();
  }

  /** Leases that ended take their routes with them, so that nodes that died leave nothing behind. */
  #clearEnded(): void {
    const ended = new Set([...this.#leases.keys()].filter((node) => !this.#isLive(node)));
    if (ended.size === 0) return;
    for (const node of ended) this.#leases.delete(node);
    for (const [user, sessions] of this.#routes) {
      for (const route of sessions.values()) if (ended.has(route.node)) sessions.delete(route.session);
      if (sessions.size === 0) this.#routes.delete(user);
    }
  }
}
