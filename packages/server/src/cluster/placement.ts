// GET /v1/connect: which node a user is sent to. Consistent hashing with bounded loads: nobody is given far too many.
import type { NodeRow } from '@parley/ports/lease-store';
import { hash } from '../presence/ring.ts';
import { NODE_LOAD_MAX_FACTOR } from './delivery-limits.ts';

export interface Load {
  readonly node: string;
  readonly sessions: number;
}

/** How many sessions one node may be given while all have `total` of them together. */
export function loadBound(total: number, nodes: number): number {
  return Math.ceil((NODE_LOAD_MAX_FACTOR * (total + 1)) / nodes);
}

/**
 * The first node in the key's own order of them that has room for one more; undefined where there is no node. That which
 * has the fewest always has room.
 */
export function nodeFor(key: string, loads: readonly Load[]): string | undefined {
  const total = loads.reduce((sum, { sessions }) => sum + sessions, 0);
  const bound = loadBound(total, loads.length);
  let best: { readonly node: string; readonly score: number } | undefined;
  for (const { node, sessions } of loads) {
    if (sessions + 1 > bound) continue;
    const score = hash(`${node} ${key}`);
    if (best === undefined || score > best.score || (score === best.score && node < best.node))
      best = { node, score };
  }
  return best?.node;
}

export class Placement {
  readonly #nodes: () => readonly NodeRow[];
  /** Since this list was read, so many were sent to each node and are not counted there yet. */
  #given: { readonly rows: readonly NodeRow[]; readonly counts: Map<string, number> } | undefined;

  /** `nodes` gives another array each time when it was read anew. */
  constructor(nodes: () => readonly NodeRow[]) {
    this.#nodes = nodes;
  }

  /** Where a user is to connect; undefined while no node is known. */
  urlFor(key: string): string | undefined {
    const rows = this.#nodes();
    if (this.#given?.rows !== rows) this.#given = { rows, counts: new Map() };
    const { counts } = this.#given;
    const loads = rows.map(({ node, sessions }) => ({ node, sessions: sessions + (counts.get(node) ?? 0) }));
    const node = nodeFor(key, loads);
    if (node === undefined) return undefined;
    counts.set(node, (counts.get(node) ?? 0) + 1);
    return rows.find((row) => row.node === node)?.url;
  }
}
