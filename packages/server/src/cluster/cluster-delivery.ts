// What a node among others does so that its users get what is committed, and know what is changed, on any other node.
import type { ConversationId, DeviceId, Seq, SessionId, UserId } from '@parley/protocol/ids';
import type { AccountService } from '../account/account-service.ts';
import type { ChatServerOptions } from '../chat-server-options.ts';
import type { LiveSession, LiveSessions } from '../connection/live-sessions.ts';
import type { Viewers } from '../connection/viewers.ts';
import type { LargeGroups } from '../message/large-groups.ts';
import type { Owners } from '../message/owners.ts';
import type { UserSettings } from '../presence/user-settings.ts';
import type { Timer } from '@parley/ports/timers';
import { Announcements } from './announcements.ts';
import type { SharedChange } from './change-message.ts';
import type { ClusterOptions } from './cluster-options.ts';
import { CACHES_LIFE_MS, ROUTES_LOOKUP_MAX_MS } from './delivery-limits.ts';
import { Elsewhere } from './elsewhere.ts';
import { FollowedGroups } from './followed-groups.ts';
import type { NodeList } from './node-list.ts';
import { Routes } from './routes.ts';
import { SharedChanges } from './shared-changes.ts';
import { within } from './within.ts';

/** What it acts on; the server wires them after it, since most of them tell it something themselves. */
export interface ClusterServices {
  readonly settings: UserSettings;
  readonly hidden: { hiddenElsewhere(user: UserId): void; forget(): void };
  readonly accounts: Pick<AccountService, 'revokedElsewhere' | 'hasDevice'>;
  /** Closes the sessions of a device that was signed out. */
  readonly revoke: (user: UserId, device: DeviceId) => void;
  readonly owners: Pick<Owners, 'blockChanged'>;
  readonly viewers: Viewers;
  readonly largeGroups: LargeGroups;
}

export interface ClusterGateway {
  look(session: LiveSession): void;
  lookAll(): void;
}

export class ClusterDelivery {
  readonly #options: ChatServerOptions;
  readonly #cluster: ClusterOptions;
  readonly #announcements: Announcements;
  readonly #elsewhere: Elsewhere;
  readonly #routes: Routes;
  readonly #changes: SharedChanges;
  readonly #sessions: LiveSessions;
  readonly #ends: Disposable[] = [];
  #services: ClusterServices | undefined;
  #gateway: ClusterGateway | undefined;
  #caches: Timer | undefined;

  constructor(options: ChatServerOptions, cluster: ClusterOptions, sessions: LiveSessions) {
    const { clock, timers, log } = options;
    const { node, bus, registry, leases } = cluster;
    this.#options = options;
    this.#cluster = cluster;
    this.#sessions = sessions;
    const look = (session: LiveSession) => this.#gateway?.look(session);
    const lookAll = () => this.lookAll();
    this.#announcements = new Announcements({ node, bus, timers });
    this.#elsewhere = new Elsewhere({ node, bus, registry, sessions, clock, timers, log, look });
    this.#routes = new Routes({ node, registry, clock, timers, log, look, lookAll });
    const onChange = this.#changed.bind(this);
    this.#changes = new SharedChanges({ node, bus, leases, registry, timers, log, onChange });
    const reconnected = bus.onReconnected(() => {
      this.#forget();
      this.lookAll();
    });
    this.#ends.push(reconnected, this.#changes, this.#elsewhere);
    sessions.join(this.#elsewhere);
    sessions.onDetach((session) => this.#routes.remove(session));
  }

  /** What it acts on, before anything else happens. */
  serve(services: ClusterServices): void {
    const { messages, members, log } = this.#options;
    const { settings, viewers, largeGroups } = services;
    const { node, bus } = this.#cluster;
    this.#services = services;
    const sessions = this.#sessions;
    this.#ends.push(
      new FollowedGroups({ node, bus, messages, members, sessions, viewers, largeGroups, log }),
    );
    settings.join({
      settingsChanged: (user, before, after) => this.#changes.tell({ kind: 'settings', user, before, after }),
      blockChanged: (user, other, blocked) => this.#changes.tell({ kind: 'block', user, other, blocked }),
    });
  }

  /** Where a node is no more, what it was about to push is lost. */
  follow(nodes: Pick<NodeList, 'follow'>): void {
    let known: ReadonlySet<string> = new Set();
    nodes.follow((rows) => {
      const before = known;
      known = new Set(rows.map((row) => row.node));
      if ([...before].some((node) => !known.has(node))) this.lookAll();
    });
  }

  attend(gateway: ClusterGateway): void {
    this.#gateway = gateway;
  }

  /** Others find this node from here on. Never rejects. */
  async start(): Promise<void> {
    this.#caches = this.#options.timers.every(CACHES_LIFE_MS, () => this.#forget());
    await this.#routes.start();
  }

  /** To be called once every session is closed. Never rejects. */
  async stop(): Promise<void> {
    this.#caches?.cancel();
    await this.#routes.stop();
    await this.#elsewhere.flushed();
    for (const end of this.#ends) end[Symbol.dispose]();
  }

  /** Something that was to be pushed may be lost: each session's queue is looked at soon. */
  lookAll(): void {
    this.#gateway?.lookAll();
  }

  entered(session: LiveSession, id: SessionId): Promise<void> {
    return this.#routes.add(session, id);
  }

  async isSignedIn(user: UserId, device: DeviceId): Promise<boolean> {
    return (await this.#services?.accounts.hasDevice(user, device)) !== false;
  }

  /** The user's devices that any node has a session of. Rejects where the registry does not say. */
  async devicesOf(user: UserId): Promise<ReadonlySet<DeviceId>> {
    const { registry } = this.#cluster;
    const routes = await within(this.#options.timers, ROUTES_LOOKUP_MAX_MS, registry.find([user]));
    return new Set(routes.map((route) => route.device));
  }

  /** The same, for who asks in passing. Never rejects. */
  readonly connectedElsewhere = async (user: UserId): Promise<ReadonlySet<DeviceId>> => {
    return await this.devicesOf(user).catch(() => new Set<DeviceId>());
  };

  /** A large group has new entries. */
  readonly announce = (conversation: ConversationId, first: Seq, head: Seq): void => {
    this.#announcements.add(conversation, first, head);
  };

  /** Never rejects. */
  readonly onHidden = (user: UserId): Promise<void> => this.tell({ kind: 'hidden', user });

  /** Never rejects. */
  readonly directBlocked = (conversation: ConversationId, sender: UserId, blocked: boolean): Promise<void> =>
    this.tell({ kind: 'direct_block', conversation, sender, blocked });

  /** Never rejects. */
  tell(change: SharedChange): Promise<void> {
    return this.#changes.tell(change);
  }

  #changed(change: SharedChange): void {
    const services = this.#services;
    if (services === undefined) return;
    const { settings, hidden, accounts, owners, revoke } = services;
    switch (change.kind) {
      case 'settings':
        return settings.settingsChangedElsewhere(change.user, change.before, change.after);
      case 'block':
        return settings.blockChangedElsewhere(change.user, change.other, change.blocked);
      case 'direct_block':
        return owners.blockChanged(change.conversation, change.sender, change.blocked);
      case 'hidden':
        return hidden.hiddenElsewhere(change.user);
      case 'revoked':
        accounts.revokedElsewhere(change.device);
        return revoke(change.user, change.device);
    }
  }

  #forget(): void {
    this.#services?.settings.forget();
    this.#services?.hidden.forget();
  }
}
