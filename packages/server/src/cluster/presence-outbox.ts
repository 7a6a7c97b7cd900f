// What is to be said of presence to each node: gathered for a moment, and said in few messages.
import type { UserId } from '@parley/protocol/ids';
import type { NodeBus } from '@parley/ports/node-bus';
import type { Status } from '@parley/ports/status-cache';
import type { Timer, Timers } from '@parley/ports/timers';
import { PRESENCE_SEND_MS, PRESENCE_USERS_PER_MESSAGE_MAX_COUNT } from './limits.ts';
import { encodePresence, presenceTopic, type PresenceMessage } from './presence-message.ts';

export interface PresenceOutboxParts {
  readonly node: string;
  readonly bus: NodeBus;
  readonly timers: Timers;
  /** Whom of that node's users the watcher watches. */
  readonly listOf: (watcher: UserId, owner: string) => readonly UserId[];
  readonly toSelf: (message: PresenceMessage) => void;
}

/** Of one node. Each user and watcher has one place: what is newer takes it. */
interface Waiting {
  readonly statuses: Map<UserId, Status>;
  readonly lists: Set<UserId>;
  readonly contacts: Map<UserId, Set<UserId>>;
}

export class PresenceOutbox {
  readonly #parts: PresenceOutboxParts;
  #waiting = new Map<string, Waiting>();
  #timer: Timer | undefined;

  constructor(parts: PresenceOutboxParts) {
    this.#parts = parts;
  }

  status(owner: string, user: UserId, status: Status): void {
    this.#of(owner).statuses.set(user, status);
  }

  list(owner: string, watcher: UserId): void {
    this.#of(owner).lists.add(watcher);
  }

  contacts(owner: string, user: UserId, others: readonly UserId[]): void {
    const { contacts } = this.#of(owner);
    contacts.set(user, new Set([...(contacts.get(user) ?? []), ...others]));
  }

  /** Says it at once, with what waits. */
  leaving(nodes: readonly string[]): void {
    this.#send();
    const { node } = this.#parts;
    const empty = { node, statuses: [], lists: [], contacts: [] };
    for (const other of nodes) this.#say(other, { ...empty, leaving: true });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#waiting.clear();
  }

  #of(owner: string): Waiting {
    this.#timer ??= this.#parts.timers.after(PRESENCE_SEND_MS, () => this.#send());
    const waiting = this.#waiting.get(owner) ?? {
      statuses: new Map(),
      lists: new Set(),
      contacts: new Map(),
    };
    this.#waiting.set(owner, waiting);
    return waiting;
  }

  #send(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const all = this.#waiting;
    this.#waiting = new Map();
    for (const [owner, { statuses, lists, contacts }] of all) {
      const { node, listOf } = this.#parts;
      let message = new Filling(node);
      const take = (users: number, add: (filling: Filling) => void) => {
        if (message.users > 0 && message.users + users > PRESENCE_USERS_PER_MESSAGE_MAX_COUNT) {
          this.#say(owner, message);
          message = new Filling(node);
        }
        message.users += users;
        add(message);
      };
      for (const row of statuses) take(1, (filling) => filling.statuses.push(row));
      for (const watcher of lists) {
        const users = listOf(watcher, owner);
        take(users.length + 1, (filling) => filling.lists.push([watcher, users]));
      }
      for (const [user, others] of contacts) {
        take(others.size + 1, (filling) => filling.contacts.push([user, [...others]]));
      }
      if (message.users > 0) this.#say(owner, message);
    }
  }

  #say(owner: string, message: PresenceMessage): void {
    if (owner === this.#parts.node) this.#parts.toSelf(message);
    else this.#parts.bus.publish(presenceTopic(owner), encodePresence(message));
  }
}

class Filling implements PresenceMessage {
  readonly node: string;
  readonly statuses: (readonly [UserId, Status])[] = [];
  readonly lists: (readonly [UserId, readonly UserId[]])[] = [];
  readonly contacts: (readonly [UserId, readonly UserId[]])[] = [];
  users = 0;

  constructor(node: string) {
    this.node = node;
  }
}
