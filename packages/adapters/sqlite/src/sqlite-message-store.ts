// The logs on SQLite: writes by the writer's thread, reads by the reader's.
import type { ClientMsgId, ConversationId, MessageId, Seq, UserId } from '@parley/protocol/ids';
import {
  APPEND_ENTRIES_MAX_COUNT,
  type AppendOutcome,
  type ClaimOutcome,
  type LogState,
  type MessageStore,
  type NewEntry,
  type Page,
  type ReadRange,
  type StoredEntry,
  type StoredState,
  type Token,
} from '@parley/ports/message-store';
import { StoreError } from '@parley/ports/store-error';
import { entriesOf } from './entry-row.ts';
import type { ReadQueue } from './read-queue.ts';
import { APPLIED } from './write-calls.ts';
import type { WriteQueue } from './write-queue.ts';

/** What an entry weighs in a batch besides its body. */
const ENTRY_BYTES = 128;
/** States and erasures that cross in one request: more are done in steps, so that the sends of others come between. */
const STATES_STEP_COUNT = 256;
const ERASE_STEP_COUNT = 1_000;

export interface SqliteMessageStoreOptions {
  readonly logId: string;
  readonly writes: WriteQueue;
  readonly reads: ReadQueue;
}

export class SqliteMessageStore implements MessageStore {
  readonly logId: string;
  readonly #writes: WriteQueue;
  readonly #reads: ReadQueue;

  constructor({ logId, writes, reads }: SqliteMessageStoreOptions) {
    this.logId = logId;
    this.#writes = writes;
    this.#reads = reads;
  }

  /** Refused while nothing can be written: the claim may be tried again, like one that lost a race. */
  async claim(conversation: ConversationId, token: Token): Promise<ClaimOutcome> {
    try {
      const { head, floor } = await this.#writes.call('claim', 0, conversation, token);
      return { kind: 'claimed', head, floor };
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return { kind: error.kind === 'outcome_unknown' ? 'unknown' : 'refused' };
    }
  }

  async append(
    conversation: ConversationId,
    token: Token,
    expectedHead: Seq,
    entries: readonly NewEntry[],
  ): Promise<AppendOutcome> {
    if (entries.length === 0 || entries.length > APPEND_ENTRIES_MAX_COUNT) {
      throw new RangeError(`an append takes 1 to ${APPEND_ENTRIES_MAX_COUNT} entries, not ${entries.length}`);
    }
    const fields: (string | number)[] = [];
    let bytes = 0;
    for (const { kind, messageId, sender, clientMsgId, at, body } of entries) {
      fields.push(kind, messageId, sender, clientMsgId, at, body);
      bytes += body.length + ENTRY_BYTES;
    }
    try {
      const answer = await this.#writes.call('append', bytes, conversation, token, expectedHead, fields);
      if (answer === APPLIED) return { kind: 'applied', head: expectedHead + entries.length };
      return { kind: 'refused', reason: answer };
    } catch (error) {
      return outcomeOf(error);
    }
  }

  state(conversation: ConversationId): Promise<LogState> {
    return this.#reads.call('state', conversation);
  }

  async read(range: ReadRange): Promise<Page> {
    const { entries, ...page } = await this.#reads.call('read', range);
    return { ...page, entries: entriesOf(entries) };
  }

  async find(
    conversation: ConversationId,
    sender: UserId,
    clientMsgIds: readonly ClientMsgId[],
  ): Promise<readonly StoredEntry[]> {
    return entriesOf(await this.#reads.call('find', conversation, sender, clientMsgIds));
  }

  async locate(
    messageId: MessageId,
  ): Promise<{ conversation: ConversationId; entry: StoredEntry } | undefined> {
    const found = await this.#reads.call('locate', messageId);
    const [entry] = entriesOf(found?.entry ?? []);
    return entry && { conversation: found?.conversation as ConversationId, entry };
  }

  lastSentAt(conversation: ConversationId, sender: UserId): Promise<number | undefined> {
    return this.#reads.call('lastSentAt', conversation, sender);
  }

  states(conversation: ConversationId, seqs: readonly Seq[]): Promise<readonly StoredState[]> {
    return this.#reads.call('states', conversation, seqs);
  }

  async putStates(conversation: ConversationId, states: readonly StoredState[]): Promise<void> {
    for (let from = 0; from < states.length; from += STATES_STEP_COUNT) {
      const fields: (string | number)[] = [];
      let bytes = 0;
      for (const { seq, asOf, body } of states.slice(from, from + STATES_STEP_COUNT)) {
        fields.push(seq, asOf, body);
        bytes += body.length;
      }
      await this.#writes.call('putStates', bytes, conversation, fields);
    }
  }

  async erase(conversation: ConversationId, seqs: readonly Seq[], body: string): Promise<void> {
    for (let from = 0; from < seqs.length; from += ERASE_STEP_COUNT) {
      const step = seqs.slice(from, from + ERASE_STEP_COUNT);
      await this.#writes.call('erase', body.length, conversation, step, body);
    }
  }

  async drop(conversation: ConversationId, through: Seq): Promise<void> {
    // In steps, so that the sends of others come in between.
    while (await this.#writes.call('drop', 0, conversation, through));
  }

  async olderThan(before: number, limit: number): Promise<readonly ConversationId[]> {
    return (await this.#reads.call('olderThan', before, limit)) as readonly ConversationId[];
  }

  /** Nothing by itself: the stores share one database, which SqliteStores closes. */
  async [Symbol.asyncDispose](): Promise<void> {}
}

function outcomeOf(error: unknown): AppendOutcome {
  if (!(error instanceof StoreError)) throw error;
  if (error.kind === 'outcome_unknown') return { kind: 'unknown' };
  return { kind: 'refused', reason: { kind: error.kind } };
}
