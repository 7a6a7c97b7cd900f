// The logs on Cassandra: each in buckets, every write to them on a condition.
import type { CountAfter, LogCounts } from '@parley/ports/log-counts';
import type {
  AppendOutcome,
  ClaimOutcome,
  LogState,
  MessageStore,
  NewEntry,
  Page,
  ReadRange,
  StoredEntry,
  StoredState,
  Token,
} from '@parley/ports/message-store';
import type { Mark } from '@parley/ports/offline-queue';
import type { ClientMsgId, ConversationId, MessageId, Seq, UserId } from '@parley/protocol/ids';
import { LogAppends } from './log-appends.ts';
import { claimLog } from './log-claims.ts';
import { LogCountReads } from './log-counts.ts';
import { LogErasures } from './log-erasures.ts';
import { type LogParts, stateOf } from './log-parts.ts';
import { LogReads } from './log-reads.ts';
import { LogRetention } from './log-retention.ts';
import type { Pauses } from './pauses.ts';
import { SentIds } from './sent-ids.ts';
import { StateTable } from './state-table.ts';

export interface CassandraMessageStoreOptions {
  readonly logId: string;
  readonly parts: LogParts;
  readonly pauses: Pauses;
}

export class CassandraMessageStore implements MessageStore, LogCounts {
  readonly logId: string;
  readonly #parts: LogParts;
  readonly #appends: LogAppends;
  readonly #reads: LogReads;
  readonly #counts: LogCountReads;
  readonly #erasures: LogErasures;
  readonly #retention: LogRetention;
  readonly #sentIds: SentIds;
  readonly #states: StateTable;

  constructor({ logId, parts, pauses }: CassandraMessageStoreOptions) {
    this.logId = logId;
    this.#parts = parts;
    this.#sentIds = new SentIds(parts);
    this.#appends = new LogAppends(parts, this.#sentIds, pauses);
    this.#states = new StateTable(parts.session);
    this.#reads = new LogReads(parts, this.#states);
    this.#counts = new LogCountReads(parts);
    this.#erasures = new LogErasures(parts, pauses);
    this.#retention = new LogRetention(parts, this.#reads, this.#states, pauses);
  }

  claim(conversation: ConversationId, token: Token): Promise<ClaimOutcome> {
    return claimLog(this.#parts, conversation, token);
  }

  append(
    conversation: ConversationId,
    token: Token,
    expectedHead: Seq,
    entries: readonly NewEntry[],
  ): Promise<AppendOutcome> {
    return this.#appends.append({ conversation, token, head: expectedHead, entries });
  }

  state(conversation: ConversationId): Promise<LogState> {
    return stateOf(this.#parts, conversation);
  }

  read(range: ReadRange): Promise<Page> {
    return this.#reads.read(range);
  }

  /** Knows what was written in the last 25 h, and may know older entries. */
  async find(
    conversation: ConversationId,
    sender: UserId,
    clientMsgIds: readonly ClientMsgId[],
  ): Promise<readonly StoredEntry[]> {
    if (clientMsgIds.length === 0) return [];
    const last = await this.#parts.map.last(conversation, 'quorum');
    if (last === undefined) return [];
    const ids = clientMsgIds.map((clientMsgId) => ({ sender, clientMsgId }));
    return this.#sentIds.find(conversation, last, ids);
  }

  async locate(
    messageId: MessageId,
  ): Promise<{ conversation: ConversationId; entry: StoredEntry } | undefined> {
    const { ids, map, table } = this.#parts;
    const place = await ids.find(messageId);
    if (place === undefined) return undefined;
    const { conversation, seq } = place;
    const bucket = await map.holding(conversation, seq);
    if (bucket === undefined) return undefined;
    const [entry] = await table.entriesAt(conversation, bucket, [seq]);
    return entry?.messageId === messageId ? { conversation, entry } : undefined;
  }

  lastSentAt(conversation: ConversationId, sender: UserId): Promise<number | undefined> {
    return this.#counts.lastSentAt(conversation, sender);
  }

  async othersAfter(user: UserId, marks: readonly Mark[]): Promise<ReadonlyMap<ConversationId, CountAfter>> {
    const counts = marks.map(async (mark): Promise<[ConversationId, CountAfter]> => {
      return [mark.conversation, await this.#counts.othersAfter(user, mark)];
    });
    return new Map(await Promise.all(counts));
  }

  async states(conversation: ConversationId, seqs: readonly Seq[]): Promise<readonly StoredState[]> {
    const [states, { floor }] = await Promise.all([
      this.#states.at(conversation, seqs),
      this.#parts.logs.read(conversation),
    ]);
    return states.filter((state) => state.seq > floor);
  }

  async putStates(conversation: ConversationId, states: readonly StoredState[]): Promise<void> {
    if (states.length === 0) return;
    const { floor } = await this.#parts.logs.read(conversation);
    await this.#states.put(
      conversation,
      states.filter((state) => state.seq > floor),
    );
  }

  /** Unreadable at once; the bytes leave the engine's files when it compacts them. */
  erase(conversation: ConversationId, seqs: readonly Seq[], body: string): Promise<void> {
    return this.#erasures.erase(conversation, seqs, body);
  }

  drop(conversation: ConversationId, through: Seq): Promise<void> {
    return this.#retention.drop(conversation, through);
  }

  olderThan(before: number, limit: number): Promise<readonly ConversationId[]> {
    return this.#retention.olderThan(before, limit);
  }

  /** Nothing by itself: the stores share one connection, which CassandraStores closes. */
  async [Symbol.asyncDispose](): Promise<void> {}
}
