// The status cache on Redis: a string per user, under its node's lease, and one write a renewal however many users.
import type { Clock } from '@parley/ports/clock';
import type { Status, StatusCache } from '@parley/ports/status-cache';
import type { UserId } from '@parley/protocol/ids';
import type { LeaseTable } from './lease-table.ts';
import { BATCH_MAX_COUNT, REPLACE_MAX_TRIES, REWRITE_AFTER_MS, STATUS_LIFE_MS } from './limits.ts';
import { type OwnStatus, OwnStatuses } from './own-statuses.ts';
import type { RedisLink } from './redis-link.ts';
import { textOrNone } from './reply.ts';
import { Script } from './script.ts';
import { formatStatus, parseStatus } from './status-record.ts';

/** Stores unless a newer one is there, which is then the reply; one that is dead may be named, and does not count. */
const SET = new Script(`
local function order(value)
  local start, counter = string.match(value, '^(%S+) (%S+) ')
  return tonumber(start), tonumber(counter)
end
local there = redis.call('GET', KEYS[1])
if there and there ~= ARGV[3] then
  local start, counter = order(ARGV[1])
  local otherStart, otherCounter = order(there)
  if otherStart > start or (otherStart == start and otherCounter > counter) then return there end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false`);

interface Write {
  readonly user: UserId;
  readonly value: string;
  readonly lifeMs: number;
}

/** Of a node that this adapter renews: when its statuses were written as a whole. */
interface Rewritten {
  readonly epoch: string;
  readonly atMs: number;
}

export interface RedisStatusCacheParts {
  readonly link: RedisLink;
  readonly leases: LeaseTable;
  readonly keyPrefix: string;
  readonly clock: Clock;
}

export class RedisStatusCache implements StatusCache {
  readonly #parts: RedisStatusCacheParts;
  readonly #own = new OwnStatuses();
  readonly #rewritten = new Map<string, Rewritten>();

  constructor(parts: RedisStatusCacheParts) {
    this.#parts = parts;
  }

  /** An entry that was set while its node's lease lives ends with that lease, whatever `until` says. */
  async set(user: UserId, status: Status, until: number): Promise<boolean> {
    const { leases, clock } = this.#parts;
    const isOffline = status.state === 'offline';
    const generation = isOffline ? undefined : leases.held(status.node);
    const lifeMs = generation === undefined ? Math.max(1, Math.ceil(until - clock.now())) : STATUS_LIFE_MS;
    const write = { user, value: formatStatus(status, generation), lifeMs };
    const [isStored = false] = await this.#write([write]);
    if (!isStored) return false;
    if (isOffline) this.#own.drop(user);
    // A renewal may have found meanwhile that the lease was lost.
    else
      this.#own.keep(
        { user, status, until },
        generation !== undefined && generation === leases.held(status.node),
      );
    return true;
  }

  /**
   * Writes the lease alone, and what it does not cover yet: what was set before the first renewal. All of the node's
   * statuses are written again when Redis lost the lease, or may have lost some of them, and before their keys end.
   */
  async renew(node: string, until: number): Promise<void> {
    const { link, leases, clock } = this.#parts;
    if (leases.held(node) === undefined) this.#own.dropEnded(node, clock.now());
    const { epoch } = link;
    const lived = await leases.renew(node, until);
    const last = this.#rewritten.get(node);
    const atMs = clock.monotonic();
    if (!lived || last?.epoch !== epoch || atMs - last.atMs >= REWRITE_AFTER_MS) {
      this.#own.distrust(node);
      this.#rewritten.set(node, { epoch, atMs });
    }
    await this.#save(node);
  }

  async get(users: readonly UserId[]): Promise<ReadonlyMap<UserId, Status>> {
    const { link, leases } = this.#parts;
    const asked = [...new Set(users)];
    const values = await link.values(asked.map((user) => this.#key(user)));
    const found = asked.flatMap((user, index) => {
      const value = textOrNone(values[index]);
      return value === undefined ? [] : [{ user, ...parseStatus(value) }];
    });
    await leases.look(found.flatMap(({ lease }) => lease ?? []));
    return new Map(
      found
        .filter(({ lease }) => lease === undefined || leases.isAlive(lease))
        .map(({ user, status }) => [user, status]),
    );
  }

  /** The connection belongs to the one who opened it. */
  async [Symbol.asyncDispose](): Promise<void> {}

  /** Writes what is not under the node's present lease. What fails stays for the next renewal. */
  async #save(node: string): Promise<void> {
    const unsaved = this.#own.unsaved(node);
    for (let start = 0; start < unsaved.length; start += BATCH_MAX_COUNT) {
      const generation = this.#parts.leases.held(node);
      if (generation === undefined) return;
      const some: readonly OwnStatus[] = unsaved.slice(start, start + BATCH_MAX_COUNT);
      const outcomes = await this.#write(
        some.map(({ user, status }) => ({
          user,
          value: formatStatus(status, generation),
          lifeMs: STATUS_LIFE_MS,
        })),
      );
      some.forEach((own, index) => this.#own.settle(own, outcomes[index] === true));
    }
  }

  /** Whether each was stored. What blocks one is replaced if it is dead; that it blocks is seen by its order alone. */
  async #write(writes: readonly Write[]): Promise<boolean[]> {
    const { link, leases } = this.#parts;
    const outcomes = writes.map(() => false);
    let pending = writes.map((write, index) => ({ write, index, dead: '' }));
    for (let attempt = 1; pending.length > 0 && attempt <= REPLACE_MAX_TRIES; attempt += 1) {
      const replies = await link.send(
        pending.map(({ write, dead }) => SET.on(this.#key(write.user), write.value, write.lifeMs, dead)),
        'write',
      );
      const blocked = pending.flatMap(({ write, index }, at) => {
        const value = textOrNone(replies[at]);
        if (value !== undefined) return [{ write, index, dead: value }];
        outcomes[index] = true;
        return [];
      });
      const leased = blocked.flatMap((each) => {
        const { lease } = parseStatus(each.dead);
        return lease === undefined ? [] : [{ each, lease }];
      });
      await leases.look(leased.map(({ lease }) => lease));
      pending = leased.filter(({ lease }) => leases.isEnded(lease)).map(({ each }) => each);
    }
    return outcomes;
  }

  #key(user: UserId): string {
    return `${this.#parts.keyPrefix}:status:${user}`;
  }
}
