// From a push to the sessions that other nodes hold: one look-up for many users, one bus message a node. All hints.
import type { UserId } from '@parley/protocol/ids';
import type { Clock } from '@parley/ports/clock';
import type { ConnectionRegistry, Route } from '@parley/ports/connection-registry';
import type { Log } from '@parley/ports/log';
import type { NodeBus } from '@parley/ports/node-bus';
import type { Timers } from '@parley/ports/timers';
import type { LiveSession, LiveSessions } from '../connection/live-sessions.ts';
import {
  BUS_FRAME_MAX_BYTES,
  BUS_PUSHES_MAX_BYTES,
  BUS_USER_BYTES,
  FAILURE_LOG_INTERVAL_MS,
  PUSHES_PER_LOOKUP_MAX_COUNT,
  PUSHES_WAITING_MAX_COUNT,
  PUSHES_WAITING_MAX_UNITS,
  ROUTES_LOOKUP_MAX_MS,
} from './delivery-limits.ts';
import { decodePushes, encodePushes, type Push } from './push-message.ts';
import { pushesTopic } from './topics.ts';
import { within } from './within.ts';

export interface ElsewhereParts {
  readonly node: string;
  readonly bus: NodeBus;
  readonly registry: ConnectionRegistry;
  readonly sessions: LiveSessions;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** The session is to look at its queue: something was too long to be pushed. */
  readonly look: (session: LiveSession) => void;
}

interface Waiting {
  readonly users: readonly UserId[];
  readonly frame: string;
  /** It came from another node, which had an old entry of the registry. */
  readonly again: boolean;
}

export class Elsewhere implements Disposable {
  readonly #parts: ElsewhereParts;
  readonly #subscription: Disposable;
  #waiting: Waiting[] = [];
  #waitingUnits = 0;
  #running: Promise<void> | undefined;
  #logAtMs = 0;

  constructor(parts: ElsewhereParts) {
    this.#parts = parts;
    this.#subscription = parts.bus.subscribe(pushesTopic(parts.node), (payload) => this.#receive(payload));
  }

  /** Gives the frame to the sessions of these users on other nodes, soon. The array is not to be changed. */
  push(users: readonly UserId[], frame: string): void {
    if (users.length > 0) this.#add({ users, frame, again: false });
  }

  /** True when nothing waits. */
  get idle(): boolean {
    return this.#running === undefined;
  }

  /** Resolves once what waits is with the bus, or was given up. Never rejects. */
  async flushed(): Promise<void> {
    await this.#running;
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
  }

  #add(push: Waiting): void {
    const units = this.#waitingUnits + push.frame.length;
    if (this.#waiting.length >= PUSHES_WAITING_MAX_COUNT || units > PUSHES_WAITING_MAX_UNITS) {
      return this.#failed('too many pushes wait for the registry');
    }
    this.#waiting.push(push);
    this.#waitingUnits = units;
    this.#running ??= this.#run();
  }

  /** One look-up at a time: what is pushed meanwhile goes with the next, and pushes keep their order. */
  async #run(): Promise<void> {
    await this.#endOfTick();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, PUSHES_PER_LOOKUP_MAX_COUNT);
      for (const { frame } of batch) this.#waitingUnits -= frame.length;
      try {
        await this.#carry(batch);
      } catch (error) {
        this.#failed('pushes did not reach other nodes', error);
      }
    }
    this.#running = undefined;
  }

  #endOfTick(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#parts.timers.soon(resolve);
    return promise;
  }

  async #carry(batch: readonly Waiting[]): Promise<void> {
    const { node, registry, timers, bus } = this.#parts;
    const users = [...new Set(batch.flatMap((push) => push.users))];
    const routes = await within(timers, ROUTES_LOOKUP_MAX_MS, registry.find(users));
    const nodesOf = new Map<UserId, Set<string>>();
    for (const route of routes) {
      if (route.node === node) continue;
      const nodes = nodesOf.get(route.user);
      if (nodes === undefined) nodesOf.set(route.user, new Set([route.node]));
      else nodes.add(route.node);
    }
    for (const again of [false, true]) {
      const those = batch.filter((push) => push.again === again);
      for (const [other, pushes] of byNode(those, nodesOf)) {
        for (const some of messagesOf(pushes)) {
          bus.publish(pushesTopic(other), encodePushes({ again, pushes: some }));
        }
      }
    }
    await this.#cleanUp(routes);
  }

  /** Entries of the registry for users of whom this node has no session: somebody was sent here for nothing. */
  async #cleanUp(routes: readonly Route[]): Promise<void> {
    const { node, registry, sessions, timers } = this.#parts;
    // A session is attached before it is registered, so none of these is of one that just came.
    const stale = routes.filter((route) => route.node === node && sessions.count(route.user) === 0);
    if (stale.length > 0) await within(timers, ROUTES_LOOKUP_MAX_MS, registry.unregister(stale));
  }

  #receive(payload: string): void {
    const { sessions, look } = this.#parts;
    const message = decodePushes(payload);
    if (message === undefined) return;
    for (const { users, frame } of message.pushes) {
      if (frame === undefined) {
        for (const user of users) for (const session of sessions.of(user)) look(session);
        continue;
      }
      sessions.pushHere(users, frame);
      const missed = users.filter((user) => sessions.count(user) === 0);
      // One look-up more, and no third: then the inbox carries it.
      if (missed.length > 0 && !message.again) this.#add({ users: missed, frame, again: true });
    }
  }

  #failed(what: string, error?: unknown): void {
    const nowMs = this.#parts.clock.monotonic();
    if (nowMs < this.#logAtMs) return;
    this.#logAtMs = nowMs + FAILURE_LOG_INTERVAL_MS;
    this.#parts.log.warn({ error }, what);
  }
}

/** By node, what its sessions get, in order. */
function byNode(
  batch: readonly Waiting[],
  nodesOf: ReadonlyMap<UserId, ReadonlySet<string>>,
): ReadonlyMap<string, Push[]> {
  const all = new Map<string, Push[]>();
  for (const { users, frame } of batch) {
    const usersOf = new Map<string, UserId[]>();
    for (const user of users) {
      for (const node of nodesOf.get(user) ?? []) {
        const there = usersOf.get(node);
        if (there === undefined) usersOf.set(node, [user]);
        else there.push(user);
      }
    }
    for (const [node, there] of usersOf) {
      const pushes = all.get(node) ?? [];
      all.set(node, pushes);
      pushes.push({ users: there, frame });
    }
  }
  return all;
}

/** Cut where a message would be too long for the bus. Exported for its test. */
export function* messagesOf(pushes: readonly Push[]): Generator<readonly Push[]> {
  let message: Push[] = [];
  let bytes = 0;
  for (const { users, frame } of pushes) {
    const frameBytes = frame === undefined ? 0 : Buffer.byteLength(frame);
    const isLong = frameBytes > BUS_FRAME_MAX_BYTES;
    const push = isLong ? { users, frame: undefined } : { users, frame };
    const own = (isLong ? 0 : frameBytes) + users.length * BUS_USER_BYTES + BUS_USER_BYTES;
    if (message.length > 0 && bytes + own > BUS_PUSHES_MAX_BYTES) {
      yield message;
      message = [];
      bytes = 0;
    }
    message.push(push);
    bytes += own;
  }
  if (message.length > 0) yield message;
}
