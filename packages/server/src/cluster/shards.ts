// Which shard a conversation is of, and which node is to have which shard.
import type { ConversationId } from '@parley/protocol/ids';
import { SHARDS_COUNT } from '@parley/ports/lease-store';
import { hash, Ring } from '../presence/ring.ts';

export function shardOf(conversation: ConversationId): number {
  return hash(conversation) % SHARDS_COUNT;
}

/** The node of each shard, by number; the same on every node that knows the same ones. Nobody, without nodes. */
export function nodesOfShards(nodes: readonly string[]): readonly string[] {
  if (nodes.length === 0) return [];
  const ring = new Ring(nodes);
  return Array.from({ length: SHARDS_COUNT }, (_, shard) => ring.ownerOf(`shard ${shard}`));
}
