// This node among others: joins them, takes its share of the conversations, hands it over when it goes.
import type { ConversationId } from '@parley/protocol/ids';
import type { ChatServerOptions } from '../chat-server-options.ts';
import type { PresenceService } from '../presence/presence-service.ts';
import type { ClusterOptions } from './cluster-options.ts';
import { Forwarding, type ForwardingParts } from './forwarding.ts';
import { NodeList } from './node-list.ts';
import { Ownership } from './ownership.ts';
import { PresenceNodes } from './presence-nodes.ts';

export interface NodeLifeParts {
  /** How many sessions this node holds. */
  readonly sessions: () => number;
  /** Drops what is in memory of these conversations; false while something of them is being stored. */
  readonly forget: (which: (conversation: ConversationId) => boolean) => boolean;
}

/** Whoever has it leads. */
const LEADING_SHARD = 0;

type Perform = ForwardingParts['perform'];

export class NodeLife {
  readonly nodes: NodeList;
  readonly ownership: Ownership;
  readonly #options: ChatServerOptions;
  readonly #cluster: ClusterOptions;
  #forwarding: Forwarding | undefined;

  constructor(options: ChatServerOptions, cluster: ClusterOptions, parts: NodeLifeParts) {
    const { clock, timers, log } = options;
    const { node, url, bus, leases } = cluster;
    this.#options = options;
    this.#cluster = cluster;
    const common = { node, leases, clock, timers, log };
    this.nodes = new NodeList({ ...common, url, sessions: parts.sessions });
    this.ownership = new Ownership({ ...common, nodes: this.nodes, bus, forget: parts.forget });
  }

  /** Requests whose conversation another node numbers go there, and those of other nodes are carried out here. */
  forward(perform: Perform): Forwarding['carry'] {
    const { ownership } = this;
    const { node, bus } = this.#cluster;
    const forwarding = new Forwarding({ ...this.#options, node, bus, ownership, perform });
    this.#forwarding = forwarding;
    return forwarding.carry.bind(forwarding);
  }

  /** Each node owns the presence of its share of the users. */
  share(presence: PresenceService): void {
    const { clock, timers } = this.#options;
    const { node, bus } = this.#cluster;
    const { nodes } = this;
    presence.join((here) => new PresenceNodes({ node, nodes, bus, clock, timers, here }));
  }

  /** Rejects where the others cannot be reached. */
  start(): Promise<void> {
    return this.nodes.start();
  }

  /** From here on others number what this node did; requests of its clients are still carried out, by them. */
  async handOver(): Promise<void> {
    try {
      await this.nodes.leave();
    } catch (error) {
      this.#options.log.warn({ error }, 'the other nodes could not be told that this one goes');
    }
    await this.ownership.giveUp();
  }

  /** One node does what is to be done once for all of them. Two may for a moment, and nobody for some seconds. */
  get leads(): boolean {
    return this.ownership.holds(LEADING_SHARD);
  }

  /** True when nothing is carried out for other nodes. */
  get idle(): boolean {
    return this.#forwarding?.idle ?? true;
  }

  stop(): void {
    this.#forwarding?.stop();
    this.ownership.stop();
    this.nodes.stop();
  }
}
