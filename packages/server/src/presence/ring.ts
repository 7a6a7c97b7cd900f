// Which node has which share of something: rendezvous hashing, so that a node that comes or goes moves only its own.

export class Ring {
  readonly #nodes: readonly string[];

  /** At least one node; the order does not matter. */
  constructor(nodes: readonly string[]) {
    if (nodes.length === 0) throw new RangeError('a ring has at least one node');
    this.#nodes = nodes;
  }

  /** Of a user's presence, or of a shard of the conversations. */
  ownerOf(key: string): string {
    let best = this.#nodes[0] as string;
    if (this.#nodes.length === 1) return best;
    let bestScore = -1;
    for (const node of this.#nodes) {
      const score = hash(`${node} ${key}`);
      // Of two with the same score the lesser name wins, on every node.
      if (score > bestScore || (score === bestScore && node < best)) [best, bestScore] = [node, score];
    }
    return best;
  }
}

/** FNV-1a, and murmur's last step: ids that follow one another would be too much alike. */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
