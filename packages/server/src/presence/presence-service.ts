// Who is there: from this node's sessions to the shards that own their users, and from there to those who watch them.
import { fault, type Fault } from '@parley/protocol/error-code';
import type { DeviceId, UserId } from '@parley/protocol/ids';
import { CONTACTS_MAX_COUNT, PAGE_ROWS_MAX_COUNT } from '@parley/protocol/limits';
import type { PresenceRow } from '@parley/protocol/presence';
import type { Clock } from '@parley/ports/clock';
import type { ContactStore } from '@parley/ports/contact-store';
import type { Log } from '@parley/ports/log';
import type { Status, StatusCache } from '@parley/ports/status-cache';
import type { Timers } from '@parley/ports/timers';
import type { LiveSession, LiveSessions } from '../connection/live-sessions.ts';
import type { PresenceElsewhere, PresenceHere } from './elsewhere.ts';
import { LastSeen } from './last-seen.ts';
import { LocalPresence } from './local-presence.ts';
import { PresencePushes } from './presence-pushes.ts';
import { PresenceShard } from './presence-shard.ts';
import { PresenceView } from './presence-view.ts';
import { Snapshots } from './snapshots.ts';
import { StatusWriter } from './status-writer.ts';
import type { UserSettings } from './user-settings.ts';
import { VisibilityRules } from './visibility.ts';
import { WatchLists, type Watching } from './watch-lists.ts';

export interface PresenceParts {
  /** This node's name; the only one of an embedded installation. */
  readonly node: string;
  readonly sessions: LiveSessions;
  readonly settings: UserSettings;
  readonly contacts: ContactStore;
  readonly status: StatusCache | undefined;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
}

export class PresenceService {
  readonly #parts: PresenceParts;
  readonly #shard = new PresenceShard();
  readonly #local: LocalPresence;
  readonly #lastSeen: LastSeen;
  readonly #lists: WatchLists;
  readonly #rules: VisibilityRules;
  readonly #view: PresenceView;
  readonly #pushes: PresencePushes;
  readonly #snapshots: Snapshots;
  readonly #status: StatusWriter | undefined;
  #elsewhere: PresenceElsewhere | undefined;

  constructor(parts: PresenceParts) {
    const { node, sessions, settings, contacts, status, clock, timers, log } = parts;
    const shardOf = () => this.#shard;
    this.#parts = parts;
    const onTransition = this.#transition.bind(this);
    this.#local = new LocalPresence({ node, sessions, clock, timers, onTransition });
    this.#lastSeen = new LastSeen({ contacts, timers, log });
    this.#lists = new WatchLists({ contacts, sessions, shardOf: () => this.#watching });
    this.#rules = new VisibilityRules({ settings, contacts });
    const lastSeen = this.#lastSeen;
    const isHere = (user: UserId) => this.#local.isPresent(user);
    this.#view = new PresenceView({ node, rules: this.#rules, lastSeen, status, shardOf, isHere });
    this.#pushes = new PresencePushes({ rules: this.#rules, lastSeen, sessions, shardOf, timers, log });
    this.#snapshots = new Snapshots({ lists: this.#lists, view: this.#view, sessions, timers, log });
    const isNeeded = () => this.#local.size.present > 0;
    if (status !== undefined) this.#status = new StatusWriter({ node, status, clock, timers, log, isNeeded });
    settings.listen({
      isPerNode: true,
      settingsChanged: (user, before, after) => {
        if (before.visibility !== after.visibility) this.#pushes.visibilityChanged(user, before.visibility);
      },
      blockChanged: (user, other) => this.#pushes.pairChanged(user, other, 'block'),
    });
  }

