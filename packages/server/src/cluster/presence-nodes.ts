// Presence over several nodes: each owns some of the users, hears of them from all, and tells those who watch them.
import type { UserId } from '@parley/protocol/ids';
import type { Clock } from '@parley/ports/clock';
import type { NodeBus } from '@parley/ports/node-bus';
import type { Status } from '@parley/ports/status-cache';
import type { Timer, Timers } from '@parley/ports/timers';
import type { PresenceElsewhere, PresenceHere } from '../presence/elsewhere.ts';
import { Ring } from '../presence/ring.ts';
import {
  PRESENCE_AGAIN_INTERVAL_MS,
  PRESENCE_AGAIN_PER_TURN_MAX_COUNT,
  PRESENCE_LEAVING_MS,
  PRESENCE_UNHEARD_MS,
} from './limits.ts';
import type { NodeList } from './node-list.ts';
import { decodePresence, presenceTopic, type PresenceMessage } from './presence-message.ts';
import { PresenceOutbox } from './presence-outbox.ts';
import { PresenceSources } from './presence-sources.ts';

export interface PresenceNodesParts {
  readonly node: string;
  readonly nodes: NodeList;
  readonly bus: NodeBus;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly here: PresenceHere;
}

export class PresenceNodes implements PresenceElsewhere {
  readonly #parts: PresenceNodesParts;
  readonly #sources = new PresenceSources();
  readonly #outbox: PresenceOutbox;
  #ring: Ring;
  /** Nodes that go as planned, and until when their users count as they were. */
  readonly #leaving = new Map<string, number>();
  /** Watched since the nodes changed, and nobody said anything of them. Undefined when that was long ago. */
  #unheard: Set<UserId> | undefined;
  #order = 0;
  readonly #ends: (() => void)[];

  constructor(parts: PresenceNodesParts) {
    const { node, nodes, bus, timers } = parts;
    this.#parts = parts;
    this.#ring = new Ring([node]);
    this.#outbox = new PresenceOutbox({
      ...parts,
      listOf: (watcher, owner) =>
        [...(parts.here.listOf(watcher) ?? [])].filter((user) => this.#ring.ownerOf(user) === owner),
      toSelf: (message) => this.#heard(message),
    });
    const heard = bus.subscribe(presenceTopic(node), (payload) => {
      const message = decodePresence(payload);
      if (message !== undefined) this.#heard(message);
    });
    const again: Timer = timers.every(PRESENCE_AGAIN_INTERVAL_MS, () => {
      this.#forget();
      this.#sayAgain();
    });
    this.#ends = [() => heard[Symbol.dispose](), () => again.cancel(), () => this.#outbox.stop()];
    nodes.follow((rows, changed) => {
      if (changed) this.#nodesChanged(rows.map((row) => row.node));
    });
  }

  transition(user: UserId, status: Status): void {
    this.#outbox.status(this.#ring.ownerOf(user), user, status);
  }

  touched(watcher: UserId, user: UserId): void {
    this.#outbox.list(this.#ring.ownerOf(user), watcher);
  }

  contactsChanged(user: UserId, others: readonly UserId[]): void {
    this.#outbox.contacts(this.#ring.ownerOf(user), user, others);
  }

  leave(): void {
    this.#outbox.leaving(this.#parts.nodes.live.map((row) => row.node));
  }

  stop(): void {
    for (const end of this.#ends) end();
  }

  #nodesChanged(live: readonly string[]): void {
    const { node, timers } = this.#parts;
    this.#ring = new Ring(live.length === 0 ? [node] : live);
    this.#unheard ??= new Set();
    timers.after(PRESENCE_UNHEARD_MS, () => this.#tellUnheard());
    this.#forget();
    this.#sayAgain();
  }

  #tellUnheard(): void {
    const { here } = this.#parts;
    for (const user of this.#unheard ?? []) if (here.shard.statusOf(user) === undefined) here.tellAgain(user);
    this.#unheard = undefined;
  }

  /** What dead nodes said, what is too old, and who is another node's now: that one tells of them. */
  #forget(): void {
    const { clock, nodes, here, timers } = this.#parts;
    const nowMs = clock.monotonic();
    for (const [node, untilMs] of this.#leaving) {
      if (untilMs <= nowMs) this.#leaving.delete(node);
      else timers.after(untilMs - nowMs, () => this.#forget());
    }
    const isOwned = (user: UserId) => this.#isOwned(user);
    const isGone = (node: string) => !nodes.has(node) && !this.#leaving.has(node);
    const { users, pairs } = this.#sources.forget({ isGone, isOwned, nowMs });
    for (const [watcher, user] of pairs) this.#watched(watcher, user);
    for (const user of users) {
      if (isOwned(user)) this.#update(user);
      else here.shard.drop(user);
    }
  }

  #heard({ node, statuses, lists, contacts, leaving }: PresenceMessage): void {
    const { clock, here } = this.#parts;
    const nowMs = clock.monotonic();
    if (leaving === true) this.#leaving.set(node, nowMs + PRESENCE_LEAVING_MS);
    for (const [user, status] of statuses) {
      this.#sources.noteStatus(user, status, nowMs);
      this.#update(user);
    }
    for (const [watcher, users] of lists) {
      for (const user of this.#sources.noteList(node, watcher, new Set(users), nowMs)) {
        this.#watched(watcher, user);
      }
    }
    for (const [user, others] of contacts) for (const other of others) here.pairChanged(user, other);
  }

  #watched(watcher: UserId, user: UserId): void {
    const { shard } = this.#parts.here;
    if (!this.#sources.watches(watcher, user)) return shard.unwatch(watcher, user);
    if (!shard.isWatched(user)) this.#unheard?.add(user);
    shard.watch(watcher, user);
  }

  /** From what the nodes say of a user to what is told. */
  #update(user: UserId): void {
    const { clock, here } = this.#parts;
    const known = here.shard.statusOf(user);
    const said = this.#sources.statusOf(user);
    const state = said?.state ?? 'offline';
    const isNews = state !== (known?.state ?? 'offline');
    const isMoved = state !== 'offline' && said?.node !== known?.node;
    if (!this.#isOwned(user) || (!isNews && !isMoved)) return;
    // One node orders what is told of a user: transitions of several nodes have no order among them.
    this.#order = Math.max(this.#order + 1, Math.round(clock.now()));
    const status: Status = {
      node: this.#parts.node,
      ...known,
      ...said,
      lastSeen: Math.max(said?.lastSeen ?? 0, known?.lastSeen ?? 0),
      state,
      sessionStart: this.#order,
      counter: 0,
    };
    if (here.shard.apply(user, status, clock.monotonic())) here.changed(user, status, isNews);
  }

  #isOwned(user: UserId): boolean {
    return this.#ring.ownerOf(user) === this.#parts.node;
  }

  #sayAgain(): void {
    const { here } = this.#parts;
    this.#slices(here.statuses(), ([user, status]) => this.transition(user, status));
    this.#slices(here.lists(), ([watcher, users]) => {
      for (const user of users) this.touched(watcher, user);
    });
  }

  #slices<Row>(rows: Iterable<Row>, call: (row: Row) => void): void {
    const all = rows[Symbol.iterator]();
    const turn = () => {
      for (let count = 0; count < PRESENCE_AGAIN_PER_TURN_MAX_COUNT; count += 1) {
        const next = all.next();
        if (next.done === true) return;
        call(next.value);
      }
      this.#parts.timers.soon(turn);
    };
    turn();
  }
}
