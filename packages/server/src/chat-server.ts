// The server: wires the ports into services, listens, drains, closes. The stores come in and go out with it.
import type { Timer } from '@parley/ports/timers';
import { AccountService } from './account/account-service.ts';
import type { ClusterDelivery } from './cluster/cluster-delivery.ts';
import type { NodeLife } from './cluster/node-life.ts';
import { Placement } from './cluster/placement.ts';
import { listen, type Listening } from './gateway/bun-socket.ts';
import { Gateway } from './gateway/gateway.ts';
import { DRAIN_MAX_MS } from './gateway/limits.ts';
import { InviteService } from './group/invite-service.ts';
import { httpApp, type HttpApp } from './http/http-app.ts';
import { OriginPolicy } from './http/origin-policy.ts';
import { Owners } from './message/owners.ts';
import { ReceivedMarks } from './message/received-marks.ts';
import { Retention } from './message/retention.ts';
import { PresenceService } from './presence/presence-service.ts';
import { ReadingServices } from './reading/reading-services.ts';
import type { ChatServerOptions } from './chat-server-options.ts';
import { foundation, gatewayOf, requestServices } from './compose.ts';

export type { ChatServerOptions };

const HOUSEKEEPING_INTERVAL_MS = 60_000;
const TOKEN_CLEANING_INTERVAL_MS = 3_600_000;
const DRAIN_LOOK_MS = 20;

export class ChatServer implements AsyncDisposable {
  readonly gateway: Gateway;
  readonly accounts: AccountService;
  readonly http: HttpApp;
  readonly presence: PresenceService;
  readonly #options: ChatServerOptions;
  readonly #origins: OriginPolicy;
  readonly #owners: Owners;
  readonly #life: NodeLife | undefined;
  readonly #marks: ReceivedMarks;
  readonly #invites: InviteService;
  readonly #reading: ReadingServices;
  readonly #retention: Retention | undefined;
  readonly #delivery: ClusterDelivery | undefined;
  readonly #housekeeping: Timer[];
  #listening: Listening | undefined;
  #stopping: Promise<void> | undefined;
  #retaining: Promise<void> | undefined;

  constructor(options: ChatServerOptions) {
    const { timers, log, logRetentionMs: keepMs } = options;
    this.#options = options;
    this.#origins = new OriginPolicy(options.origins);
    const base = foundation(options);
    this.presence = base.presence;
    this.#delivery = base.delivery;
    this.accounts = base.accounts;
    this.#owners = base.owners;
    this.#life = base.life;
    this.#marks = base.marks;
    this.#reading = base.reading;
    const { router, invites } = requestServices(options, base);
    this.#invites = invites;
    this.gateway = gatewayOf(options, base, router);
    this.#retention = keepMs === undefined ? undefined : new Retention({ ...options, keepMs });
    const placement = base.life && new Placement(() => base.life?.nodes.live ?? []);
    this.http = httpApp({
      accounts: this.accounts,
      origins: this.#origins,
      ready: async () => this.#stopping === undefined && (await options.storesReady?.()) !== false,
      connectUrl: placement && placement.urlFor.bind(placement),
      log,
    });
    this.#housekeeping = [
      timers.every(HOUSEKEEPING_INTERVAL_MS, () => this.#keepHouse()),
      timers.every(TOKEN_CLEANING_INTERVAL_MS, () => void this.#cleanTokens()),
    ];
  }

  /** Joins the other nodes, where there are any. Before that, a node of several carries out nothing. */
  async start(): Promise<void> {
    await this.#life?.start();
    await this.#delivery?.start();
  }

  /** Opens the port; 0 picks a free one. Throws when it cannot be had. Returns the URL. */
  listen(options: { host: string; port: number; trustedProxies?: readonly string[] }): string {
    this.#listening = listen({ ...options, gateway: this.gateway, http: this.http, origins: this.#origins });
    return this.#listening.url;
  }

  /** Tells the clients, lets what is under way finish, stores the marks, closes every socket. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    for (const timer of this.#housekeeping) timer.cancel();
    this.#listening?.stop();
    this.presence.leave();
    // The clients may stay until others have taken over.
    if (this.#life !== undefined) await this.#life.handOver();
    this.presence.drain();
    this.gateway.drain();
    await this.#finished();
    this.gateway.closeAll();
    await this.#marks.flushAll();
    this.#reading.stop();
    await this.presence.stop();
    await this.#delivery?.stop();
    await this.#retaining;
    this.#life?.stop();
    await this.#listening?.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #finished(): Promise<void> {
    const { clock, timers } = this.#options;
    const until = clock.monotonic() + DRAIN_MAX_MS;
    while (clock.monotonic() < until && !this.#isIdle) {
      const { promise, resolve } = Promise.withResolvers<void>();
      timers.after(DRAIN_LOOK_MS, resolve);
      await promise;
    }
  }

  get #isIdle(): boolean {
    return this.gateway.idle && this.#owners.idle && (this.#life?.idle ?? true);
  }

  #keepHouse(): void {
    this.#owners.sweep();
    if (this.#life?.leads !== false) this.#retaining ??= this.#retain();
    // Never rejects.
    void this.#dropInvites();
  }

  async #dropInvites(): Promise<void> {
    try {
      await this.#invites.dropExpired();
    } catch (error) {
      this.#options.log.error({ error }, 'expired invitations could not be dropped');
    }
  }

  /** Never rejects. */
  async #retain(): Promise<void> {
    try {
      await this.#retention?.pass(() => this.#stopping !== undefined);
    } catch (error) {
      this.#options.log.error({ error }, 'retention failed');
    }
    this.#retaining = undefined;
  }

  async #cleanTokens(): Promise<void> {
    try {
      await this.accounts.dropExpiredTokens();
    } catch (error) {
      this.#options.log.error({ error }, 'expired tokens could not be dropped');
    }
  }
}
