// Which conversations this node numbers, and who numbers the others: shards on lease, given up as planned or by time.
// A hint throughout: should two nodes hold themselves for the owner, the token in the store lets one of them write.
import type { ConversationId } from '@parley/protocol/ids';
import type { Clock } from '@parley/ports/clock';
import type { LeaseStore, NodeRow } from '@parley/ports/lease-store';
import type { Log } from '@parley/ports/log';
import type { NodeBus } from '@parley/ports/node-bus';
import type { Timers } from '@parley/ports/timers';
import { KeyedQueue } from '../account/keyed-queue.ts';
import { HAND_OVER_LOOK_MS, HAND_OVER_MAX_MS, NODE_LEASE_MS, SHARDS_MOVE_MAX_MS } from './limits.ts';
import type { NodeList } from './node-list.ts';
import { nodesOfShards, shardOf } from './shards.ts';
import { shardsTopic } from './topics.ts';

export type Place =
  | { readonly kind: 'here' }
  | { readonly kind: 'there'; readonly node: string }
  /** Nobody whom this node knows of: that passes. */
  | { readonly kind: 'nobody' };

export interface OwnershipParts {
  readonly node: string;
  readonly nodes: NodeList;
  readonly leases: LeaseStore;
  readonly bus: NodeBus;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** Drops what is in memory of these conversations; false while something of them is being stored. */
  readonly forget: (which: (conversation: ConversationId) => boolean) => boolean;
}

/** The store is asked by one at a time. */
const LEASES = 'leases';

export class Ownership {
  readonly #parts: OwnershipParts;
  /** Shards on lease, and until when by the monotonic clock. */
  readonly #held = new Map<number, number>();
  /** Of these, those that are being given up: nothing new is taken on. */
  readonly #leaving = new Set<number>();
  /** Lost while something was being stored, whose owners are still in memory. */
  readonly #unclean = new Set<number>();
  /** The node that each shard is to have. */
  #wanted: readonly string[] = [];
  /** Who has it, as far as it was read. */
  #owners: ReadonlyMap<number, string> = new Map();
  #unsettledUntilMs = 0;
  #doubted = false;
  #state: 'taking' | 'giving_up' = 'taking';
  readonly #turns = new KeyedQueue();
  readonly #heard: Disposable;

