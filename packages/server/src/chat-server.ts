// The server: wires the ports into services, listens, drains, closes. The stores come in and go out with it.
import type { AccountStore } from '@parley/ports/account-store';
import type { Clock } from '@parley/ports/clock';
import type { IdSource } from '@parley/ports/id-source';
import type { Log } from '@parley/ports/log';
import type { MemberStore } from '@parley/ports/member-store';
import type { MessageStore } from '@parley/ports/message-store';
import type { OfflineQueue } from '@parley/ports/offline-queue';
import type { Randomness } from '@parley/ports/randomness';
import type { Timer, Timers } from '@parley/ports/timers';
import { AccountService } from './account/account-service.ts';
import type { JwtVerifier } from './account/jwt-verifier.ts';
import type { PasswordHasher } from './account/password-hasher.ts';
import { LiveSessions } from './connection/live-sessions.ts';
import { listen, type Listening } from './gateway/bun-socket.ts';
import { FrameRouter } from './gateway/frame-router.ts';
import { Gateway } from './gateway/gateway.ts';
import { Handshake } from './gateway/handshake.ts';
import { DRAIN_MAX_MS } from './gateway/limits.ts';
import { ConversationViews } from './group/conversation-views.ts';
import { GroupService } from './group/group-service.ts';
import { httpApp, type HttpApp } from './http/http-app.ts';
import { OriginPolicy } from './http/origin-policy.ts';
import { AccessRules } from './message/access.ts';
import { announceTo } from './message/delivery.ts';
import { History } from './message/history.ts';
import { InboxLook } from './message/inbox-look.ts';
import { MessageReader } from './message/message-reader.ts';
import { MessageService } from './message/message-service.ts';
import { Owners } from './message/owners.ts';
import { ReceivedMarks } from './message/received-marks.ts';
import { Retention } from './message/retention.ts';

export interface ChatServerOptions {
  readonly messages: MessageStore;
  readonly members: MemberStore;
  readonly queue: OfflineQueue;
  readonly accounts: AccountStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly randomness: Randomness;
  readonly ids: IdSource;
  readonly log: Log;
  readonly hasher: PasswordHasher;
  /** Without it, JWTs are refused. */
  readonly jwt: JwtVerifier | undefined;
  readonly registration: 'open' | 'closed';
  readonly tokenLifetimeMs: number;
  /** Web pages that may connect; exact origins. */
  readonly origins: readonly string[];
  /** What waited longer is not streamed to a device that comes back. */
  readonly queueRetentionMs: number;
  /** What is older is dropped from the log; undefined keeps it for ever. */
  readonly logRetentionMs: number | undefined;
  /** For how long an author may edit and delete a message; undefined: for ever. */
  readonly editWindowMs: number | undefined;
}

const HOUSEKEEPING_INTERVAL_MS = 60_000;
const TOKEN_CLEANING_INTERVAL_MS = 3_600_000;
const DRAIN_LOOK_MS = 20;

export class ChatServer implements AsyncDisposable {
  readonly gateway: Gateway;
  readonly accounts: AccountService;
  readonly http: HttpApp;
  readonly #options: ChatServerOptions;
  readonly #origins: OriginPolicy;
  readonly #owners: Owners;
  readonly #marks: ReceivedMarks;
  readonly #retention: Retention | undefined;
  readonly #housekeeping: Timer[];
  #listening: Listening | undefined;
  #stopping: Promise<void> | undefined;
  #retaining: Promise<void> | undefined;

  constructor(options: ChatServerOptions) {
    const { messages, members, queue, clock, timers, randomness, ids, log } = options;
    this.#options = options;
    this.#origins = new OriginPolicy(options.origins);
    const sessions = new LiveSessions();
    this.accounts = new AccountService({
      ...options,
      store: options.accounts,
      isLive: sessions.has.bind(sessions),
      onRevoked: sessions.revokeDevice.bind(sessions),
    });
    const announce = announceTo(sessions);
    this.#owners = new Owners({ messages, members, queue, clock, timers, randomness, ids, log, announce });
    const access = new AccessRules({ owners: this.#owners, messages, members });
    const isRevoked = this.accounts.wasRevoked.bind(this.accounts);
    this.#marks = new ReceivedMarks({ queue, access, isRevoked, timers, log });
    const reader = new MessageReader({ messages, access });
    const service = new MessageService({ owners: this.#owners, members, reader });
    const views = new ConversationViews({
      accounts: options.accounts,
      members,
      messages,
      access,
      marks: this.#marks,
    });
    const groups = new GroupService({
      accounts: options.accounts,
      members,
      messages: service,
      views,
      ids,
      clock,
    });
    const history = new History({ messages, access, marks: this.#marks, reader });
    const router = new FrameRouter({
      accounts: this.accounts,
      messages: service,
      history,
      marks: this.#marks,
      groups,
      views,
      clock,
      log,
      editWindowMs: options.editWindowMs,
    });
    const { queueRetentionMs: retentionMs, logRetentionMs: keepMs } = options;
    const look = new InboxLook({
      queue,
      messages,
      marks: this.#marks,
      owners: this.#owners,
      clock,
      retentionMs,
    });
    const handshake = new Handshake({ accounts: this.accounts, sessions, ids, logId: messages.logId, log });
    this.gateway = new Gateway({ clock, timers, randomness, log, sessions, handshake, look, router });
    this.#retention = keepMs === undefined ? undefined : new Retention({ messages, clock, log, keepMs });
    this.http = httpApp({
      accounts: this.accounts,
      origins: this.#origins,
      ready: () => this.#stopping === undefined,
      log,
    });
    this.#housekeeping = [
      timers.every(HOUSEKEEPING_INTERVAL_MS, () => this.#keepHouse()),
      timers.every(TOKEN_CLEANING_INTERVAL_MS, () => void this.#cleanTokens()),
    ];
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
    this.gateway.drain();
    await this.#finished();
    this.gateway.closeAll();
    await this.#marks.flushAll();
    await this.#retaining;
    await this.#listening?.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #finished(): Promise<void> {
    const { clock, timers } = this.#options;
    const until = clock.monotonic() + DRAIN_MAX_MS;
    while (clock.monotonic() < until && !(this.gateway.idle && this.#owners.idle)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      timers.after(DRAIN_LOOK_MS, resolve);
      await promise;
    }
  }

  #keepHouse(): void {
    this.#owners.sweep();
    this.#retaining ??= this.#retain();
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
