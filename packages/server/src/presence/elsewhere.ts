// What presence needs where users are spread over nodes, and what the nodes ask of it.
import type { UserId } from '@parley/protocol/ids';
import type { Status } from '@parley/ports/status-cache';
import type { PresenceShard } from './presence-shard.ts';

/** The way to the nodes that own users' presence, this one among them. */
export interface PresenceElsewhere {
  /** A user's sessions of this node have changed. */
  transition(user: UserId, status: Status): void;
  /** A watcher with sessions on this node watches the user from now on, or does so no more. */
  touched(watcher: UserId, user: UserId): void;
  /** The user took these into the contacts or out of them. */
  contactsChanged(user: UserId, others: readonly UserId[]): void;
  /** This node is going, and its users come back on others: nobody is to take them for offline meanwhile. */
  leave(): void;
  stop(): void;
}

/** A node's own part. */
export interface PresenceHere {
  /** The users that this node owns. */
  readonly shard: PresenceShard;
  /** Whose sessions are on this node. */
  statuses(): Iterable<readonly [UserId, Status]>;
  /** Whom they watch. */
  lists(): Iterable<readonly [UserId, ReadonlySet<UserId>]>;
  listOf(watcher: UserId): ReadonlySet<UserId> | undefined;
  /** The shard has another status of the user: it is stored, and told where it is news. */
  changed(user: UserId, status: Status, isNews: boolean): void;
  /** The watchers are told again how present the user is. */
  tellAgain(user: UserId): void;
  pairChanged(user: UserId, watcher: UserId): void;
}
