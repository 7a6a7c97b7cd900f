// How changed messages are now. Plain writes, with the entry that is folded in last as their timestamp, so that an older
// state never beats a newer one, in whatever order they arrive.
import type { StoredState } from '@parley/ports/message-store';
import type { ConversationId, Seq } from '@parley/protocol/ids';
import type { CqlSession } from './cql-session.ts';

/** A partition's; by the seq alone, so that it is known where a state is without a look at the log. */
const STATES_BUCKET_SEQS_COUNT = 4_096;
/** Later than every seq: what retention dropped does not come back. Not a time. */
const DROPPED_TIMESTAMP = BigInt(Number.MAX_SAFE_INTEGER) + 1n;

export const STATE_STATEMENTS = {
  between:
    'SELECT seq, as_of, body FROM states WHERE conversation = ? AND bucket = ? AND seq >= ? AND seq <= ?',
  at: 'SELECT seq, as_of, body FROM states WHERE conversation = ? AND bucket = ? AND seq IN ?',
  put: 'UPDATE states USING TIMESTAMP ? SET as_of = ?, body = ? WHERE conversation = ? AND bucket = ? AND seq = ?',
  drop: 'DELETE FROM states USING TIMESTAMP ? WHERE conversation = ? AND bucket = ? AND seq <= ?',
} as const;

interface StateRow {
  readonly seq: bigint;
  readonly as_of: bigint;
  readonly body: string;
}

const bucketOf = (seq: Seq): number => Math.floor(seq / STATES_BUCKET_SEQS_COUNT);

export class StateTable {
  readonly #session: CqlSession;

  constructor(session: CqlSession) {
    this.#session = session;
  }

  /** In seq order. */
  async between(conversation: ConversationId, from: Seq, to: Seq): Promise<readonly StoredState[]> {
    const buckets: number[] = [];
    for (let bucket = bucketOf(from); bucket <= bucketOf(to); bucket += 1) buckets.push(bucket);
    const rows = await Promise.all(
      buckets.map((bucket) =>
        this.#read(STATE_STATEMENTS.between, conversation, bucket, BigInt(from), BigInt(to)),
      ),
    );
    return rows.flat();
  }

  /** In seq order, each once. */
  async at(conversation: ConversationId, seqs: readonly Seq[]): Promise<readonly StoredState[]> {
    const byBucket = Map.groupBy(new Set(seqs), bucketOf);
    const rows = await Promise.all(
      [...byBucket].map(([bucket, some]) =>
        this.#read(STATE_STATEMENTS.at, conversation, bucket, some.map(BigInt)),
      ),
    );
    return rows.flat().sort((one, other) => one.seq - other.seq);
  }

  /** The last of each message. Those that are there already, or a later one, are left alone. */
  async put(conversation: ConversationId, states: readonly StoredState[]): Promise<void> {
    const last = new Map<Seq, StoredState>();
    for (const state of states)
      if (state.asOf > (last.get(state.seq)?.asOf ?? -1)) last.set(state.seq, state);
    for (const there of await this.at(conversation, [...last.keys()]))
      if (there.asOf >= (last.get(there.seq)?.asOf ?? -1)) last.delete(there.seq);
    await Promise.all([...last.values()].map((state) => this.#put(conversation, state)));
  }

  /** The states of the messages in (after, to] and of all before, for good. */
  async drop(conversation: ConversationId, after: Seq, to: Seq): Promise<void> {
    for (let bucket = bucketOf(after); bucket <= bucketOf(to); bucket += 1) {
      const params = [DROPPED_TIMESTAMP, BigInt(conversation), bucket, BigInt(to)];
      await this.#session.write({ query: STATE_STATEMENTS.drop, params });
    }
  }

  #put(conversation: ConversationId, { seq, asOf, body }: StoredState): Promise<void> {
    const key = [BigInt(conversation), bucketOf(seq), BigInt(seq)];
    return this.#session.write({
      query: STATE_STATEMENTS.put,
      params: [BigInt(asOf), BigInt(asOf), body, ...key],
    });
  }

  async #read(
    query: string,
    conversation: ConversationId,
    bucket: number,
    ...params: readonly (bigint | readonly bigint[])[]
  ): Promise<readonly StoredState[]> {
    const statement = { query, params: [BigInt(conversation), bucket, ...params] };
    const rows = await this.#session.read<StateRow>(statement);
    return rows.map((row) => ({ seq: Number(row.seq), asOf: Number(row.as_of), body: row.body }));
  }
}
