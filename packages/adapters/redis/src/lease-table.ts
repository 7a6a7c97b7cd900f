// The leases of all nodes, in one hash of Redis, and what this node knows of them.
import type { Clock } from '@parley/ports/clock';
import type { Randomness } from '@parley/ports/randomness';
import {
  ENDED_GENERATIONS_MAX_COUNT,
  ENDED_REMEMBERED_MS,
  GENERATION_BYTES,
  LEASE_MAX_MS,
  LEASE_TABLE_LIFE_MS,
} from './limits.ts';
import type { RedisLink } from './redis-link.ts';
import { listOf, pairsOf, textOf } from './reply.ts';
import { Script } from './script.ts';

/**
 * One unbroken life of a node's lease. What was written under it counts while it lives, and never again: a lease that
 * ended, or that Redis lost, is followed by another generation.
 */
export interface Generation {
  readonly node: string;
  readonly generation: string;
}

interface Lease {
  readonly generation: string;
  /** By the monotonic clock of this node, never later than in Redis. */
  readonly untilMs: number;
}

// Ends are by the clock of Redis, of which there is one for the table: nodes tell it durations.
const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

const RENEW = new Script(`${NOW}
local node, held, fresh, length, life = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local function read(lease)
  local generation, ends = string.match(lease, '^(%x+) (%d+)$')
  return generation, tonumber(ends) or 0
end
local generation = fresh
local lease = redis.call('HGET', KEYS[1], node)
if lease then
  local there, ends = read(lease)
  if there == held and ends > now then generation = held end
end
if generation == fresh then
  local all = redis.call('HGETALL', KEYS[1])
  for at = 1, #all, 2 do
    local _, ends = read(all[at + 1])
    if ends <= now then redis.call('HDEL', KEYS[1], all[at]) end
  end
end
redis.call('HSET', KEYS[1], node, generation .. ' ' .. string.format('%.0f', now + length))
redis.call('PEXPIRE', KEYS[1], life)
return generation`);

const LOAD = new Script(`${NOW}
return { string.format('%.0f', now), redis.call('HGETALL', KEYS[1]) }`);

export interface LeaseTableParts {
  readonly link: RedisLink;
  readonly key: string;
  readonly clock: Clock;
  readonly randomness: Randomness;
}

export class LeaseTable {
  readonly #parts: LeaseTableParts;
  /** Of the nodes that this adapter renews. */
  readonly #held = new Map<string, Lease>();
  /** As the table was when it was read last. */
  #live = new Map<string, Lease>();
  /**
   * Generations that were seen, and then were not in the table, and until when that is remembered: each was in the
   * table before anything was written under it.
   */
  readonly #ended = new Map<string, number>();
  #loading: Promise<void> | undefined;
  #nextLoad: Promise<void> | undefined;

  constructor(parts: LeaseTableParts) {
    this.#parts = parts;
  }

  /** The generation under which a node of this adapter may write now. */
  held(node: string): string | undefined {
    const lease = this.#held.get(node);
    return lease !== undefined && lease.untilMs > this.#parts.clock.monotonic()
      ? lease.generation
      : undefined;
  }

  /** Gives the lease a new end. True when it lived until now, so that what was written under it still counts. */
  async renew(node: string, until: number): Promise<boolean> {
    const { link, key, clock, randomness } = this.#parts;
    const lengthMs = Math.ceil(until - clock.now());
    if (lengthMs > LEASE_MAX_MS) throw new RangeError(`a lease of ${lengthMs} ms`);
    if (lengthMs <= 0) return false;
    const before = this.#held.get(node)?.generation ?? '';
    const fresh = Buffer.from(randomness.bytes(GENERATION_BYTES)).toString('hex');
    const sentMs = clock.monotonic();
    const renewal = RENEW.on(key, node, before, fresh, lengthMs, LEASE_TABLE_LIFE_MS);
    const [reply] = await link.send([renewal], 'write');
    const generation = textOf(reply);
    const lease = { generation, untilMs: sentMs + lengthMs };
    this.#held.set(node, lease);
    this.#live.set(node, lease);
    return generation === before;
  }

  /** The nodes whose lease lives, as Redis has it now. */
  async nodes(): Promise<readonly string[]> {
    await this.#load();
    return [...this.#live.keys()];
  }

  /** Finds out which of the generations live, mostly without asking Redis. */
  async look(generations: readonly Generation[]): Promise<void> {
    if (generations.every((each) => this.isAlive(each) || this.isEnded(each))) return;
    await this.#load();
    for (const { node, generation } of generations) {
      if (this.#live.get(node)?.generation !== generation) this.#end(generation);
    }
  }

  /** As far as is known since the last look. One that is neither alive nor ended was about to end. */
  isAlive({ node, generation }: Generation): boolean {
    const lease = this.#live.get(node);
    return lease?.generation === generation && lease.untilMs > this.#parts.clock.monotonic();
  }

  isEnded({ generation }: Generation): boolean {
    return (this.#ended.get(generation) ?? Number.NEGATIVE_INFINITY) > this.#parts.clock.monotonic();
  }

  #end(generation: string): void {
    if (this.#ended.size >= ENDED_GENERATIONS_MAX_COUNT) this.#ended.clear();
    this.#ended.set(generation, this.#parts.clock.monotonic() + ENDED_REMEMBERED_MS);
  }

  /** Reads the table, once for all who ask while it is being read, and from after they asked. */
  #load(): Promise<void> {
    if (this.#loading === undefined) return (this.#loading = this.#read());
    this.#nextLoad ??= this.#loading
      .catch(() => undefined) // told to those who asked for it
      .then(() => {
        this.#nextLoad = undefined;
        return (this.#loading = this.#read());
      });
    return this.#nextLoad;
  }

  async #read(): Promise<void> {
    const { link, key, clock } = this.#parts;
    try {
      const sentMs = clock.monotonic();
      const [reply] = await link.send([LOAD.on(key)], 'read');
      const [time, leases] = listOf(reply);
      const live = new Map<string, Lease>();
      for (const [node, lease] of pairsOf(leases)) {
        const [generation = '', end] = lease.split(' ');
        const leftMs = Number(end) - Number(textOf(time));
        if (leftMs > 0) live.set(node, { generation, untilMs: sentMs + leftMs });
      }
      this.#live = live;
    } finally {
      this.#loading = undefined;
    }
  }
}
