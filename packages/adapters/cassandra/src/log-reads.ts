// Pages of a log: entries without a hole up to the head that the page names, with the states of those that changed.
import type { Page, ReadRange, StoredEntry, StoredState } from '@parley/ports/message-store';
import type { Seq } from '@parley/protocol/ids';
import type { LogParts } from './log-parts.ts';
import type { StateTable } from './state-table.ts';

/** Rows that one step of a read fetches: a read that `maxBytes` ends early fetches at most so many in vain. */
const STEP_ROWS_COUNT = 128;

/** A read on its way through the buckets. */
interface Walk {
  readonly entries: StoredEntry[];
  /** Everything up to here was looked at. */
  cursor: Seq;
  bytes: number;
  bucket: number;
  /** The highest that a bucket on the way named. */
  floor: Seq;
}

export class LogReads {
  readonly #parts: Pick<LogParts, 'buckets' | 'table' | 'logs' | 'map'>;
  readonly #states: StateTable;

  constructor(parts: Pick<LogParts, 'buckets' | 'table' | 'logs' | 'map'>, states: StateTable) {
    this.#parts = parts;
    this.#states = states;
  }

  async read(range: ReadRange): Promise<Page> {
    const { conversation, after } = range;
    const { logs, map } = this.#parts;
    const [{ floor: known }, first] = await Promise.all([
      logs.read(conversation),
      map.holding(conversation, after + 1),
    ]);
    if (first === undefined) return { entries: [], states: [], head: 0, floor: 0 };
    const begin = known > after ? ((await map.holding(conversation, known + 1)) ?? first) : first;
    const cursor = Math.max(after, known);
    const walk: Walk = { entries: [], cursor, bytes: 0, bucket: begin, floor: known };
    let states: StoredState[] = [];
    for (let pass = 0; ; pass += 1) {
      const looked = walk.entries.length;
      const head = await this.#walk(walk, range);
      const more = walk.entries.slice(looked);
      // What the last pass fetched was read before its states were, and this head after them.
      if (pass > 0 && more.length === 0) return pageOf(walk, states, head);
      states = states.concat(await this.#statesOf(range, more));
      // A state is put after the entry that it folds in: then the log has gone on meanwhile, and so does the read.
      if (head >= Math.max(0, ...states.map((state) => state.asOf))) return pageOf(walk, states, head);
    }
  }

  /** Fetches what there is until the range, the limit or the log ends, and returns the log's head. */
  async #walk(walk: Walk, range: ReadRange): Promise<Seq> {
    const { conversation, to, limit, maxBytes } = range;
    const { table, buckets, map } = this.#parts;
    for (;;) {
      const step = Math.min(STEP_ROWS_COUNT, limit - walk.entries.length);
      if (walk.cursor >= to || step <= 0 || walk.bytes > maxBytes)
        return (await map.last(conversation, 'quorum'))?.head ?? 0;
      const bounds = { after: walk.cursor, to, limit: step };
      const found = await table.entries(conversation, walk.bucket, bounds);
      const cut = !take(walk, found.entries, maxBytes);
      if (cut || found.entries.length === step) continue;
      const bucket = found.bucket ?? (await table.bucket(conversation, walk.bucket));
      if (bucket === undefined) throw new Error(`bucket ${walk.bucket} of log ${conversation} is gone`);
      walk.floor = Math.max(walk.floor, bucket.floor);
      walk.cursor = Math.max(walk.cursor, Math.min(bucket.floor, to));
      // Only the statics beside entries are of the same moment: what came between has to be fetched.
      if (found.bucket === undefined && bucket.head > walk.cursor) continue;
      if (!buckets.isFull(bucket.number, bucket.head)) return bucket.head;
      const next = await map.next(conversation, bucket, 'quorum');
      if (next === undefined) return bucket.head;
      walk.bucket = next.number;
    }
  }

  async #statesOf(range: ReadRange, entries: readonly StoredEntry[]): Promise<readonly StoredState[]> {
    const [first, last] = [entries[0], entries.at(-1)];
    if (first === undefined || last === undefined) return [];
    return this.#states.between(range.conversation, first.seq, last.seq);
  }
}

/** Takes rows until `maxBytes` is passed; false where not all were taken. */
function take(walk: Walk, entries: readonly StoredEntry[], maxBytes: number): boolean {
  for (const entry of entries) {
    if (walk.bytes > maxBytes) return false;
    walk.entries.push(entry);
    walk.bytes += entry.body.length;
    walk.cursor = entry.seq;
  }
  return true;
}

/** Retention may have passed the read: what it dropped meanwhile is left out. */
function pageOf({ entries, floor }: Walk, states: readonly StoredState[], head: Seq): Page {
  const kept = entries.filter((entry) => entry.seq > floor);
  const seqs = new Set(kept.map((entry) => entry.seq));
  return { entries: kept, states: states.filter((state) => seqs.has(state.seq)), head, floor };
}
