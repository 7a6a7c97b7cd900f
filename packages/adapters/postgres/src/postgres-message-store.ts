// The logs on PostgreSQL: an append is one call of a function, and appends that wait share it.
import type { ClientMsgId, ConversationId, MessageId, Seq, UserId } from '@parley/protocol/ids';
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
import { StoreError } from '@parley/ports/store-error';
import { AppendQueue } from './append-queue.ts';
import type { Database } from './database.ts';
import { storedEntry, storedState } from './entry-row.ts';
import { FIND, LAST_SENT_AT, LOCATE, OLDER_THAN, READ, STATE, STATES } from './log-reads.ts';
import { CLAIM, DROP, ERASE, PUT_STATES } from './log-writes.ts';

/** States, erasures and dropped rows of one statement: more are done in steps, so that the sends of others come between. */
const STATES_STEP_COUNT = 256;
const ERASE_STEP_COUNT = 1_000;
export const DROP_STEP_ROWS_COUNT = 1_000;

export interface PostgresMessageStoreOptions {
  readonly database: Database;
  readonly logId: string;
}

export class PostgresMessageStore implements MessageStore {
  readonly logId: string;
  readonly #database: Database;
  readonly #appends: AppendQueue;

  constructor({ database, logId }: PostgresMessageStoreOptions) {
    this.logId = logId;
    this.#database = database;
    this.#appends = new AppendQueue(database);
  }

  /** Refused while nothing can be written: the claim may be tried again, like one that lost a race. */
  async claim(conversation: ConversationId, token: Token): Promise<ClaimOutcome> {
    try {
      const [row] = await this.#database.write(CLAIM, [conversation, token]);
      if (row === undefined) throw new Error('a claim brought no row');
      return { kind: 'claimed', head: Number(row.head), floor: Number(row.floor) };
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
    return this.#appends.append({ conversation, token, expectedHead, entries });
  }

  async state(conversation: ConversationId): Promise<LogState> {
    const [row] = await this.#database.read(STATE, [conversation]);
    if (row === undefined) return { token: undefined, head: 0, floor: 0 };
    return { token: row.token as Token, head: Number(row.head), floor: Number(row.floor) };
  }

  async read({ conversation, after, to, limit, maxBytes }: ReadRange): Promise<Page> {
    const rows = await this.#database.read(READ, [conversation, after, to, limit, maxBytes]);
    const entries: StoredEntry[] = [];
    const states: StoredState[] = [];
    for (const row of rows) {
      if (row.seq === null) continue;
      entries.push(storedEntry(row));
      const { seq, as_of, state } = row;
      if (as_of !== null && state !== null) states.push(storedState({ seq, as_of, body: state }));
    }
    return { entries, states, head: Number(rows[0]?.head ?? 0), floor: Number(rows[0]?.floor ?? 0) };
  }

  async find(
    conversation: ConversationId,
    sender: UserId,
    clientMsgIds: readonly ClientMsgId[],
  ): Promise<readonly StoredEntry[]> {
    return (await this.#database.read(FIND, [conversation, sender, clientMsgIds])).map(storedEntry);
  }

  async locate(
    messageId: MessageId,
  ): Promise<{ conversation: ConversationId; entry: StoredEntry } | undefined> {
    const [row] = await this.#database.read(LOCATE, [messageId]);
    return row && { conversation: row.conversation as ConversationId, entry: storedEntry(row) };
  }

  async lastSentAt(conversation: ConversationId, sender: UserId): Promise<number | undefined> {
    const [row] = await this.#database.read(LAST_SENT_AT, [conversation, sender]);
    return row && Number(row.at);
  }

  async states(conversation: ConversationId, seqs: readonly Seq[]): Promise<readonly StoredState[]> {
    return (await this.#database.read(STATES, [conversation, seqs])).map(storedState);
  }

  async putStates(conversation: ConversationId, states: readonly StoredState[]): Promise<void> {
    for (let from = 0; from < states.length; from += STATES_STEP_COUNT) {
      const step = states.slice(from, from + STATES_STEP_COUNT);
      await this.#database.write(PUT_STATES, [
        conversation,
        step.map(({ seq }) => seq),
        step.map(({ asOf }) => asOf),
        step.map(({ body }) => body),
      ]);
    }
  }

  async erase(conversation: ConversationId, seqs: readonly Seq[], body: string): Promise<void> {
    for (let from = 0; from < seqs.length; from += ERASE_STEP_COUNT) {
      await this.#database.write(ERASE, [conversation, seqs.slice(from, from + ERASE_STEP_COUNT), body]);
    }
  }

  async drop(conversation: ConversationId, through: Seq): Promise<void> {
    let more = true;
    while (more) {
      const [row] = await this.#database.write(DROP, [conversation, through, DROP_STEP_ROWS_COUNT]);
      more = row?.more === true;
    }
  }

  async olderThan(before: number, limit: number): Promise<readonly ConversationId[]> {
    return (await this.#database.read(OLDER_THAN, [before, limit])).map(({ id }) => id as ConversationId);
  }

  /** Writes the appends that wait. The connections are closed by what opened them. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#appends.close();
  }
}