  /** Users are spread over nodes from here on: to be called before the first session comes. */
  join(make: (here: PresenceHere) => PresenceElsewhere): void {
    this.#elsewhere = make({
      shard: this.#shard,
      statuses: () => this.#local.statuses(),
      lists: () => this.#lists.all(),
      listOf: (watcher) => this.#lists.of(watcher),
      changed: (user, status, isNews) => {
        this.#status?.set(user, status);
        if (isNews) this.#pushes.stateChanged(user);
      },
      tellAgain: (user) => this.#pushes.stateChanged(user),
      pairChanged: (user, watcher) => this.#pushes.pairChanged(user, watcher, 'contact'),
    });
  }

  /** A session is among the live ones from now on. */
  attached(session: LiveSession): void {
    this.#local.attached(session);
  }

  /** A session that was among the live ones is gone. `heardMs`: when something was last heard, by the monotonic clock. */
  detached(session: LiveSession, heardMs: number): void {
    this.#local.detached(session, heardMs);
    if (this.#parts.sessions.count(session.user) === 0) this.#lists.left(session.user);
  }

  /** To be called when the device's tokens are void and its sessions are closed: a sign-out counts at once. */
  signedOut(user: UserId, device: DeviceId): void {
    this.#local.signedOut(user, device);
  }

  /** Pushes the presence of all contacts: at first, and after the session had read too slowly for pushes. */
  snapshot(session: LiveSession): void {
    this.#snapshots.push(session);
  }

  setAway(session: LiveSession, away: boolean): void {
    this.#local.setAway(session, away);
  }

  /** A row for each of the users, as the watcher may see them. */
  rows(watcher: UserId, users: readonly UserId[]): Promise<PresenceRow[]> {
    return this.#view.rows(watcher, users);
  }

  async watch(user: UserId, others: readonly UserId[]): Promise<Fault | undefined> {
    if (!(await this.#lists.watch(user, others))) {
      return fault('limit_reached', `A user watches at most ${CONTACTS_MAX_COUNT} users.`, {
        field: 'user_ids',
      });
    }
    this.#contactsChanged(user, others);
    return undefined;
  }

  async unwatch(user: UserId, others: readonly UserId[]): Promise<void> {
    await this.#lists.unwatch(user, others);
    this.#contactsChanged(user, others);
  }

  async contacts(
    user: UserId,
    after: UserId | undefined,
    limit = PAGE_ROWS_MAX_COUNT,
  ): Promise<{ readonly users: readonly UserId[]; readonly next: UserId | undefined }> {
    const found = await this.#parts.contacts.contacts(user, after, limit + 1);
    const users = found.slice(0, limit);
    return { users, next: found.length > limit ? users.at(-1) : undefined };
  }

  /** Where there are other nodes: its users will be back on them. To be called before they are told to go. */
  leave(): void {
    this.#elsewhere?.leave();
  }

  /** The server is going away: what ends from here on says nothing about who is there. */
  drain(): void {
    this.#local.drain();
    this.#pushes.stop();
  }

  /** Stores when the users were last there. To be called after `drain`, when the sessions are closed. Never rejects. */
  async stop(): Promise<void> {
    this.#status?.stop();
    this.#elsewhere?.stop();
    for (const { user, at } of this.#local.vanished()) this.#lastSeen.note(user, at);
    await this.#lastSeen.flush();
  }

  /** What it holds in memory. */
  get size(): {
    readonly present: number;
    readonly vanished: number;
    readonly lists: number;
    readonly watched: number;
  } {
    const { present, vanished } = this.#local.size;
    return { present, vanished, lists: this.#lists.size, watched: this.#shard.size.watched };
  }

  #transition(user: UserId, status: Status): void {
    if (this.#elsewhere === undefined) {
      if (!this.#shard.apply(user, status, this.#parts.clock.monotonic())) return;
      this.#status?.set(user, status);
      this.#pushes.stateChanged(user);
    } else {
      this.#elsewhere.transition(user, status);
    }
    // Also when it begins: should the server die, that is what is known of them.
    if (status.state !== 'away') this.#lastSeen.note(user, status.lastSeen);
  }

  /** Those users may now see more of this one, or less. */
  #contactsChanged(user: UserId, others: readonly UserId[]): void {
    this.#rules.changed();
    if (this.#elsewhere !== undefined) return this.#elsewhere.contactsChanged(user, others);
    for (const other of others) this.#pushes.pairChanged(user, other, 'contact');
  }

  /** Where it is said who watches whom: to this node, or to those that own the users. */
  get #watching(): Watching {
    const elsewhere = this.#elsewhere;
    if (elsewhere === undefined) return this.#shard;
    const touched = elsewhere.touched.bind(elsewhere);
    return { watch: touched, unwatch: touched };
  }
}