  constructor(parts: OwnershipParts) {
    this.#parts = parts;
    parts.nodes.follow((rows, changed) => this.#follow(rows, changed));
    this.#heard = parts.bus.subscribe(shardsTopic(parts.node), () => {
      // What is free now is this node's: it need not wait for its next look. Does not reject.
      void parts.nodes.look();
    });
  }

  placeOf(conversation: ConversationId): Place {
    const shard = shardOf(conversation);
    if (this.#isHere(shard)) return { kind: 'here' };
    const { node: self, nodes } = this.#parts;
    const present = this.#owners.get(shard);
    const node =
      present !== undefined && present !== self && nodes.has(present) ? present : this.#wanted[shard];
    return node === undefined || node === self ? { kind: 'nobody' } : { kind: 'there', node };
  }

  /** Whether this node may number it. */
  owns(conversation: ConversationId): boolean {
    return this.#isHere(shardOf(conversation));
  }

  /** Whether what this node has in memory of it is the present state: nobody else can have written. */
  trusts(conversation: ConversationId): boolean {
    return (this.#held.get(shardOf(conversation)) ?? 0) > this.#parts.clock.monotonic();
  }

  holds(shard: number): boolean {
    return this.#isHere(shard);
  }

  /** How many shards this node has. */
  get size(): number {
    return this.#held.size;
  }

  /** An owner is not where it should be. */
  doubt(): void {
    this.#doubted = true;
    this.#parts.nodes.doubt();
  }

  /** Gives everything up, and takes nothing more. Never rejects: what could not be given up ends by itself. */
  async giveUp(): Promise<void> {
    this.#state = 'giving_up';
    // What is being taken right now is given up as well.
    await this.#turns.run(LEASES, () => Promise.resolve());
    await this.#handOver([...this.#held.keys()]);
  }

  stop(): void {
    this.#heard[Symbol.dispose]();
  }

  #isHere(shard: number): boolean {
    return this.#held.has(shard) && !this.#leaving.has(shard);
  }

  async #follow(rows: readonly NodeRow[], changed: boolean): Promise<void> {
    const { clock, leases } = this.#parts;
    if (changed) {
      this.#wanted = nodesOfShards(rows.map((row) => row.node));
      this.#unsettledUntilMs = clock.monotonic() + SHARDS_MOVE_MAX_MS;
    }
    if (this.#state === 'taking') await this.#turns.run(LEASES, () => this.#renew());
    if (this.#doubted || clock.monotonic() < this.#unsettledUntilMs) {
      this.#doubted = false;
      this.#owners = await leases.owners();
    }
  }

  /** Takes what this node is to have, keeps what it has, and begins to give up what others are to have. */
  async #renew(): Promise<void> {
    const { node, leases, clock } = this.#parts;
    const beforeMs = clock.monotonic();
    this.#lose([...this.#held].flatMap(([shard, untilMs]) => (untilMs <= beforeMs ? [shard] : [])));
    if (this.#unclean.size > 0) this.#clean();
    const wanted = this.#wanted.flatMap((of, shard) =>
      of === node && !this.#unclean.has(shard) ? [shard] : [],
    );
    const taken = new Set(
      await leases.take(node, [...new Set([...wanted, ...this.#held.keys()])], NODE_LEASE_MS),
    );
    this.#lose([...this.#held.keys()].filter((shard) => !taken.has(shard)));
    for (const shard of taken) this.#held.set(shard, beforeMs + NODE_LEASE_MS);
    const others = [...this.#held.keys()].filter(
      (shard) => this.#wanted[shard] !== node && !this.#leaving.has(shard),
    );
    // It takes its time, and handles its failures.
    if (others.length > 0) void this.#handOver(others);
  }

  /** Somebody else may have them: what is in memory of their conversations is not true any more. */
  #lose(shards: readonly number[]): void {
    if (shards.length === 0) return;
    for (const shard of shards) {
      this.#held.delete(shard);
      this.#leaving.delete(shard);
      this.#unclean.add(shard);
    }
    this.#parts.log.warn({ shards: shards.length }, 'shards were lost to other nodes');
    this.#clean();
  }

  #clean(): void {
    if (this.#parts.forget((conversation) => this.#unclean.has(shardOf(conversation)))) this.#unclean.clear();
  }

  /** Takes nothing new on, lets what is being stored end, forgets, and only then lets others have them. */
  async #handOver(shards: readonly number[]): Promise<void> {
    const { clock, forget, log } = this.#parts;
    const going = new Set(shards);
    for (const shard of going) this.#leaving.add(shard);
    const untilMs = clock.monotonic() + HAND_OVER_MAX_MS;
    const isGone = () => forget((conversation) => going.has(shardOf(conversation)));
    while (!isGone() && clock.monotonic() < untilMs) await this.#pause();
    try {
      await this.#turns.run(LEASES, () => this.#release(shards));
    } catch (error) {
      log.warn({ error }, 'shards could not be released: others have to wait for the end of their lease');
    }
  }

  async #release(shards: readonly number[]): Promise<void> {
    const { node, leases, bus } = this.#parts;
    const given = shards.filter((shard) => this.#leaving.has(shard));
    // One whose lease ended meanwhile may be held again: it stays.
    for (const shard of given) {
      this.#held.delete(shard);
      this.#leaving.delete(shard);
      this.#unclean.add(shard);
    }
    this.#clean();
    await leases.release(node, given);
    const heirs = nodesOfShards(
      this.#parts.nodes.live.map((row) => row.node).filter((name) => name !== node),
    );
    for (const heir of new Set(given.flatMap((shard) => heirs[shard] ?? []))) {
      bus.publish(shardsTopic(heir), '{"v":1}');
    }
  }

  #pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#parts.timers.after(HAND_OVER_LOOK_MS, resolve);
    return promise;
  }
}
