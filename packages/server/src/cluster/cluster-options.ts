// What makes a chat server one node of several: its name, and what the nodes share besides the stores.
import type { ConnectionRegistry } from '@parley/ports/connection-registry';
import type { LeaseStore } from '@parley/ports/lease-store';
import type { NodeBus } from '@parley/ports/node-bus';

export interface ClusterOptions {
  /** Its name, which no other node has. Kept over a restart it keeps its share of the conversations. */
  readonly node: string;
  /** Where clients reach it. */
  readonly url: string;
  readonly bus: NodeBus;
  readonly registry: ConnectionRegistry;
  readonly leases: LeaseStore;
}
